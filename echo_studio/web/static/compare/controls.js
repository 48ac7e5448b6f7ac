// The controls for the values of an axis: chips where there are names, a short list else.

/** Ticks for names; those of `chosen` are on. `onChange` is called after each change. */
export function chips(choices, chosen, label, onChange) {
  const group = Object.assign(document.createElement("div"), { className: "cmp-chips" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", label);
  for (const { name, title, words } of choices) {
    const chip = Object.assign(document.createElement("label"), { className: "cmp-chip", title: words || title });
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: chosen.includes(name) });
    tick.addEventListener("change", onChange);
    chip.append(tick, title);
    group.append(chip);
  }
  return group;
}

/** A field for "5, 10, 20". */
export function listField(axis, value, onChange) {
  const field = Object.assign(document.createElement("input"), { type: "text", value, title: axis.hint, spellcheck: false, autocomplete: "off" });
  field.setAttribute("aria-label", `Values of ${axis.title}`);
  field.addEventListener("input", onChange);
  return field;
}
