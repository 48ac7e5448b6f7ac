"""The Data set tab: a constant HTML template and classic scripts inside one `gr.HTML`, as the Edit tab."""

import gradio as gr

from echo_studio.ui.canvas import STATIC

# In the order in which they need one another; they share one function scope in the page.
DATASET_SCRIPTS = (
    "words",
    "controls",
    "map_files",
    "set_form",
    "tasks",
    "samples",
    "selection",
    "tiles",
    "filters",
    "picture",
    "detail",
    "pair",
    "exporting",
    "opening",
    "keys",
    "dataset",
)


def dataset_tab(elem_id: str) -> gr.HTML:
    """The tab; its value is {token}. It talks to the server through the Edit tab's link."""
    scripts = [(STATIC / "dataset" / f"{name}.js").read_text(encoding="utf-8") for name in DATASET_SCRIPTS]
    return gr.HTML(
        value={},
        html_template=(STATIC / "dataset.html").read_text(encoding="utf-8"),
        js_on_load="\n".join(scripts),
        apply_default_css=False,
        elem_id=elem_id,
    )
