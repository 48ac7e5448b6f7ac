"""The two components that are ours, the label canvas and the job monitor: an HTML template and classic scripts each."""

import json
from pathlib import Path

import gradio as gr

from echo_studio.anatomy.labels import LABELS
from echo_studio.ui.routes import PREFIX

STATIC = Path(__file__).parent / "static"

# In the order in which they need one another; they share one function scope in the page.
CANVAS_SCRIPTS = (
    "document",
    "raster",
    "tools",
    "editor",
    "viewport",
    "contours",
    "panes",
    "link",
    "result",
    "pointer",
    "controls",
    "keys",
    "studio",
)


def label_canvas(elem_id: str) -> gr.HTML:
    """The editor: its label ids live in the browser, its value is {token, doc}.

    The template is constant and the value small, because a re-render would delete the canvas.
    """
    labels = [{"id": label.id, "name": label.name, "colour": label.colour} for label in LABELS]
    names = f"const LABELS = {json.dumps(labels)};\nconst STUDIO_ROUTES = {json.dumps(PREFIX)};\n"
    scripts = [_static(f"canvas/{name}.js") for name in CANVAS_SCRIPTS]
    return _component(elem_id, _static("canvas.html"), names + "\n".join(scripts))


def job_monitor(elem_id: str) -> gr.HTML:
    """Progress, adherence and downloads; its value is the message of `Studio.describe`."""
    return _component(elem_id, _static("monitor.html"), _static("monitor.js"))


# Not subclasses of gr.HTML: for each subclass Gradio writes a .pyi file beside the source when it is imported.
def _component(elem_id: str, template: str, script: str) -> gr.HTML:
    return gr.HTML(value={}, html_template=template, js_on_load=script, apply_default_css=False, elem_id=elem_id)


def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
