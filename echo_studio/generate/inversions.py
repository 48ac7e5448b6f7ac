"""Sources as samplers see them: latents, and the noise that they come from, found once for each source."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from echo_studio.generate.sampling import Look
from echo_studio.generate.source import Source

KEPT = 128  # two recordings of 64 frames


class Inverted(NamedTuple):
    """A source for samplers.

    Attributes:
        latent: float32 (1, c, h, w), as the codec encodes it.
        noise: of about unit variance, of the same shape: the ODE leads from it to the latent.
        grain: strength of the source's grain over that of its latent, decoded: decoders bring less of what is unusual.
        look: of the source, for decoders with a look.
    """

    latent: Tensor
    noise: Tensor
    grain: float
    look: Look

    def start(self, fresh: Tensor, keep: float) -> Tensor:
        """The noise with a share of fresh noise, so that the variance stays: keep 1 is the source's own alone."""
        return math.sqrt(keep) * self.noise + math.sqrt(1 - keep) * fresh


@dataclass(frozen=True)
class LatentEdit:
    """What an edited frame keeps of its source, among the latents.

    Attributes:
        inverted: of the source.
        weight: float32 (1, 1, h, w), 1 where the edited label map decides and 0 where the source stays.
        keep: share of the source's own noise, 0 to 1.
    """

    inverted: Inverted
    weight: Tensor
    keep: float

    @classmethod
    def of(cls, inverted: Inverted, weight: Tensor, keep: float) -> "LatentEdit":
        """With the weight of pixels, float32 (1, 1, factor h, factor w)."""
        height, width = inverted.latent.shape[-2:]
        return cls(inverted, F.adaptive_avg_pool2d(weight, (height, width)), keep)

    def start(self, fresh: Tensor) -> Tensor:
        """The noise to sample from: the source's own and fresh noise."""
        return self.inverted.start(fresh, self.keep)

    def joined(self, latent: Tensor) -> Tensor:
        """Generated latents where the label map decides, the source's elsewhere."""
        return self.inverted.latent + self.weight * (latent - self.inverted.latent)


@dataclass(frozen=True)
class Inversions:
    """The newest inversions, in memory alone, by what was inverted: only the first edit of a frame waits for one."""

    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _kept: OrderedDict[tuple[str, ...], Inverted] = field(default_factory=OrderedDict, repr=False)

    def get(self, source: Source, under: tuple[str, ...], make: Callable[[], Inverted]) -> Inverted:
        """The inversion of a source, made where it is not kept.

        Args:
            under: what else it depends on: the weights, view and phase.
        """
        key = (source.origin, source.sha256, source.label_map.digest, *under)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def forget(self, source: Source) -> None:
        """Drop all inversions of a frame, and of what was cropped or edited from it."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == source.origin]:
                del self._kept[key]
