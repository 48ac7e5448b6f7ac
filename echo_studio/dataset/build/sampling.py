"""The ways to make samples: a generator with its weights, solver and NFE, and what clips need besides."""

from dataclasses import asdict, dataclass
from typing import Any

from echo_studio.types import Json


@dataclass(frozen=True)
class ClipSampling:
    """What a generator of clips is asked for beside solver and NFE; see `generate.video.request.VideoRequest`.

    Attributes:
        frames: of the heartbeat.
        heart_rate: beats a minute.
        guidance: scale of classifier-free guidance.
        start_step: noise levels that are skipped.
    """

    frames: int
    heart_rate: float
    guidance: float
    start_step: int

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.frames * self.heart_rate / 60


@dataclass(frozen=True)
class Sampling:
    """One way to make samples: a generator with its weights (sha256 by name), solver and NFE; `clip` for clips."""

    generator: str
    solver: str
    nfe: int
    checkpoints: dict[str, str]
    licence: str
    clip: ClipSampling | None = None

    def to_json(self) -> Json:
        """As a manifest's header keeps it; `clip` is left out for frames."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def of(cls, about: dict[str, Any]) -> "Sampling":
        """What `to_json` wrote."""
        clip = about.get("clip")
        return cls(**{**about, "clip": None if clip is None else ClipSampling(**clip)})
