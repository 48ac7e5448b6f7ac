"""The window that the tests of a worker share: a new project in one page, or the same one and its controls reset."""

from typing import Any

AT_FIRST = """(values) => {
  const { editor, settings, slots, document: map } = window.echoStudio;
  document.querySelectorAll('dialog:modal').forEach((dialog) => dialog.close());
  document.querySelectorAll('[popover]:popover-open').forEach((menu) => menu.hidePopover());
  editor.tool.cancel();
  editor.choose('brush');
  editor.hidden.clear();
  editor.clipboard = null;
  map.locked.clear();
  map.locked.add(0);
  editor.chooseLabel(1);
  editor.resize(12);
  settings.set({ ...values, live: false });
  if (slots.export().length) slots.import([]);
  const part = (name) => document.querySelector(`[data-part=${name}]`);
  part('state').textContent = 'Ready';
  part('error').hidden = true;
  document.activeElement.blur();
  for (const key of ['q', '5', 'h']) window.dispatchEvent(new KeyboardEvent('keydown', { key }));
}"""
OPEN = "() => window.echoStudio && window.echoStudio.document.revision >= 0"


def wait_until_open(page: Any) -> None:
    page.wait_for_function(OPEN)


class Window:
    """Chromium's page and what went wrong in it."""

    def __init__(self, chromium: Any, address: str) -> None:
        self.chromium, self.address = chromium, address
        self.page: Any = None
        self.of = ""  # what the project on the canvas is for
        self.values: dict[str, Any] = {}  # the settings of a new project
        self.problems: list[str] = []
        self.elsewhere: list[str] = []

    def open(self) -> None:
        page = self.chromium.new_context(accept_downloads=True).new_page()
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.local(request.url) or self.elsewhere.append(request.url))
        self.page = page

    def console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.text} {message.location.get('url', '')}")

    def local(self, url: str) -> bool:
        return url.startswith((f"{self.address}/", "data:", f"blob:{self.address}/"))

    def new_project(self, of: str = "", height: int = 800) -> Any:
        """The studio as somebody sees it who opens it for the first time, without live previews."""
        if self.page is None or self.page.is_closed():
            self.close()
            self.open()
        else:
            self.page.evaluate("() => localStorage.clear()")
            self.page.unroute_all()
        page, self.of = self.page, of
        self.look(height)
        page.goto(f"{self.address}/?project=new")
        wait_until_open(page)
        # Live previews have tests of their own; elsewhere a job runs when a test asks for it.
        page.locator("#live").uncheck()
        # The live job of the opening may be on its way: its "Done" is not that of the job that a test asks for.
        page.wait_for_function("() => !window.echoStudio.generation.pending")
        self.values = page.evaluate(
            "() => { document.querySelector('[data-part=state]').textContent = 'Ready';"
            " return { ...window.echoStudio.settings.values }; }"
        )
        self.forget()
        return page

    def same_project(self, of: str) -> Any:
        """The page with the project that was opened for these tests."""
        if self.page is None or self.page.is_closed() or self.of != of:
            return self.new_project(of, 720)
        self.look(720)
        self.page.evaluate(AT_FIRST, self.values)
        return self.page

    def look(self, height: int) -> None:
        self.page.set_viewport_size({"width": 1280, "height": height})
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")

    def check(self) -> None:
        """No error on the console but what the test expected, and no request to another host."""
        problems, elsewhere, wanted = self.problems[:], self.elsewhere[:], self.page.expected_problem
        self.forget()
        assert elsewhere == []
        assert bool(problems) == bool(wanted), problems
        assert all(wanted in problem for problem in problems), problems

    def forget(self) -> None:
        self.problems.clear()
        self.elsewhere.clear()
        self.page.expected_problem = ""  # what Chromium itself notes of a reply that the test wants

    def close(self) -> None:
        if self.page is not None:
            self.page.context.close()
        self.page = None
