"""The Video tab: a constant HTML template and classic scripts inside one `gr.HTML`; and what can be chosen in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import gradio as gr

from echo_studio.anatomy.motion import LIMITS, RegionalKind, usual_motion
from echo_studio.anatomy.segments import SEGMENTS
from echo_studio.data.clip_out import FORMATS
from echo_studio.service.video import MAX_FRAMES, MIN_FRAMES
from echo_studio.types import Json
from echo_studio.ui.canvas import STATIC
from echo_studio.ui.studio import Studio

# In the order in which they need one another; they share one function scope in the page. Two are the Edit tab's.
VIDEO_SCRIPTS = (
    "canvas/newest",
    "canvas/contours",
    "video/words",
    "video/packed",
    "video/clip",
    "video/clock",
    "video/plot",
    "video/onion",
    "video/regional",
    "video/keyframes",
    "video/motion_form",
    "video/sampling_form",
    "video/view",
    "video/mmode",
    "video/stage",
    "video/transport",
    "video/job",
    "video/report",
    "video/keys",
    "video/video",
)


USUAL_EF = 55.0  # percent: where the sliders begin


def video_tab(elem_id: str) -> gr.HTML:
    """The tab; its value is {token}. It talks to the server through the Edit tab's link."""
    scripts = [(STATIC / f"{name}.js").read_text(encoding="utf-8") for name in VIDEO_SCRIPTS]
    return gr.HTML(
        value={},
        html_template=(STATIC / "video.html").read_text(encoding="utf-8"),
        js_on_load="\n".join(scripts),
        apply_default_css=False,
        elem_id=elem_id,
    )


def video_catalog(studio: Studio) -> Json:
    """What can be chosen in the tab, JSON-able; `usual` is the motion that hearts show at each whole EF."""
    low, high, _ = LIMITS["ef"]
    return {
        "generators": [{**asdict(entry), "starts": entry.starts} for entry in studio.videos.engine.entries()],
        "solvers": [{"name": name, "title": title} for title, name in studio.engine.solvers()],
        "motion": usual_motion(USUAL_EF).to_json(),
        "usual": [usual_motion(float(ef)).to_json() for ef in range(int(low), int(high) + 1)],
        "limits": {name: [low, high] for name, (low, high, _) in LIMITS.items()},
        "frames": [MIN_FRAMES, MAX_FRAMES],
        "segments": {view: list(names) for view, names in SEGMENTS.items()},
        "kinds": list(get_args(RegionalKind)),
        "formats": [{"name": name, "title": one.title, "labels": one.labels} for name, one in FORMATS.items()],
    }
