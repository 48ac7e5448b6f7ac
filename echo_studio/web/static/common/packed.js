// How keyframes go to the server, and how clips and label cycles come back.

/** {header, bytes}: the header as JSON, then a byte a pixel. */
export async function unpacked(reply) {
  const buffer = await reply.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, bytes: new Uint8Array(buffer, 4 + length) };
}

/** Send the keyframes and a request; `es` is null if the motion shapes end systole. */
export function postRequest(link, path, { ed, es }, request) {
  const { width, height, spacing } = ed;
  const query = new URLSearchParams({ width, height, spacing, ...(es && { es_width: es.width, es_height: es.height }) });
  const body = new Blob([ed.ids, ...(es ? [es.ids] : []), JSON.stringify(request)], { type: "application/octet-stream" });
  return link.request(`${path}${path.includes("?") ? "&" : "?"}${query}`, { method: "POST", body });
}

/** A label map of the server: {ids, width, height, spacing}. */
export async function keyframe(reply) {
  const [width, height] = ["X-Width", "X-Height"].map((name) => Number(reply.headers.get(name)));
  const ids = new Uint8Array(await reply.arrayBuffer()).slice(0, width * height);
  return { ids, width, height, spacing: reply.headers.get("X-Spacing") || "" };
}
