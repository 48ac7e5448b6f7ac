"""A tab beside the Edit tab: a constant HTML template and classic scripts inside one `gr.HTML`, as `canvas.editor`."""

from collections.abc import Sequence

import gradio as gr

from echo_studio.web.tabs.canvas import STATIC


def tab(name: str, scripts: Sequence[str], values: str = "") -> gr.HTML:
    """The tab; its value is {token}. It talks to the server through the Edit tab's link.

    Args:
        name: of its template, of its folder of scripts and of the element.
        scripts: in the order in which they need one another; they share one function scope in the page.
        values: a script that goes before them.
    """
    parts = [(STATIC / name / f"{script}.js").read_text(encoding="utf-8") for script in scripts]
    return gr.HTML(
        value={},
        html_template=(STATIC / f"{name}.html").read_text(encoding="utf-8"),
        js_on_load="\n".join([values, *parts]),
        apply_default_css=False,
        elem_id=name,
    )
