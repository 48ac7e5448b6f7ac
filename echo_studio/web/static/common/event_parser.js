// Server-sent events out of the text of a stream, however that was cut on its way.

export class EventParser {
  constructor() {
    this.rest = "";
  }

  /** The events that `text` completes: [{type, id, data}]. Comments and events without data are none. */
  push(text) {
    const blocks = `${this.rest}${text}`.split(/\r\n\r\n|\n\n/);
    this.rest = blocks.pop();
    return blocks.map(parsed).filter(({ data }) => data);
  }
}

function parsed(block) {
  const event = { type: "message", id: "", data: "" };
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "data") data.push(value);
    else if (field === "event") event.type = value;
    else if (field === "id") event.id = value;
  }
  event.data = data.join("\n");
  return event;
}
