"""The Compare tab: a constant HTML template and classic scripts inside one `gr.HTML`, as the Edit tab."""

import gradio as gr

from echo_studio.web.tabs.tab import tab

COMPARE_SCRIPTS = (
    "../begin",
    "lens",
    "difference",
    "tile",
    "values",
    "plan_form",
    "guides",
    "cell",
    "grid",
    "opening",
    "words",
    "keys",
    "compare",
)


def compare_tab() -> gr.HTML:
    """The Compare tab."""
    return tab("compare", COMPARE_SCRIPTS)
