// What rows and columns can vary, and their values.

export const NAMED = ["generator", "solver", "schedule", "label_map"];
export const COMPARE_AXES = [
  { name: "generator", title: "Generator" },
  { name: "solver", title: "Solver" },
  { name: "schedule", title: "Schedule" },
  { name: "nfe", title: "NFE", first: "5, 10, 20", hint: "NFE, such as 5, 10, 20; “advised” is what each generator's card says" },
  { name: "seed", title: "Seed", first: "1, 2, 3", hint: "Seeds, such as 1, 2, 3" },
  { name: "guidance", title: "Guidance", first: "0, 1, 2", hint: "Scales of guidance, such as 0, 1, 2; for generators with label dropout" },
  { name: "label_map", title: "Label map" },
];

/** The parts of "5, 10; 20", as text: the server knows what they may be. */
export function listedValues(text) {
  return text.split(/[,;\s]+/).filter(Boolean);
}
