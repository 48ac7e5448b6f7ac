// One draft of a label map, as the server draws it in one call.

import { sampledWith } from "./generation_settings.js";
import { bitmapOf } from "../../common/link.js";

/** The picture of a map {ids, width, height, spacing}, or null where a newer request has overtaken it; `source` says what is
 * kept of a real frame. */
export async function requestDraft(link, { ids, width, height, spacing }, values, source) {
  const { view, phase } = values;
  const settings = JSON.stringify({ view, phase, ...sampledWith(values), source });
  const body = new Blob([ids, settings], { type: "application/octet-stream" });
  const reply = await link.request(`/drafts?${new URLSearchParams({ width, height, spacing })}`, { method: "POST", body });
  return reply.status === 204 ? null : bitmapOf(reply);
}
