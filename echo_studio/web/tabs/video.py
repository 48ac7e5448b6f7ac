"""The Video tab: a constant HTML template and classic scripts inside one `gr.HTML`; and what can be chosen in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import gradio as gr

from echo_studio.anatomy.landmarks.segments import SEGMENTS
from echo_studio.anatomy.motion.motion import LIMITS, RegionalKind, usual_motion
from echo_studio.data.clips.export import FORMATS
from echo_studio.generate.video.request import MAX_FRAMES, MIN_FRAMES
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.tabs.tab import tab

VIDEO_SCRIPTS = (
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
)


USUAL_EF = 55.0  # percent: where the sliders begin


def video_tab() -> gr.HTML:
    """The Video tab."""
    return tab("video", VIDEO_SCRIPTS)


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
