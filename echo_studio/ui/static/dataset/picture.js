// A sample in full size on a canvas, with the borders of its labels where they are wanted.

class Picture {
  constructor(label) {
    this.canvas = make("canvas", { className: "ds-full", label });
    this.canvas.setAttribute("role", "img");
    this.turn = 0;
  }

  /** Show a sample; an older one that is still on its way is dropped. */
  async show(samples, number, outlined) {
    const turn = ++this.turn;
    const at = `${samples.path}/samples/${number}`;
    const frame = await createImageBitmap(await (await samples.link.request(`${at}/frame`)).blob(), { colorSpaceConversion: "none" });
    const map = outlined ? await mapOf(await samples.link.request(`${at}/label-map`)) : null;
    if (turn !== this.turn) return;
    this.draw(frame, map);
  }

  draw(frame, map) {
    const { canvas } = this;
    Object.assign(canvas, { width: frame.width, height: frame.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(frame, 0, 0);
    if (!map) return;
    const image = context.getImageData(0, 0, map.width, map.height);
    const colours = labelColours();
    const { ids, width, height } = map;
    for (let y = 1; y < height - 1; y += 1) {
      for (let x = 1; x < width - 1; x += 1) {
        const at = y * width + x;
        const id = ids[at];
        if (id < 1 || id > 3) continue;
        if (ids[at - 1] !== id || ids[at + 1] !== id || ids[at - width] !== id || ids[at + width] !== id) image.data.set(colours[id], 4 * at);
      }
    }
    context.putImageData(image, 0, 0);
  }
}

/** The colours of labels in the Edit tab. */
function labelColours() {
  const style = getComputedStyle(document.querySelector("#canvas .studio"));
  return [0, 1, 2, 3].map((id) => (style.getPropertyValue(`--label-${id}`).match(/\d+/g) || [200, 200, 200]).map(Number).slice(0, 3));
}

async function mapOf(reply) {
  const [width, height] = ["X-Width", "X-Height"].map((name) => Number(reply.headers.get(name)));
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const [ids, fan] = [bytes.slice(0, width * height), bytes.slice(width * height)];
  return { ids, fan, width, height, spacing: reply.headers.get("X-Spacing") || "" };
}
