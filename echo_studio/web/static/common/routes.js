// Where the routes of the studio are: this module lies below them, whatever stands before the path (a proxy's prefix).

/** Without a slash at its end, as "/studio". */
export const ROUTES = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
