// Small parts of HTML. Names of sets, tags, cards and reasons are text of people: never HTML.

/** An element with properties (`label` is its aria-label, `data` its dataset) and children; strings become text. */
export function make(kind, properties = {}, ...children) {
  const { label, data, ...rest } = properties;
  const element = Object.assign(document.createElement(kind), rest);
  if (label) element.setAttribute("aria-label", label);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function button(words, title, press, more = {}) {
  const made = make("button", { type: "button", title, ...more }, words);
  made.addEventListener("click", press);
  return made;
}

export function labelled(words, control, title = control.title) {
  return make("label", { className: "field", title }, words, control);
}

/** Give a <select> its choices [{name, title}]; what was chosen stays chosen where it is among them. */
export function fillSelect(select, choices, value = select.value) {
  select.replaceChildren(...choices.map(({ name, title }) => new Option(title, name)));
  if (choices.some(({ name }) => name === value)) select.value = value;
}

/** Show words, or hide their place where there are none. */
export function showWords(place, words) {
  place.textContent = words;
  place.hidden = !words;
}

export function svg(kind, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
