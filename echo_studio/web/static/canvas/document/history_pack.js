// The history as the server packs it (`web/wire/history_pack.py`): the length of a JSON header, the header, then the bytes
// that it points to.

/**
 * The canvas and the stacks of `LabelDocument.begin`.
 * @param {ArrayBuffer} buffer
 */
export function unpackHistory(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const bytes = new Uint8Array(buffer, 4 + length);
  const at = (offset, size) => bytes.slice(offset, offset + size);
  const pages = header.pages.map(({ width, height, spacing, ids, sector }) => ({
    width, height, spacing, ids: at(ids, width * height), sector: at(sector, width * height),
  }));
  const steps = header.steps.map(({ op, box, before, after }, i) => {
    if (!box) {
      const page = { before: pages[header.states[i]], after: pages[header.states[i + 1]] };
      return { op, page, bytes: 2 * (page.before.ids.length + page.after.ids.length) };
    }
    const size = (box[2] - box[0] + 1) * (box[3] - box[1] + 1);
    return { op, box, before: at(before, size), after: at(after, size), bytes: 2 * size };
  });
  const done = header.position - header.base;
  return {
    page: pages[header.states[done]],
    revision: header.revision,
    base: header.base,
    undo: steps.slice(0, done),
    redo: steps.slice(done).reverse(),
  };
}
