"""Generators that make a frame in one call: no noise levels, no solver, NFE 1."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.errors import RequestError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.generator import Generator, OnEstimate
from echo_studio.generate.request import GenerationRequest
from echo_studio.nets.cyclegan import CycleGAN


@dataclass(frozen=True)
class DirectGenerator(Generator):
    """A CycleGAN's way from label map to echo.

    The seed's noise is the one that pixel diffusion starts from. Solver and schedule have nothing to do here, and the
    network, as the paper's, is not told view and phase: the record keeps them all, and none changes the frame.
    """

    network: CycleGAN

    def _check(self, request: GenerationRequest) -> None:
        check_one_call(self.card.name, request)

    def _pixels(self, requests: Sequence[GenerationRequest], ids: Tensor, on_estimate: OnEstimate) -> Tensor:
        noise = SampleNoise([request.seed for request in requests], (1, *ids.shape[-2:]))()
        pixels = self.network.to_echo(soft_one_hot(ids, 1), noise.to(self.device))
        on_estimate(1, 1, lambda: pixels)
        return pixels


def check_one_call(name: str, request: GenerationRequest) -> None:
    """Raise RequestError where a request wants more of the generator of that name than one call."""
    if request.sampling.nfe != 1:
        raise RequestError(
            expected=f"NFE 1, since {name} makes a frame in one call",
            got=f"NFE {request.sampling.nfe}",
            remedy="set NFE to 1",
        )
    if request.sampling.guidance != 0:
        raise RequestError(
            expected=f"guidance 0, since {name} is no diffusion model",
            got=f"guidance {request.sampling.guidance:g}",
            remedy="set guidance to 0",
        )
