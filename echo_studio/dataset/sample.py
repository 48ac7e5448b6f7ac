"""One synthetic sample of a set: a frame or a clip with its labels and what has to be known about it.

Every format of a set keeps the same description, `SampleHeader.to_json`, in whatever place it has for words.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import MAX_SIDE, MIN_SIDE
from echo_studio.anatomy.labels import LABEL_COUNT, SCHEMA, SCHEMAS, schema_of
from echo_studio.data.clips.clip import MAX_FPS, MAX_FRAMES
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import DataError
from echo_studio.types import PHASES, VIEWS, Json, Phase, Spacing, View

COPY_AGAIN = "export or copy the set again"
SAMPLE_FORMAT = "echo-studio-sample/1"
# Names of files, patients and DICOM ids at once: no dots, and never one that a system takes for another.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")
MAX_TEXT = 500
Pixels: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class SampleHeader:
    """What is known about a sample beside its pixels.

    Attributes:
        id: its name in the set, 1 to 48 letters, digits, `-` and `_`.
        base: what splits go by, a name of the same kind: the patient or label map that its labels come from.
            Deformations of one map share it.
        view: `2CH` or `4CH`.
        phase: `ED` or `ES` of a frame; None of a clip, which is a whole cardiac cycle.
        fps: frames a second of a clip; None of a frame.
        spacing_mm: (y, x), or None where it is not known.
        licence: what the generator's weights ask for, one line.
        tags: a reviewer's words, one line each.
        record: strict JSON that reproduces the sample.
        schema: of its labels: version 2 where they hold fluid or mass.

    Raises:
        DataError: a value that is none of these.
    """

    id: str
    base: str
    view: View
    licence: str
    phase: Phase | None = None
    fps: float | None = None
    spacing_mm: Spacing | None = None
    tags: tuple[str, ...] = ()
    record: Json = field(default_factory=dict)
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        for what, name in (("id", self.id), ("base", self.base)):
            if not isinstance(name, str) or NAME.fullmatch(name) is None:
                raise _wrong(f"{what} of 1 to 48 letters, digits, - and _", name)
        if self.view not in VIEWS:
            raise _wrong(f"view {' or '.join(VIEWS)}", self.view)
        if (self.fps is None) == (self.phase is None):
            raise _wrong("either a phase, of a frame, or frames a second, of a clip", (self.phase, self.fps))
        if self.phase is not None and self.phase not in PHASES:
            raise _wrong(f"phase {' or '.join(PHASES)}", self.phase)
        if self.fps is not None and not (_positive(self.fps) and self.fps <= MAX_FPS):
            raise _wrong(f"frames a second above 0 and at most {MAX_FPS:g}", self.fps)
        if self.spacing_mm is not None and not (len(self.spacing_mm) == 2 and all(map(_positive, self.spacing_mm))):
            raise _wrong("spacing (y, x) as two positive numbers in mm", self.spacing_mm)
        for text in (self.licence, *self.tags):
            if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
                raise _wrong(f"licence and tags of 1 to {MAX_TEXT} printable characters", text)
        # As it comes back from a file: a tuple becomes a list.
        object.__setattr__(self, "record", _strict(self.record))

    @property
    def is_clip(self) -> bool:
        """Whether the sample is a cardiac cycle and not one frame."""
        return self.fps is not None

    def to_json(self) -> Json:
        """The description that every format keeps."""
        return {
            "format": SAMPLE_FORMAT,
            "notice": NOTICE,
            "schema": self.schema,
            "id": self.id,
            "base": self.base,
            "view": self.view,
            "phase": self.phase,
            "fps": self.fps,
            "spacing_mm": None if self.spacing_mm is None else list(self.spacing_mm),
            "licence": self.licence,
            "tags": list(self.tags),
            "record": self.record,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class SetSample(SampleHeader):
    """A header with its pixels.

    Attributes:
        image: uint8 (h, w), or (t, h, w) of a clip of 2 to 512 frames; 8 to 4096 pixels a side.
        ids: uint8 of the same shape, ids of `camus+sector/2`.

    Raises:
        DataError: arrays of another type, rank or size, an unknown id.
    """

    image: Pixels
    ids: Pixels

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = self.image.shape
        if self.image.dtype != np.uint8 or self.ids.dtype != np.uint8 or self.ids.shape != shape:
            got = f"{self.image.dtype} {shape} and {self.ids.dtype} {self.ids.shape}"
            raise _wrong("image and labels as uint8 arrays of one shape", got)
        if len(shape) != 2 + self.is_clip or (self.is_clip and not 2 <= shape[0] <= MAX_FRAMES):
            raise _wrong(f"a frame (h, w), or a clip (t, h, w) of 2 to {MAX_FRAMES} frames", shape)
        if not all(MIN_SIDE <= side <= MAX_SIDE for side in shape[-2:]):
            raise _wrong(f"{MIN_SIDE} to {MAX_SIDE} pixels a side", shape)
        if int(self.ids.max()) >= LABEL_COUNT:
            raise _wrong(f"label ids 0 to {LABEL_COUNT - 1}", int(self.ids.max()))
        object.__setattr__(self, "schema", schema_of(self.ids))


@dataclass(frozen=True)
class Listed:
    """A sample of a set that is being read: its header, and a function that reads its pixels.

    Attributes:
        header: what is known about it.
        read: images and label maps, uint8 (h, w): one of a frame, all of a clip.
    """

    header: SampleHeader
    read: Callable[[], tuple[list[Pixels], list[Pixels]]]

    def load(self) -> SetSample:
        """The sample with its pixels.

        Raises:
            DataError, ImageError, LabelMapError: they cannot be read, or do not fit the header.
        """
        frames, maps = self.read()
        if len({one.shape for one in (*frames, *maps)}) != 1 or len(frames) != len(maps):
            raise _wrong("frames and labels of one size", f"others in {self.header.id}")
        image, ids = (np.stack(one) if self.header.is_clip else one[0] for one in (frames, maps))
        about = {one.name: getattr(self.header, one.name) for one in fields(SampleHeader)}
        return SetSample(**about, image=image, ids=ids)


def header_of(note: Any, where: str) -> SampleHeader:
    """The header that `SampleHeader.to_json` wrote, from a file that may come from anywhere.

    Raises:
        DataError: the note describes no sample, or one of another label schema.
    """
    if not isinstance(note, dict) or note.get("format") != SAMPLE_FORMAT or note.get("notice") != NOTICE:
        raise DataError(
            expected=f"a sample that Echo Studio made, described as {SAMPLE_FORMAT}, in {where}",
            got="none",
            remedy="give a set that `echo-studio export` wrote",
        )
    if note.get("schema") not in SCHEMAS:
        raise _wrong(f"labels of schema {' or '.join(SCHEMAS)} in {where}", note.get("schema"))
    spacing, tags = note.get("spacing_mm"), note.get("tags")
    if not isinstance(tags, list) or not isinstance(spacing, list | None):
        raise _wrong(f"tags and spacing as lists in {where}", (tags, spacing))
    return SampleHeader(
        id=note.get("id", ""),
        base=note.get("base", ""),
        view=note.get("view", ""),
        licence=note.get("licence", ""),
        phase=note.get("phase"),
        fps=note.get("fps"),
        spacing_mm=None if spacing is None else tuple(spacing),
        tags=tuple(tags),
        record=note.get("record", {}),
        schema=note["schema"],
    )


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _strict(record: Any) -> Json:
    try:
        if isinstance(record, dict):
            return dict(json.loads(json.dumps(record, allow_nan=False)))
        got = type(record).__name__
    except (TypeError, ValueError, RecursionError) as error:
        got = str(error)
    raise _wrong("record as a strict JSON object", got)


def _wrong(expected: str, got: object) -> DataError:
    return DataError(expected=f"a sample's {expected}", got=f"{got!r}"[:120], remedy="mend the set that it comes from")
