"""How samples are made: a generator with its weights, a solver, and what they are run with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import Json

MAX_NFE = 1000  # SDM's full chain, the longest of the papers
MAX_GUIDANCE = 20.0
MAX_LOOK = 3.0
DEFAULT_SOLVER = "heun"  # stands in the records of generators whose card advises none: they have no sampler

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Look:
    """What kind of grain a frame has, in standard deviations from the mean of the training frames, -3 to 3.

    Attributes:
        grain: how strong the finest grain is; None to draw it for each seed, as it varies between real frames.
        coarseness: how much of the grain is coarse; None as above.

    Raises:
        RequestError: a number out of its range.
    """

    grain: float | None = None
    coarseness: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not -MAX_LOOK <= value <= MAX_LOOK:
                raise RequestError(
                    expected=f"{name} from {-MAX_LOOK:g} to {MAX_LOOK:g} standard deviations, or none to draw it",
                    got=str(value),
                    remedy="try 0, the mean of real frames",
                )

    def over(self, other: "Look") -> "Look":
        """This look, and another's where nothing was chosen."""
        return Look(
            other.grain if self.grain is None else self.grain,
            other.coarseness if self.coarseness is None else self.coarseness,
        )


DRAWN = Look()


@dataclass(frozen=True)
class Sampling:
    """One way to make samples.

    Attributes:
        generator: a name of the catalog of frames or of clips.
        solver: a name of `diffusion.solvers.SOLVERS`.
        nfe: calls of the network, 1 to 1000.
        guidance: scale of classifier-free guidance (000, eq. 1), 0 (off) to 20. With guidance each evaluation runs the
            network on twice the batch: see `diffusion.denoiser.Guided`.
        schedule: a name of `diffusion.schedule.SCHEDULES`, or empty for the solver's own, else the generator's.
        precision: of the networks' arithmetic; see `generate.precision.quickest`.
        look: of the grain, for generators of frames whose decoder has one.
        weights: sha256 of every checkpoint that takes part, by name; empty where they are not known yet.

    Raises:
        RequestError: a number out of its range.
        UnknownNameError: no such solver, schedule or precision.
    """

    generator: str
    solver: str
    nfe: int
    guidance: float = 0.0
    schedule: str = ""
    precision: Precision = "float32"
    look: Look = DRAWN
    weights: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        # Only here, so that values which hold a Sampling can be read without torch.
        from echo_studio.diffusion.schedule import schedule  # noqa: PLC0415
        from echo_studio.diffusion.solvers import solver  # noqa: PLC0415

        solver(self.solver)
        if self.schedule:
            schedule(self.schedule)
        if not 1 <= self.nfe <= MAX_NFE:
            raise RequestError(expected=f"an NFE from 1 to {MAX_NFE}", got=str(self.nfe), remedy="try 20")
        if not 0 <= self.guidance <= MAX_GUIDANCE:
            raise RequestError(
                expected=f"a guidance from 0 to {MAX_GUIDANCE:g}", got=str(self.guidance), remedy="try 0"
            )
        if self.precision not in get_args(Precision):
            raise UnknownNameError("precision", self.precision, get_args(Precision))

    def to_json(self) -> Json:
        """As records and manifests hold it: the weights are called `checkpoints` there."""
        return {
            "generator": self.generator,
            "solver": self.solver,
            "nfe": self.nfe,
            "guidance": self.guidance,
            "schedule": self.schedule,
            "precision": self.precision,
            **vars(self.look),
            "checkpoints": dict(self.weights),
        }


class Advice(Protocol):
    """What a generator is best used with: a `generate.checkpoint.Card`, or a `generate.video.generator.VideoEntry`."""

    @property
    def name(self) -> str: ...

    @property
    def advised_solver(self) -> str: ...

    @property
    def advised_nfe(self) -> int: ...

    @property
    def advised_guidance(self) -> float: ...

    @property
    def weights(self) -> Mapping[str, str]: ...


def advised_sampling(
    advice: Advice,
    *,
    solver: str | None = None,
    nfe: int | None = None,
    guidance: float | None = None,
    schedule: str = "",
    precision: Precision = "float32",
    look: Look = DRAWN,
) -> Sampling:
    """The sampling of a generator, as its card advises wherever nothing else is chosen.

    Args:
        advice: the generator's card or entry.
        solver, nfe, guidance: None for the advised one; an empty solver too.

    Raises:
        RequestError, UnknownNameError: see `Sampling`.
    """
    return Sampling(
        advice.name,
        solver or advice.advised_solver or DEFAULT_SOLVER,
        advice.advised_nfe if nfe is None else nfe,
        advice.advised_guidance if guidance is None else guidance,
        schedule,
        precision,
        look,
        advice.weights,
    )
