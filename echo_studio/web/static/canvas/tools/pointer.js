// Mouse, pen and touch: strokes for the tool, pan with Space, the middle button or two fingers, zoom with the wheel or a pinch.

const PEN_ERASER_BUTTON = 5;
const DOUBLE_CLICK_MS = 350;

export class PointerInput {
  constructor(pane, editor, { paints }) {
    this.surface = pane.surface;
    this.viewport = pane.viewport;
    this.editor = editor;
    this.paints = paints;
    this.touches = new Map();
    this.action = null; // "tool", "place", "pan" or "pinch"
    this.lastClick = { time: -Infinity, x: 0, y: 0 };
    const on = (name, handler, options) => this.surface.addEventListener(name, handler.bind(this), options);
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", this.up);
    on("pointercancel", this.cancel);
    on("pointerleave", this.leave);
    on("wheel", this.wheel, { passive: false });
    on("contextmenu", (event) => event.preventDefault());
  }

  at(event) {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  mapAt(event) {
    return this.viewport.toMap(...this.at(event));
  }

  down(event) {
    event.preventDefault();
    this.surface.focus({ preventScroll: true });
    if (event.pointerType === "touch") this.touches.set(event.pointerId, this.at(event));
    this.surface.setPointerCapture(event.pointerId);
    if (this.touches.size === 2) {
      if (this.action === "tool") this.editor.tool.cancel();
      this.action = "pinch";
    } else if (this.action) {
      return;
    } else if (!this.paints || event.button === 1 || this.editor.panning) {
      this.action = "pan";
    } else if (event.button === 0 && this.canPlace(event)) {
      this.action = "place";
    } else if (event.button === 0 || event.button === PEN_ERASER_BUTTON) {
      this.action = "tool";
      if (event.button === PEN_ERASER_BUTTON) this.editor.borrowTool("eraser");
      this.editor.tool.down(...this.mapAt(event), this.pressDetails(event));
    }
    this.last = this.at(event);
  }

  move(event) {
    const here = this.at(event);
    this.editor.hover(this.mapAt(event));
    this.surface.classList.toggle("grabs", this.action === "place" || (!this.action && this.canPlace(event)));
    if (this.action === "pinch") this.pinch(event, here);
    else if (this.action === "pan") this.viewport.pan(here[0] - this.last[0], here[1] - this.last[1]);
    else if (this.action === "place") this.editor.placing.move(this.mapAt(event));
    else if (this.action === "tool") {
      const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      this.editor.tool.move((events.length ? events : [event]).map((each) => this.mapAt(each)), {
        shift: event.shiftKey,
      });
    }
    this.last = here;
  }

  /** A defect that can be dragged lies under the pointer. */
  canPlace(event) {
    return this.paints && !this.editor.tool.busy && Boolean(this.editor.placing?.grabs(...this.mapAt(event)));
  }

  pinch(event, here) {
    const before = this.touches.get(event.pointerId);
    const other = [...this.touches].find(([id]) => id !== event.pointerId);
    if (!before || !other) return;
    const [ox, oy] = other[1];
    const spread = ([x, y]) => Math.max(8, Math.hypot(x - ox, y - oy));
    this.viewport.pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
    this.viewport.zoomAt((here[0] + ox) / 2, (here[1] + oy) / 2, spread(here) / spread(before));
    this.touches.set(event.pointerId, here);
  }

  up(event) {
    this.touches.delete(event.pointerId);
    if (this.action === "tool") {
      this.editor.tool.up();
      this.editor.returnTool();
    }
    if (!this.touches.size) this.action = null;
  }

  cancel(event) {
    this.touches.delete(event.pointerId);
    if (this.action === "tool") {
      this.editor.tool.cancel();
      this.editor.returnTool();
    }
    this.action = null;
  }

  leave() {
    if (!this.action) this.editor.hover(null);
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    // A pinch on a trackpad arrives as a wheel with Ctrl and small steps.
    const speed = event.ctrlKey ? 0.01 : 0.0015;
    this.viewport.zoomAt(...this.at(event), Math.exp(-event.deltaY * lines * speed));
  }

  /** What a tool may need to know of a press: near(point, px) tells whether it hit a point of the map. */
  pressDetails(event) {
    const [x, y] = this.at(event);
    const slack = event.pointerType === "touch" ? 10 : 0; // a finger is blunter than a mouse
    const near = (point, radius = 8) => {
      const [px, py] = this.viewport.toPane(...point);
      return Math.hypot(px - x, py - y) < radius + slack;
    };
    return { near, double: this.isDouble(event), shift: event.shiftKey, alt: event.altKey };
  }

  // Pointer events carry no click count.
  isDouble(event) {
    const { time, x, y } = this.lastClick;
    const double = event.timeStamp - time < DOUBLE_CLICK_MS && Math.hypot(event.clientX - x, event.clientY - y) < 6;
    this.lastClick = { time: double ? -Infinity : event.timeStamp, x: event.clientX, y: event.clientY };
    return double;
  }
}
