"""What is asked of a video generator, and the record that brings the same clip back."""

import dataclasses
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import numpy.typing as npt

from echo_studio import __version__
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.data.formats.media import NOTICE
from echo_studio.diffusion.solvers.registry import solver
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.request import MAX_GUIDANCE, MAX_NFE, MAX_SEED
from echo_studio.types import Json, Spacing, View

GrayClip = npt.NDArray[np.uint8]  # (t, h, w), 0 black, 255 white

MIN_FRAMES, MAX_FRAMES = 2, 64
STEPS = 64  # noise levels of 004's sampler, of which Free-Echo and SDEdit skip the first `start_step`


@dataclass(frozen=True)
class VideoRequest:
    """One heartbeat to be made, end diastole first.

    Attributes:
        label_map: the heart at end diastole; must have a sector or a structure.
        end_systole: the heart at end systole, of the same size; None where `motion` shapes it.
        motion: how the heart contracts. With an `end_systole` its EF, shortening and thickening play no part.
        view: `2CH` or `4CH`.
        generator: a name of `generate.video.catalog`.
        solver: a name of `diffusion.solvers.registry.SOLVERS`.
        nfe: calls of the network at most; where a start step skips noise levels, those are not computed.
        frames: 2 to 64, one cardiac cycle.
        guidance: scale of classifier-free guidance, 0 (off) to 20; 002 and 004 use 7.
        start_step: of 64 noise levels, those that Free-Echo and SDEdit skip: 0 keeps nothing of the pseudo-video, 63
            nearly all. Other generators take 0 alone.
        seed: 0 to 2^63 - 1.

    Raises:
        RequestError: an impossible number, an empty label map, or keyframes that do not fit together.
        UnknownNameError: view or solver of another name.
    """

    label_map: LabelMap
    end_systole: LabelMap | None = None
    motion: Motion = field(default_factory=Motion)
    view: View = "4CH"
    generator: str = "video-spade"
    solver: str = "heun"
    nfe: int = 20
    frames: int = 24
    guidance: float = 0.0
    start_step: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.view not in get_args(View):
            raise UnknownNameError("view", self.view, get_args(View))
        solver(self.solver)
        _whole("frames", self.frames, MIN_FRAMES, MAX_FRAMES, "try 24")
        _whole("an NFE", self.nfe, 1, MAX_NFE, "try 20")
        _whole("a start step", self.start_step, 0, STEPS - 1, "try 15")
        _whole("a seed", self.seed, 0, MAX_SEED, "try 0")
        if not 0 <= self.guidance <= MAX_GUIDANCE:
            raise RequestError(
                expected=f"a guidance from 0 to {MAX_GUIDANCE:g}", got=str(self.guidance), remedy="try 0"
            )
        if not self.label_map.inside.any():
            raise RequestError(
                expected="a label map with a sector", got="label 0 everywhere", remedy="draw the sector (label 4) first"
            )


def _whole(what: str, value: int, low: int, high: int, remedy: str) -> None:
    if not low <= value <= high:
        raise RequestError(expected=f"{what} from {low} to {high}", got=str(value), remedy=remedy)


@dataclass(frozen=True)
class VideoRecord:
    """Everything that reproduces a clip; equal records give equal clips on the same kind of device.

    Attributes:
        label_map_sha256, end_systole_sha256: `LabelMap.digest`; the second is empty where the motion shaped it.
        motion: `Motion.to_json`.
        size: (height, width) of the label map and of the frames.
        nfe_run: calls of the network that were made: fewer than `nfe` where a start step skipped some.
        ef_drawn: percent, measured on the label cycle that guided the clip; None without a ventricle.
        checkpoints: sha256 of every checkpoint that took part, by name.
    """

    label_map_sha256: str
    end_systole_sha256: str
    motion: Json
    size: tuple[int, int]
    spacing_mm: Spacing | None
    view: View
    generator: str
    solver: str
    nfe: int
    nfe_run: int
    frames: int
    guidance: float
    start_step: int
    seed: int
    ef_drawn: float | None
    checkpoints: dict[str, str]
    versions: dict[str, str]
    device: str
    label_schema: str = SCHEMA
    notice: str = NOTICE

    def to_json(self) -> Json:
        """The record as JSON-able values."""
        return dataclasses.asdict(self)


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
    checkpoints: dict[str, str],
    torch_version: str,
    device: str,
) -> VideoRecord:
    """The record of a request that was carried out with these checkpoints on that device."""
    return VideoRecord(
        label_map_sha256=request.label_map.digest,
        end_systole_sha256=request.end_systole.digest if request.end_systole else "",
        motion=request.motion.to_json(),
        size=request.label_map.shape,
        spacing_mm=request.label_map.spacing_mm,
        view=request.view,
        generator=request.generator,
        solver=request.solver,
        nfe=request.nfe,
        nfe_run=nfe_run,
        frames=request.frames,
        guidance=request.guidance,
        start_step=request.start_step,
        seed=request.seed,
        ef_drawn=ef_drawn,
        checkpoints=checkpoints,
        versions={"echo-studio": __version__, "torch": torch_version},
        device=device,
    )
