"""The generator: editor, command line and batch all make frames through it, whatever makes them."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.errors import RequestError
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.request import Generated, GenerationRequest, record_of
from echo_studio.types import GrayImage

# on_step(i, n, preview): evaluation i of n is done; preview() decodes the present estimates to frames.
OnStep = Callable[[int, int, Callable[[], list[GrayImage]]], None]
# The same with preview() in [-1, 1], float32 (b, 1, h, w) at the generator's resolution.
OnEstimate = Callable[[int, int, Callable[[], Tensor]], None]


@dataclass(frozen=True)
class Generator(ABC):
    """Makes frames from label maps: by diffusion (`SampledGenerator`) or in one call (`DirectGenerator`).

    Label maps of any size are taken: they are resized to the generator's resolution (without
    keeping the aspect, as in the papers) and the frame is resized back.
    """

    card: Card
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
            requests: of this generator, all with the same sampling.
            on_step: see `generate`; preview() gives one frame a request.

        Raises:
            RequestError: requests that cannot share a batch, or that this generator cannot carry out.
        """
        first = requests[0]
        if first.sampling.generator != self.card.name or any(r.sampling != first.sampling for r in requests):
            raise RequestError(
                expected=f"requests for {self.card.name} that share solver, NFE, guidance and schedule",
                got="a mixture",
                remedy="split them",
            )
        self._check(first)
        started = time.perf_counter()
        side = self.card.resolution
        maps = np.stack([within_sector(r.label_map.resized(side, side).ids) for r in requests])

        def frames(pixels: Tensor) -> list[GrayImage]:
            grey = ((pixels + 1) * 127.5).round().to(torch.uint8)[:, 0].cpu().numpy()
            return [_fitted(image, r.label_map) for image, r in zip(grey, requests, strict=True)]

        def on_estimate(done: int, total: int, estimate: Callable[[], Tensor]) -> None:
            if on_step is not None:
                on_step(done, total, lambda: frames(estimate()))

        images = frames(self._pixels(requests, torch.from_numpy(maps).to(self.device), on_estimate))
        seconds = time.perf_counter() - started
        return [
            Generated(image, record_of(request, self.card.weights, torch.__version__, self.device.type), seconds)
            for image, request in zip(images, requests, strict=True)
        ]

    @abstractmethod
    def _check(self, request: GenerationRequest) -> None:
        """Raise RequestError where this generator cannot do what a request asks for."""

    @abstractmethod
    def _pixels(self, requests: Sequence[GenerationRequest], ids: Tensor, on_estimate: OnEstimate) -> Tensor:
        """Frames float32 (b, 1, h, w) in [-1, 1], -1 outside the sector, of label maps uint8 (b, h, w)."""


def _fitted(image: GrayImage, label_map: LabelMap) -> GrayImage:
    """The frame at its label map's size, black outside the sector there too."""
    height, width = label_map.shape
    if image.shape == (height, width):
        return image
    how = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return np.where(within_sector(label_map.ids) > 0, cv2.resize(image, (width, height), interpolation=how), 0).astype(
        np.uint8
    )
