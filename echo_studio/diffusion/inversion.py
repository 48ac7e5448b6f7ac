"""From a clean sample back to the noise that a solver would have made it from, and solving with a part held fixed.

The probability-flow ODE (Karras et al. 2022, eq. 3 with s = 1) runs either way: integrated upwards from a real frame it
ends at noise which, integrated downwards under the same label map, gives the frame back; under an edited map it gives
the same patient with other anatomy (DDIM inversion, Song et al. 2021, with Heun's method for the slope).
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Bound
from echo_studio.diffusion.solvers import Denoise, levels_of

LEVELS = 20
LOWEST, HIGHEST, RHO = 0.02, 80.0, 7.0  # noise levels as Karras et al. 2022, eq. 5, from where latents are clean


def invert(denoise: Denoise, clean: Tensor, on_level: Callable[[int, int], None] = lambda done, total: None) -> Tensor:
    """The noise of a clean sample, of about unit variance: float32 of its shape.

    Args:
        denoise: under the label map of the sample itself.
        clean: float32 (b, c, h, w).
        on_level: called after each of the levels with (done, total); raising from it stops the run.
    """
    ramp = torch.linspace(0, 1, LEVELS, dtype=torch.float64)
    low, high = LOWEST ** (1 / RHO), HIGHEST ** (1 / RHO)
    sigmas = ((low + ramp * (high - low)) ** RHO).tolist()
    x = clean.double()

    def slope(state: Tensor, sigma: float) -> Tensor:
        return (state - denoise(state.float(), levels_of(state, sigma)).double()) / sigma

    for done, (sigma, above) in enumerate(itertools.pairwise(sigmas), start=1):
        step = above - sigma
        first = slope(x, sigma)
        x = x + step * (first + slope(x + step * first, above)) / 2
        on_level(done, LEVELS - 1)
    return (x / HIGHEST).float()


@dataclass(frozen=True)
class Inpainting(Bound):
    """A bound denoiser whose estimate is a known sample where it is to stay as it is.

    Any solver then ends at that sample there, since the last step takes the estimate (blended diffusion, Avrahami et
    al. 2022).

    Attributes:
        known: float32 (b, c, h, w).
        weight: float32 (b, 1, h, w): 1 where the denoiser decides, 0 where `known` stays.
    """

    known: Tensor
    weight: Tensor

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.with_variance(x, sigma)[0]

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor | None]:
        estimate, variance = super().with_variance(x, sigma)
        return self.known + self.weight * (estimate - self.known), variance
