"""The tabs beside the Edit tab: each a constant HTML template and classic scripts inside one `gr.HTML`."""

import json

import gradio as gr

from echo_studio.web.tabs.canvas import STATIC

MAX_WEIGHTS = 2 * 2**30  # bytes that may be sent; `generate.importing` has the same limit
MAX_CARD = 2**20

# In the order in which they need one another; the scripts of a tab share one function scope in the page.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "compare": (
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
    ),
    "video": (
        "../begin",
        "../canvas/newest",
        "../canvas/contours",
        "words",
        "packed",
        "clip",
        "clock",
        "plot",
        "onion",
        "regional",
        "keyframes",
        "motion_form",
        "sampling_form",
        "view",
        "mmode",
        "stage",
        "transport",
        "job",
        "report",
        "keys",
        "video",
    ),
    "dataset": (
        "../begin",
        "../video/packed",
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
    ),
    "models": ("words", "plot", "card", "checkpoint_files", "importer", "models"),
}


def tab(name: str) -> gr.HTML:
    """The tab; its value is {token}. It talks to the server through the Edit tab's link.

    Args:
        name: of its template, of its folder of scripts and of the element.
    """
    limits = json.dumps({"weights": MAX_WEIGHTS, "card": MAX_CARD})
    values = f"const LIMITS = {limits};" if name == "models" else ""
    parts = [(STATIC / name / f"{script}.js").read_text(encoding="utf-8") for script in SCRIPTS[name]]
    return gr.HTML(
        value={},
        html_template=(STATIC / f"{name}.html").read_text(encoding="utf-8"),
        js_on_load="\n".join([values, *parts]),
        apply_default_css=False,
        elem_id=name,
    )
