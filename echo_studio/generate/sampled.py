"""Generators that draw a frame by diffusion: a denoiser, a codec and a solver."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Bound, Condition, Denoiser
from echo_studio.diffusion.guidance import Guided
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.solvers.registry import noise_levels, solver
from echo_studio.errors import RequestError
from echo_studio.generate.build import Codec, family_of, soft_one_hot
from echo_studio.generate.generator import Generator, OnEstimate
from echo_studio.generate.request import GenerationRequest
from echo_studio.types import PHASES, VIEWS


@dataclass(frozen=True)
class SampledGenerator(Generator):
    """Any family, on pixels or latents, with any solver."""

    denoiser: Denoiser
    codec: Codec

    def _check(self, request: GenerationRequest) -> None:
        if request.sampling.guidance and not self.card.settings.get("label_dropout"):
            raise RequestError(
                expected="a generator trained with label dropout, which guidance needs",
                got=f"{self.card.name}",
                remedy="ask for guidance 0",
            )

    def _pixels(self, requests: Sequence[GenerationRequest], ids: Tensor, on_estimate: OnEstimate) -> Tensor:
        sampling = requests[0].sampling
        inside = (ids > 0).float().unsqueeze(1)
        condition = condition_of(requests, ids, self.codec)
        denoiser = Guided(self.denoiser, sampling.guidance) if sampling.guidance else self.denoiser
        how = solver(sampling.solver)
        sigmas = noise_levels(how, family_of(self.card), sampling.nfe, sampling.schedule)
        latent_side = self.card.resolution // self.codec.factor
        noise = SampleNoise([r.seed for r in requests], (1, latent_side, latent_side))
        latent = how(
            Bound(denoiser, denoiser.prepare(condition)),
            (noise() * float(sigmas[0])).to(self.device),
            sigmas,
            sampling.nfe,
            noise,
            lambda done, total, estimate: on_estimate(done, total, lambda: self.codec.decode(estimate, inside)),
        )
        return self.codec.decode(latent, inside)


def condition_of(requests: Sequence[GenerationRequest], ids: Tensor, codec: Codec) -> Condition:
    """What guides the samples of some requests, on the device of their label maps uint8 (b, h, w)."""
    return Condition(
        soft_one_hot(ids, codec.factor),
        torch.tensor([VIEWS.index(r.view) for r in requests], device=ids.device),
        torch.tensor([PHASES.index(r.phase) for r in requests], device=ids.device),
    )
