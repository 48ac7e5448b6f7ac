// Files that are dropped on a part of the page.

/** `take(dataTransfer)` is called for a drop of files on `root`, which says by a class that it would take them. */
export function acceptFiles(root, take) {
  root.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    root.classList.add("dropping");
  });
  root.addEventListener("dragleave", (event) => {
    if (!root.contains(event.relatedTarget)) root.classList.remove("dropping");
  });
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("dropping");
    take(event.dataTransfer);
  });
}
