/**
 * Build a tab once the Edit tab has opened the project; it stands in window[name].tab.
 *
 * One page may build a tab twice (a reconnect): the older one falls silent. `props`, `watch` are Gradio's, `root` is the
 * tab's own element.
 */
function beginTab(name, make) {
  if (window[name]) window[name].signal.abort();
  const silence = new AbortController();
  const { signal } = silence;
  const built = { tab: null, signal: silence };
  window[name] = built;
  const begin = () => {
    const studio = window.echoStudio;
    if (built.tab || signal.aborted) return;
    if (!props.value?.token || !studio || studio.document.revision < 0) {
      setTimeout(begin, 100);
      return;
    }
    built.tab = make(studio, signal);
    built.tab.enter(signal).then(() => (root.dataset.ready = "yes"), (problem) => built.tab.say(problem.message));
  };
  begin();
  watch("value", begin);
}
