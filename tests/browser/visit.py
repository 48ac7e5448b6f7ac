"""Open the studio as people with other screens, fingers and wishes do; and ask axe-core what it finds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def visit(chromium, address: str, **wishes: Any) -> Iterator[Any]:
    """The open studio in a browser context of its own, with Playwright's options for it; no error on the console."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, **wishes})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}/?project=new")
    ready(page)
    yield page
    context.close()
    assert problems == []


def ready(page) -> None:
    page.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
    page.locator("#live").uncheck()
    page.wait_for_function("() => !document.querySelector('[data-part=state]').textContent.includes('…')")


def generated(page) -> None:
    """Draw a frame, and wait until it is shown."""
    page.evaluate("window.echoStudio.generation.start()")
    page.wait_for_function("() => window.echoStudio.result.kind === 'final' && !window.echoStudio.result.stale")


def settings_kept(page) -> None:
    """Settings are saved a moment after the last change: wait until the server tells those of the page."""
    page.wait_for_function(
        """async () => {
            const { link, settings } = window.echoStudio;
            const kept = (await link.json("/project")).settings;
            const same = ([name, value]) => JSON.stringify(kept[name]) === JSON.stringify(value);
            return Object.entries(settings.values).every(same);
        }"""
    )


# A colour on its way to another has a contrast that nobody reads; what goes round for ever has no end to go to.
SETTLED = "() => { for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish(); }"


# Of axe-core's rules only these look at colours: in another theme the others find what they found before.
OF_COLOURS = ("color-contrast", "link-in-text-block")


def faults(page, *roots: str, rules: Sequence[str] = ()) -> list[str]:
    """Serious and critical findings of axe-core on parts of the page, or all of it, by some rules or by all of them."""
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe-core: pip install '.[dev]'")
    if page.evaluate("!window.axe"):
        page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    page.evaluate(SETTLED)
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    context = {"include": [[root] for root in roots or ("html",)]}
    found = page.evaluate("([context, options]) => axe.run(context, options)", [context, options])["violations"]
    return [
        f"{finding['id']}: {node['html'][:120]} {node['failureSummary']}"
        for finding in found
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


def faults_in_both_themes(page, *roots: str) -> list[str]:
    """By all rules in the light theme, and by those of colours in the dark one; the page is light afterwards."""
    found = faults(page, *roots)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.body.classList.contains('dark')")
    found += faults(page, *roots, rules=OF_COLOURS)
    page.emulate_media(color_scheme="light")
    page.wait_for_function("() => !document.body.classList.contains('dark')")
    return found
