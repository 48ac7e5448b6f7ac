"""How clips and label cycles travel: the length of a header, the header as JSON, then a byte a pixel."""

import json
import struct
from collections.abc import Sequence

from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_volumes
from echo_studio.anatomy.motion.motion import end_systole_index
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.sample import SetSample
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from echo_studio.studio.videos import VideoPart
from echo_studio.types import Json
from echo_studio.web.wire.wire import spacing_words


def packed_sample(sample: SetSample) -> bytes:
    """The frames of a set's clip, after them its labels."""
    frames, height, width = sample.image.shape
    assert sample.fps is not None  # a clip has it
    header = {"frames": frames, "height": height, "width": width, "seconds": frames / sample.fps, "notice": NOTICE}
    header["spacing"] = spacing_words(sample.spacing_mm)
    return _packed(header, sample.image.tobytes(), sample.ids.tobytes())


def packed_cycle(cycle: LabelCycle) -> bytes:
    """The labels of a beat, with the ventricle's volume in each frame and the EF."""
    return _packed({**_layout(cycle), **_volumes(cycle)}, cycle.ids.tobytes())


def packed_clip(made: GeneratedVideo) -> bytes:
    """The frames of a clip, after them the labels that guided it."""
    header = {**_layout(made.cycle), **_volumes(made.cycle), "notice": made.record.notice}
    return _packed(header, made.clip.tobytes(), made.cycle.ids.tobytes())


def packed_parts(request: VideoRequest, parts: Sequence[VideoPart], total: int) -> bytes:
    """Frames of a clip that is being made, as they are ready.

    Args:
        parts: the new ones.
        total: parts so far, of which a page asks for those that come after.
    """
    height, width = request.label_map.shape
    rate = request.motion.heart_rate
    header: Json = {
        "frames": request.frames,
        "width": width,
        "height": height,
        "spacing": spacing_words(request.label_map.spacing_mm),
        "es": end_systole_index(request.frames, rate),
        "heart_rate": rate,
        "parts": total,
        "places": [place for part in parts for place in part.places],
        "notice": request.notice,
    }
    return _packed(header, *(part.frames.tobytes() for part in parts))


def _layout(cycle: LabelCycle) -> Json:
    frames, height, width = cycle.ids.shape
    return {
        "frames": frames,
        "height": height,
        "width": width,
        "spacing": spacing_words(cycle.spacing_mm),
        "es": cycle.es,
        "heart_rate": cycle.heart_rate,
    }


def _volumes(cycle: LabelCycle) -> Json:
    volumes, ef = cycle_volumes(cycle)
    known = [None if volume != volume else round(float(volume), 3) for volume in volumes]  # NaN is no JSON
    return {"volumes": known, "unit": "mL" if cycle.spacing_mm else "px³", "ef": ef}


def _packed(header: Json, *parts: bytes) -> bytes:
    text = json.dumps(header, allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + b"".join(parts)
