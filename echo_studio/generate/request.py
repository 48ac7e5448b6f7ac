"""What is asked of a generator, and the record that brings the same result back."""

import dataclasses
from dataclasses import dataclass
from typing import get_args

from echo_studio import __version__
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.data.formats.media import NOTICE
from echo_studio.diffusion.schedule import schedule
from echo_studio.diffusion.solvers.registry import solver
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import GrayImage, Json, Phase, Spacing, View

MAX_NFE = 1000  # SDM's full chain, the longest of the papers
MAX_SEED = 2**63 - 1
MAX_GUIDANCE = 20.0


@dataclass(frozen=True)
class GenerationRequest:
    """One frame to be made.

    Attributes:
        label_map: guides the frame; must have a sector or a structure.
        view: `2CH` or `4CH`.
        phase: `ED` or `ES`.
        generator: a name of the catalog.
        solver: a name of `diffusion.solvers.registry.SOLVERS`.
        nfe: calls of the network, 1 to 1000.
        seed: 0 to 2^63 - 1.
        guidance: scale of classifier-free guidance (000, eq. 1), 0 to 20; 0, the papers' choice, is off. Each
            evaluation then runs the network on twice the batch: see `diffusion.guidance`.
        schedule: a name of `diffusion.schedule.SCHEDULES`, or empty for the solver's own, else the generator's.

    Raises:
        RequestError: an impossible number, or a label map that is all outside.
        UnknownNameError: view, phase, solver or schedule of another name.
    """

    label_map: LabelMap
    view: View = "4CH"
    phase: Phase = "ED"
    generator: str = "edm-l64"
    solver: str = "heun"
    nfe: int = 20
    seed: int = 0
    guidance: float = 0.0
    schedule: str = ""

    def __post_init__(self) -> None:
        if self.view not in get_args(View):
            raise UnknownNameError("view", self.view, get_args(View))
        if self.phase not in get_args(Phase):
            raise UnknownNameError("phase", self.phase, get_args(Phase))
        solver(self.solver)
        if self.schedule:
            schedule(self.schedule)
        if not 1 <= self.nfe <= MAX_NFE:
            raise RequestError(expected=f"an NFE from 1 to {MAX_NFE}", got=str(self.nfe), remedy="try 20")
        if not 0 <= self.seed <= MAX_SEED:
            raise RequestError(expected=f"a seed from 0 to {MAX_SEED}", got=str(self.seed), remedy="try 0")
        if not 0 <= self.guidance <= MAX_GUIDANCE:
            raise RequestError(
                expected=f"a guidance from 0 to {MAX_GUIDANCE:g}", got=str(self.guidance), remedy="try 0"
            )
        if not self.label_map.inside.any():
            raise RequestError(
                expected="a label map with a sector", got="label 0 everywhere", remedy="draw the sector (label 4) first"
            )


@dataclass(frozen=True)
class GenerationRecord:
    """Everything that reproduces a result; equal records give equal frames on the same kind of device.

    Attributes:
        label_map_sha256: `LabelMap.digest`.
        size: (height, width) of label map and frame.
        checkpoints: sha256 of every checkpoint that took part, by name.
        versions: of this package and of torch.
        device: type of the device.
    """

    label_map_sha256: str
    size: tuple[int, int]
    spacing_mm: Spacing | None
    view: View
    phase: Phase
    generator: str
    solver: str
    nfe: int
    seed: int
    checkpoints: dict[str, str]
    versions: dict[str, str]
    device: str
    guidance: float = 0.0
    schedule: str = ""
    label_schema: str = SCHEMA
    notice: str = NOTICE

    def to_json(self) -> Json:
        """The record as JSON-able values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Generated:
    """A frame uint8 (h, w) of its label map's size, its record, and how long its batch took."""

    image: GrayImage
    record: GenerationRecord
    seconds: float


def record_of(
    request: GenerationRequest, checkpoints: dict[str, str], torch_version: str, device: str
) -> GenerationRecord:
    """The record of a request that was carried out with these checkpoints on that device."""
    return GenerationRecord(
        label_map_sha256=request.label_map.digest,
        size=request.label_map.shape,
        spacing_mm=request.label_map.spacing_mm,
        view=request.view,
        phase=request.phase,
        generator=request.generator,
        solver=request.solver,
        nfe=request.nfe,
        seed=request.seed,
        guidance=request.guidance,
        schedule=request.schedule,
        checkpoints=checkpoints,
        versions={"echo-studio": __version__, "torch": torch_version},
        device=device,
    )
