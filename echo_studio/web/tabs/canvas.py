"""The editor component: a constant HTML template and classic scripts inside one `gr.HTML`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import gradio as gr

from echo_studio.anatomy.labels import LABELS

STATIC = Path(__file__).parent.parent / "static"
PREFIX = "/studio"

# In the order in which they need one another; they share one function scope in the page.
CANVAS_SCRIPTS = (
    "document",
    "raster",
    "tools",
    "lasso",
    "pieces",
    "move_box",
    "box_keys",
    "held_piece",
    "move_tool",
    "warp",
    "handles",
    "deform_tool",
    "editor",
    "viewport",
    "contours",
    "panes",
    "result_pane",
    "link",
    "result",
    "pointer",
    "brush_field",
    "controls",
    "structure_actions",
    "views",
    "inspector",
    "history_words",
    "history_panel",
    "newest",
    "proposal",
    "past",
    "shape_panel",
    "defect_history",
    "defect_form",
    "defect_panel",
    "slots",
    "slot_view",
    "findings",
    "measure_panel",
    "settings",
    "generation",
    "frame_note",
    "monitor",
    "starter",
    "project",
    "tray",
    "borders",
    "display",
    "first_steps",
    "help",
    "keys",
    "studio",
)


@dataclass(frozen=True)
class Palette:
    """A colour (r, g, b) for each label id, in order, and what people read in the menu."""

    title: str
    colours: tuple[tuple[int, int, int], ...]


# Vermillion, yellow and sky blue of Okabe and Ito (2008): of their hues the three that stay furthest apart.
PALETTES: dict[str, Palette] = {
    "standard": Palette("Standard", tuple(label.colour for label in LABELS)),
    "okabe-ito": Palette("Okabe–Ito", ((0, 0, 0), (213, 94, 0), (240, 228, 66), (86, 180, 233), (72, 76, 86))),
}


def editor(elem_id: str) -> gr.HTML:
    """The Edit tab: its label ids live in the browser, its value is {token}.

    The template is constant and the value small, because a re-render would delete the canvas. Not a
    subclass of gr.HTML: for each subclass Gradio writes a .pyi file beside the source when it is imported.
    """
    labels = [{"id": label.id, "name": label.name, "colour": label.colour} for label in LABELS]
    palettes = {name: asdict(palette) for name, palette in PALETTES.items()}
    names = f"const LABELS = {json.dumps(labels)};\nconst PALETTES = {json.dumps(palettes)};\n"
    names += f"const STUDIO_ROUTES = {json.dumps(PREFIX)};\n"
    scripts = [_static(f"canvas/{name}.js") for name in CANVAS_SCRIPTS]
    return gr.HTML(
        value={},
        html_template=_static("editor.html"),
        js_on_load=names + "\n".join(scripts),
        apply_default_css=False,
        elem_id=elem_id,
    )


def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
