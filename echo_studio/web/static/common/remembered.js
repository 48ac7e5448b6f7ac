// What this browser remembers for the person, as JSON.

/** What this browser remembers under a name: a plain object, empty where there is nothing or nothing may be kept. */
export function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || {};
  } catch {
    return {};
  }
}

export function remember(name, values) {
  try {
    localStorage.setItem(name, JSON.stringify(values));
  } catch {
    // For this visit alone.
  }
}
