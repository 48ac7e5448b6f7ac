// Small pieces of HTML. Names of sets, tags and reasons are text of people: never HTML.

function make(kind, properties = {}, ...children) {
  const { label, data, ...rest } = properties;
  const element = Object.assign(document.createElement(kind), rest);
  if (label) element.setAttribute("aria-label", label);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function button(words, title, press, more = {}) {
  const made = make("button", { type: "button", title, ...more }, words);
  made.addEventListener("click", press);
  return made;
}

function labelled(words, control, title = "") {
  return make("label", { className: "field", title }, words, control);
}

function fill(select, choices, value = select.value) {
  select.replaceChildren(...choices.map(({ name, title }) => new Option(title, name)));
  if (choices.some(({ name }) => name === value)) select.value = value;
}

function tell(place, words) {
  place.textContent = words;
  place.hidden = !words;
}

/** Numbers of "5, 10" or "5-10". Throws where there is something else. */
function numbersOf(text, what) {
  const parts = text.split(/[,;\s]+|(?<=\d)-/).filter(Boolean);
  const numbers = parts.map(Number);
  if (!parts.length || numbers.some((number) => !Number.isFinite(number))) throw new Error(`Expected numbers as ${what}, got “${text}”.`);
  return numbers;
}
