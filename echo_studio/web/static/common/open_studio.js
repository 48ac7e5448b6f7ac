// The studio that the Edit tab has opened: the other tabs use its canvas, its settings and its way to the server.

let current = null;
const waiting = [];

/** Called by the Edit tab once the project is on the canvas. */
export function provideStudio(studio) {
  current = studio;
  for (const resolve of waiting.splice(0)) resolve(studio);
}

/** A promise of the studio. */
export function openStudio() {
  return current ? Promise.resolve(current) : new Promise((resolve) => waiting.push(resolve));
}
