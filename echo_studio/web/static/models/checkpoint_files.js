// Which checkpoints are in what a person chose or dropped: files with the folders that they lie in.

export const CARD_FILE = "card.json";
const WEIGHTS_FILE = "model.safetensors";

/** [{folder, file}] of an <input type=file>. */
export function chosenFiles(input) {
  return [...input.files].map((file) => ({ folder: folderOf(file.webkitRelativePath), file }));
}

/** [{folder, file}] of a drop, folders read through. The items must be taken before the event ends. */
export async function droppedFiles(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => [item.webkitGetAsEntry && item.webkitGetAsEntry(), item.getAsFile()]);
  const found = await Promise.all(entries.map(([entry, file]) => (entry && entry.isDirectory ? filesBelow(entry) : [{ folder: "", file }])));
  return found.flat();
}

async function filesBelow(directory) {
  const found = [];
  for (const entry of await listed(directory)) {
    if (entry.isDirectory) found.push(...(await filesBelow(entry)));
    else if ([CARD_FILE, WEIGHTS_FILE].includes(entry.name)) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ folder: folderOf(entry.fullPath), file });
    }
  }
  return found;
}

async function listed(directory) {
  const reader = directory.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return all;
    all.push(...some);
  }
}

function folderOf(path) {
  return path.split("/").slice(0, -1).join("/");
}

/** The checkpoints among files, parts before what needs them: [{folder, card, weights, name, needs}]. Throws if there is none. */
export async function checkpointsAmong(files, limits) {
  const folders = new Map();
  for (const { folder, file } of files) {
    const there = folders.get(folder) || { folder: folder.split("/").at(-1) };
    if (file.name === CARD_FILE) there.card = file;
    if (file.name === WEIGHTS_FILE) there.weights = file;
    folders.set(folder, there);
  }
  const whole = [...folders.values()].filter(({ card, weights }) => card && weights);
  if (!whole.length) {
    const half = [...folders.values()].find(({ card, weights }) => card || weights);
    const lacks = half ? `, got ${half.card ? CARD_FILE : WEIGHTS_FILE} alone` : "";
    throw new Error(`Expected a folder with ${CARD_FILE} and ${WEIGHTS_FILE}${lacks}. Choose or drop one.`);
  }
  for (const one of whole) Object.assign(one, await readCard(one.card, limits));
  return partsFirst(whole);
}

/** What others need comes before them; checkpoints that need each other keep their order. */
function partsFirst(checkpoints) {
  const rest = [...checkpoints];
  const ordered = [];
  while (rest.length) {
    const ready = rest.findIndex(({ needs }) => !rest.some((other) => needs.includes(other.name)));
    ordered.push(...rest.splice(Math.max(0, ready), 1));
  }
  return ordered;
}

/** {name, needs} of a card, needs by name; the server says what is wrong with it. */
async function readCard(file, limits) {
  try {
    const { name, needs } = JSON.parse(file.size <= limits.card ? await file.text() : "");
    return { name: typeof name === "string" ? name : "", needs: Object.keys(needs || {}) };
  } catch {
    return { name: "", needs: [] };
  }
}
