"""The generator: card, denoiser and codec. Editor, command line and batch all make frames through it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector import within_fan
from echo_studio.diffusion.denoiser import Bound, Condition, Denoiser
from echo_studio.diffusion.guidance import Guided
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.solver import noise_levels, solver
from echo_studio.errors import RequestError
from echo_studio.generate.build import Codec, family_of, soft_one_hot
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.request import Generated, GenerationRequest, record_of
from echo_studio.types import PHASES, VIEWS, GrayImage

# on_step(i, n, preview): evaluation i of n is done; preview() decodes the present estimates to frames.
OnStep = Callable[[int, int, Callable[[], list[GrayImage]]], None]


@dataclass(frozen=True)
class Generator:
    """Makes frames from label maps.

    Label maps of any size are taken: they are resized to the generator's resolution (without
    keeping the aspect, as in the papers) and the frame is resized back.
    """

    card: Card
    denoiser: Denoiser
    codec: Codec
    device: torch.device

    def generate(
        self, request: GenerationRequest, on_step: Callable[[int, int, Callable[[], GrayImage]], None] | None = None
    ) -> Generated:
        """One frame.

        Args:
            request: what to make; its generator must be this one.
            on_step: called after each evaluation with (i, n, preview); preview() decodes the present
                estimate to uint8 (h, w). Raising `Cancelled` from it stops the run.
        """

        def one(done: int, total: int, preview: Callable[[], list[GrayImage]]) -> None:
            if on_step is not None:
                on_step(done, total, lambda: preview()[0])

        return self.generate_batch([request], one)[0]

    @torch.inference_mode()
    def generate_batch(self, requests: Sequence[GenerationRequest], on_step: OnStep | None = None) -> list[Generated]:
        """Frames of several requests in one batch; each is what it would be alone, to rounding.

        Args:
            requests: of this generator, all with the same solver, NFE, guidance and schedule.
            on_step: see `generate`; preview() gives one frame a request.

        Raises:
            RequestError: requests that cannot share a batch.
        """
        first = requests[0]
        shared = (self.card.name, first.solver, first.nfe, first.guidance, first.schedule)
        if any((r.generator, r.solver, r.nfe, r.guidance, r.schedule) != shared for r in requests):
            raise RequestError(
                expected=f"requests for {self.card.name} that share solver, NFE, guidance and schedule",
                got="a mixture",
                remedy="split them",
            )
        started = time.perf_counter()
        side = self.card.resolution
        maps = np.stack([within_fan(r.label_map.resized(side, side).ids) for r in requests])
        ids = torch.from_numpy(maps).to(self.device)
        inside = (ids > 0).float().unsqueeze(1)
        condition = Condition(
            soft_one_hot(ids, self.codec.factor),
            torch.tensor([VIEWS.index(r.view) for r in requests], device=self.device),
            torch.tensor([PHASES.index(r.phase) for r in requests], device=self.device),
        )
        denoiser = self._guided(first.guidance)
        how = solver(first.solver)
        sigmas = noise_levels(how, family_of(self.card), first.nfe, first.schedule)
        latent_side = side // self.codec.factor
        noise = SampleNoise([r.seed for r in requests], (1, latent_side, latent_side))

        def frames(latent: Tensor) -> list[GrayImage]:
            pixels = ((self.codec.decode(latent, inside) + 1) * 127.5).round().to(torch.uint8)
            return [_fitted(p, r.label_map) for p, r in zip(pixels[:, 0].cpu().numpy(), requests, strict=True)]

        latent = how(
            Bound(denoiser, denoiser.prepare(condition)),
            (noise() * float(sigmas[0])).to(self.device),
            sigmas,
            first.nfe,
            noise,
            lambda done, total, estimate: on_step(done, total, lambda: frames(estimate)) if on_step else None,
        )
        images = frames(latent)
        seconds = time.perf_counter() - started
        checkpoints = {self.card.name: self.card.sha256, **self.card.needs}
        return [
            Generated(image, record_of(request, checkpoints, torch.__version__, self.device.type), seconds)
            for image, request in zip(images, requests, strict=True)
        ]

    def _guided(self, scale: float) -> Denoiser:
        if scale == 0:
            return self.denoiser
        if not self.card.settings.get("label_dropout"):
            raise RequestError(
                expected="a generator trained with label dropout, which guidance needs",
                got=f"{self.card.name}",
                remedy="ask for guidance 0",
            )
        return Guided(self.denoiser, scale)


def _fitted(image: GrayImage, label_map: LabelMap) -> GrayImage:
    """The frame at its label map's size, black outside the sector there too."""
    height, width = label_map.shape
    if image.shape == (height, width):
        return image
    how = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return np.where(within_fan(label_map.ids) > 0, cv2.resize(image, (width, height), interpolation=how), 0).astype(
        np.uint8
    )
