"""A request for one clip, and the record that brings the same clip back."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.errors import RequestError
from echo_studio.generate.request import Record, about_source, check_guide, check_seed, common_record, notice_of
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.source import Source, check_size
from echo_studio.types import Json, View

if TYPE_CHECKING:
    from echo_studio.generate.video.real_beat import RealBeat

GrayClip = npt.NDArray[np.uint8]  # (t, h, w), 0 black, 255 white

MIN_FRAMES, MAX_FRAMES = 2, 64
STEPS = 64  # noise levels of 004's sampler, of which Free-Echo and SDEdit skip the first `start_step`


@dataclass(frozen=True)
class VideoRequest:
    """One heartbeat to be made, end diastole first.

    Attributes:
        label_map: the heart at end diastole; must have a sector or a structure.
        sampling: a generator of `generate.video.catalog` and what it is run with. Where a start step skips noise
            levels, so many fewer than its NFE are computed. 002 and 004 use guidance 7.
        end_systole: the heart at end systole, of the same size; None where `motion` shapes it.
        motion: how the heart contracts. With an `end_systole` its EF, shortening and thickening play no part.
        view: `2CH` or `4CH`.
        frames: 2 to 64, one cardiac cycle.
        start_step: of 64 noise levels, those that Free-Echo and SDEdit skip: 0 keeps nothing of the pseudo-video, 63
            nearly all. Other generators take 0 alone.
        seed: 0 to 2^63 - 1.
        source: a real frame at end diastole that is made to beat; None for a synthetic clip. Where `label_map` is not
            its own, the frame is edited first.
        recording: all frames of the beat that `source` begins, which keep their look, too: its keep and whole frame
            hold for each of them, `frames` is their number, and `motion` is the recording's own unless another one is
            asked for.

    Raises:
        RequestError: an impossible number, an empty label map, keyframes that do not fit together, or a recording
            without its source.
        UnknownNameError: a view of another name.
    """

    label_map: LabelMap
    sampling: Sampling
    end_systole: LabelMap | None = None
    motion: Motion = field(default_factory=Motion)
    view: View = "4CH"
    frames: int = 24
    start_step: int = 0
    seed: int = 0
    source: Source | None = None
    recording: "RealBeat | None" = None

    def __post_init__(self) -> None:
        if not MIN_FRAMES <= self.frames <= MAX_FRAMES:
            raise RequestError(
                expected=f"frames from {MIN_FRAMES} to {MAX_FRAMES}", got=str(self.frames), remedy="try 24"
            )
        if not 0 <= self.start_step < STEPS:
            raise RequestError(
                expected=f"a start step from 0 to {STEPS - 1}", got=str(self.start_step), remedy="try 15"
            )
        check_guide(self.label_map, self.view)
        check_seed(self.seed)
        if self.source is not None:
            check_size(self.label_map, self.source.image.shape, "an edited label map")
        beat = self.recording
        if beat is not None and (self.source is None or self.end_systole or len(beat.frames) != self.frames):
            raise RequestError(
                expected="a recording with its first frame as source, all of its frames and no end systole",
                got=f"{self.frames} of {len(beat.frames)} frames",
                remedy="give its first frame, and a motion for another end systole",
            )

    @property
    def notice(self) -> str:
        """What every file of the clip says of it."""
        return notice_of(self.source)


@dataclass(frozen=True, kw_only=True)
class VideoRecord(Record):
    """Everything that reproduces a clip.

    Attributes:
        end_systole_sha256: `LabelMap.digest`; empty where the motion shaped it.
        motion: `Motion.to_json`.
        nfe_run: calls of the network that were made: fewer than `nfe` where a start step skipped some.
        ef_drawn: percent, measured on the label cycle that guided the clip; None without a ventricle.
        source: `Source.note` of the real frame that beats; None for a synthetic clip.
    """

    end_systole_sha256: str
    motion: Json
    nfe_run: int
    frames: int
    start_step: int
    ef_drawn: float | None
    source: Json | None = None

    def to_json(self) -> Json:
        """See `Record.to_json`; a synthetic clip has no `source`, one of an edited real frame says so as `kind`."""
        return about_source(super().to_json())


@dataclass(frozen=True)
class GeneratedVideo:
    """A clip uint8 (t, h, w) of its label map's size, the label cycle that guided it, its record, its seconds."""

    clip: GrayClip
    cycle: LabelCycle
    record: VideoRecord
    seconds: float


def video_record(
    request: VideoRequest,
    nfe_run: int,
    ef_drawn: float | None,
    weights: dict[str, str],
    torch_version: str,
    device: str,
) -> VideoRecord:
    """The record of a request that was carried out with these weights (sha256 by name) on that device."""
    edited: Json = {} if request.source is None else {"source": request.source.note(), "notice": request.notice}
    if request.recording is not None:
        edited["source"] |= request.recording.note()
    return VideoRecord(
        end_systole_sha256=request.end_systole.digest if request.end_systole else "",
        motion=request.motion.to_json(),
        nfe_run=nfe_run,
        frames=request.frames,
        start_step=request.start_step,
        ef_drawn=ef_drawn,
        **common_record(request, weights, torch_version, device),
        **edited,
    )
