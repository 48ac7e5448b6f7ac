// The order in which cells are shown.

/** "" keeps rows and columns; `less` says that the least value is the best one. */
export const RANKINGS = [
  { name: "", title: "Rows and columns" },
  { name: "seconds", title: "Latency", less: true },
  { name: "nfe", title: "NFE", less: true },
  { name: "lv_endo", title: "LV cavity" },
  { name: "lv_epi", title: "LV epicardium" },
  { name: "la", title: "Left atrium" },
  { name: "adherence", title: "Mean adherence" },
  { name: "rmse", title: "RMSE to reference", less: true },
];

/** The numbers of the cells that have the figure, best first, and of the others: {known, rest}. */
export function ranked(cells, figure) {
  const { less } = RANKINGS.find(({ name }) => name === figure);
  const value = (number) => cells[number].figures[figure];
  const has = (number) => typeof value(number) === "number";
  const known = [...cells.keys()].filter(has);
  known.sort((a, b) => (less ? value(a) - value(b) : value(b) - value(a))); // equal ones keep their order
  return { known, rest: [...cells.keys()].filter((number) => !has(number)) };
}
