"""A request for one frame, and the record that brings the same frame back."""

from dataclasses import dataclass, replace
from typing import Any, get_args

from echo_studio import __version__
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.source import EDITED, EDITED_NOTICE, Source, check_size
from echo_studio.types import GrayImage, Json, Phase, Spacing, View

MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class GenerationRequest:
    """One frame to be made.

    Attributes:
        label_map: guides the frame; must have a sector or a structure.
        sampling: the generator and what it is run with; see `generate.sampling.advised_sampling`.
        view: `2CH` or `4CH`.
        phase: `ED` or `ES`.
        seed: 0 to 2^63 - 1.
        source: a real frame whose look is kept; None for a synthetic frame.

    Raises:
        RequestError: an impossible seed, a label map that is all outside, or one of another size than the source.
        UnknownNameError: a view or phase of another name.
    """

    label_map: LabelMap
    sampling: Sampling
    view: View = "4CH"
    phase: Phase = "ED"
    seed: int = 0
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.phase not in get_args(Phase):
            raise UnknownNameError("phase", self.phase, get_args(Phase))
        check_guide(self.label_map, self.view)
        check_seed(self.seed)
        if self.source is not None:
            check_size(self.label_map, self.source.image.shape, "an edited label map")

    @property
    def notice(self) -> str:
        """What every file of the frame says of it."""
        return notice_of(self.source)


def notice_of(source: Source | None) -> str:
    """What every file of a frame or a clip says of it."""
    return NOTICE if source is None else EDITED_NOTICE


def check_seed(seed: int) -> None:
    """Raise RequestError where a seed is out of its range."""
    if not 0 <= seed <= MAX_SEED:
        raise RequestError(expected=f"a seed from 0 to {MAX_SEED}", got=str(seed), remedy="try 0")


def check_guide(label_map: LabelMap, view: View) -> None:
    """Check what guides a frame or a clip.

    Raises:
        UnknownNameError: a view of another name.
        RequestError: a label map that is all outside.
    """
    if view not in get_args(View):
        raise UnknownNameError("view", view, get_args(View))
    if not label_map.inside.any():
        raise RequestError(
            expected="a label map with a sector", got="label 0 everywhere", remedy="paint the sector (label 4) first"
        )


@dataclass(frozen=True, kw_only=True)
class Record:
    """What frames and clips have in common of that which reproduces them.

    Equal records give equal results on the same kind of device.

    Attributes:
        label_map_sha256: `LabelMap.digest`.
        size: (height, width) of label map and frame.
        sampling: with the sha256 of every checkpoint that took part.
        versions: of this package and of torch.
        device: type of the device.
    """

    label_map_sha256: str
    size: tuple[int, int]
    spacing_mm: Spacing | None
    view: View
    sampling: Sampling
    seed: int
    versions: dict[str, str]
    device: str
    label_schema: str = SCHEMA
    notice: str = NOTICE

    def to_json(self) -> Json:
        """The record as JSON-able values, those of the sampling beside the others."""
        about: Json = {}
        for name, value in vars(self).items():
            about |= value.to_json() if isinstance(value, Sampling) else {name: value}
        return about


def common_record(request: Any, weights: dict[str, str], torch_version: str, device: str) -> dict[str, Any]:
    """The entries of a `Record` of a request, of a frame or of a clip; see `record_of`."""
    return {
        "label_map_sha256": request.label_map.digest,
        "label_schema": request.label_map.schema,
        "size": request.label_map.shape,
        "spacing_mm": request.label_map.spacing_mm,
        "view": request.view,
        "sampling": replace(request.sampling, weights=weights),
        "seed": request.seed,
        "versions": {"echo-studio": __version__, "torch": torch_version},
        "device": device,
    }


def about_source(about: Json) -> Json:
    """A record without `source` where there is none, and with its `kind` where there is one."""
    return {"kind": EDITED, **about} if about["source"] else {k: v for k, v in about.items() if k != "source"}


@dataclass(frozen=True, kw_only=True)
class GenerationRecord(Record):
    """Everything that reproduces a frame.

    Attributes:
        source: `Source.note` of the real frame that was edited; None for a synthetic one.
    """

    phase: Phase
    source: Json | None = None

    def to_json(self) -> Json:
        """See `Record.to_json`; a synthetic frame has no `source`, an edited real one says so as `kind`."""
        return about_source(super().to_json())


@dataclass(frozen=True)
class Generated:
    """A frame uint8 (h, w) of its label map's size, its record, and how long its batch took."""

    image: GrayImage
    record: GenerationRecord
    seconds: float


def record_of(request: GenerationRequest, weights: dict[str, str], torch_version: str, device: str) -> GenerationRecord:
    """The record of a request that was carried out with these weights (sha256 by name) on that device."""
    common = common_record(request, weights, torch_version, device)
    edited: Json = {} if request.source is None else {"source": request.source.note(), "notice": request.notice}
    return GenerationRecord(phase=request.phase, **common, **edited)
