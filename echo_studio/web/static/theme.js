// The theme: what the system prefers, or light or dark where the person chose. Runs in the head of the page, before
// anything is drawn, so that nothing flashes. CSS reads data-theme (light, dark) and data-theme-choice (also system).
(() => {
  const STORED = "echo-studio.theme";
  const CHOICES = ["system", "light", "dark"];
  const page = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function kept() {
    try {
      return localStorage.getItem(STORED);
    } catch {
      return null; // the browser keeps nothing: the system decides at every visit
    }
  }

  function apply(choice) {
    page.dataset.themeChoice = CHOICES.includes(choice) ? choice : "system";
    const dark = page.dataset.themeChoice === "system" ? system.matches : choice === "dark";
    page.dataset.theme = dark ? "dark" : "light";
    tellGradio();
  }

  // Gradio sets this class by the system alone, whenever it likes.
  function tellGradio() {
    const { body } = document;
    const dark = page.dataset.theme === "dark";
    if (body && body.classList.contains("dark") !== dark) body.classList.toggle("dark", dark);
  }

  function choose(choice) {
    try {
      localStorage.setItem(STORED, choice);
    } catch {
      // For this visit alone.
    }
    apply(choice);
  }

  const next = () => choose(CHOICES[(CHOICES.indexOf(page.dataset.themeChoice) + 1) % CHOICES.length]);

  apply(kept());
  system.addEventListener("change", () => apply(page.dataset.themeChoice));
  window.addEventListener("storage", ({ key, newValue }) => key === STORED && apply(newValue)); // another tab
  document.addEventListener("click", ({ target }) => target instanceof Element && target.closest("[data-switch=theme]") && next());
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(tellGradio).observe(document.body, { attributeFilter: ["class"] });
    tellGradio();
  });
})();
