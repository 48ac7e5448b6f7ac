// Installed by benchmarks/editor.py before the page loads: how long handlers and drawing take. The product knows nothing of it.
(() => {
  const KINDS = new Set(["pointermove", "pointerdown", "pointerup", "keydown"]);
  const bench = { frames: [], pictures: [], followed: [], ends: [], current: null };
  window.bench = bench;

  // A frame starts with the first handler of an event and ends with the drawing in the next animation frame.
  bench.handled = (kind, start, end) => {
    if (bench.current && bench.current.drawn) bench.flush();
    bench.current = bench.current || { kind, start, work: 0, drawn: 0 };
    bench.current.work += end - start;
    if (kind === "pointerup") bench.ends.push(start);
  };
  bench.flush = () => {
    const { current } = bench;
    bench.current = null;
    if (current && current.drawn) bench.frames.push({ kind: current.kind, work: current.work, shown: current.drawn - current.start });
  };
  bench.take = () => {
    bench.flush();
    return bench.frames.splice(0);
  };

  const frame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    frame((time) => {
      const start = performance.now();
      callback(time);
      const end = performance.now();
      const { current } = bench;
      if (!current || (current.frame ?? time) !== time) return;
      current.work += end - start;
      current.drawn = end;
      current.frame = time;
    });

  const wrapped = new WeakMap();
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (kind, listener, options) {
    if (!KINDS.has(kind) || typeof listener !== "function") return addEventListener.call(this, kind, listener, options);
    if (!wrapped.has(listener)) {
      wrapped.set(listener, function (event) {
        const start = performance.now();
        try {
          return listener.call(this, event);
        } finally {
          bench.handled(kind, start, performance.now());
        }
      });
    }
    return addEventListener.call(this, kind, wrapped.get(listener), options);
  };
  EventTarget.prototype.removeEventListener = function (kind, listener, options) {
    return removeEventListener.call(this, kind, wrapped.get(listener) || listener, options);
  };

  /** After the page is there: note when each picture is on the screen. */
  bench.watch = () => {
    const { result, document } = window.echoStudio;
    result.listeners.add(() => {
      const { kind, revision, facts, page } = result;
      if (page?.following) frame(() => bench.followed.push({ shown: performance.now(), sent: page.began, ids: page.ids.join("") }));
      if (facts && revision === document.revision) frame(() => bench.pictures.push({ kind, revision, time: performance.now() }));
    });
  };
})();
