"""Training of a denoiser of clips of any family (002, 004) on interpolated cycles or recordings, in latents."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.recorded import RecordedClips
from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.families import family
from echo_studio.errors import RecipeError
from echo_studio.generate.video.pseudo_video import real_quantiles
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.clips import CYCLE, Clips, CycleClip, encoded_cycles, interpolated
from echo_studio.train.task import LICENCE, picture
from echo_studio.train.tasks.denoiser import DenoisingTask
from echo_studio.types import GrayImage, Json

SAMPLE_NFE = 10
EVERY = 9  # training frame whose grey levels are counted: odd, so that all views and phases come
SHOWN = 6  # frames of a clip in the picture of samples
MOST_FRAMES = 64


@dataclass(frozen=True)
class RecordedSource:
    """Recordings to learn from.

    Attributes:
        clips: gives them.
        key: changes where they do.
        name: of the data, for the card.
    """

    clips: RecordedClips
    key: str
    name: str


class VideoTask(DenoisingTask):
    """For the kinds `video-edm`, `video-vp` and so on.

    `recipe.loss` takes what `DenoisingTask` says, and

    - `frames`: of a training clip (002 and 004 have 16 or 24; fewer are cheaper, and the network takes any number);
    - `maps`: `every` frame's label map guides it, or that of end diastole, `first`, guides all, as in 002.

    Args:
        recorded: clips to learn from; None for cycles interpolated between the ED and ES frames of `data`.
    """

    training: Clips

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
        recorded: RecordedSource | None = None,
    ) -> None:
        super().__init__(recipe, data, model, checkpoints, device, ("label_dropout", "copies", "frames", "maps"))
        self.recorded = recorded
        self.length, maps = int(recipe.loss.get("frames", CYCLE)), recipe.loss.get("maps", "every")
        if not 2 <= self.length <= MOST_FRAMES:
            raise RecipeError(
                expected=f"2 to {MOST_FRAMES} frames in [loss]", got=str(self.length), remedy="take 8, 16 or 24"
            )
        if maps not in ("every", "first"):
            raise RecipeError(expected='maps = "every" or "first" in [loss]', got=repr(maps), remedy="correct it")
        self.first_map_alone = maps == "first"
        self.cycle = self.length if CYCLE % self.length else CYCLE

    def load_data(self, cache: Path) -> int:
        recipe, sha256 = self.recipe, next(iter(self._needs.values()), "pixels")

        def bank(split: str, copies: int) -> dict[str, Tensor]:
            parts = [sha256, split, str(recipe.resolution), str(copies), str(self.ranges), str(recipe.seed)]
            if self.cycle != CYCLE:
                parts.append(f"{self.cycle} frames")
            if self.recorded:
                parts.append(self.recorded.key)
            return encoded_cycles(
                self._cycles(split),
                cache / f"cycles-{split}.safetensors",
                "/".join(parts),
                self.codec,
                copies,
                self.ranges,
                recipe.seed,
                bfloat16=recipe.precision == "bfloat16",
            )

        self.training, self.validation = (
            Clips(bank(split, copies), self.length, self.first_map_alone)
            for split, copies in (("training", self.copies), ("validation", 1))
        )
        self.family = family(self.family_name, {**self.family_settings, "sigma_data": self.training.sigma_data})
        return len(self.training)

    def _cycles(self, split: str) -> Iterator[CycleClip]:
        if self.recorded is None:
            yield from interpolated(self.data, split, self.cycle, self.recipe.resolution)
        else:
            for one in self.recorded.clips(split, self.cycle, self.recipe.resolution):
                yield one.clip, one.ids, one.view

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Frames of clips from four validation cycles, each below the interpolated cycle of its label maps."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 4))[:4]
        clean, condition = self.validation.whole(index)
        made = self.generated(model, condition.to(self.device), index.tolist(), SAMPLE_NFE).cpu()
        rows = []
        for k in range(len(index)):
            for latent in (clean[k], made[k]):
                shown = latent[:, :: max(1, latent.shape[1] // SHOWN)].transpose(0, 1)
                side = shown.shape[-1] * self.codec.factor
                inside = torch.ones(len(shown), 1, side, side)  # on the CPU, as it encodes
                rows.append(self.codec.decoding(inside, range(len(shown)))(shown))
        return picture(rows)

    def held_out(self) -> Iterator[tuple[Tensor, Condition]]:
        for index in torch.arange(len(self.validation)).split(4):
            clean, condition = self.validation.whole(index)
            yield clean.to(self.device), condition.to(self.device)

    def card_entries(self, model: nn.Module) -> Json:
        entries = super().card_entries(model)
        if self.first_map_alone:
            entries["settings"]["first_map_alone"] = 1.0
        if self.recorded is not None:
            entries |= {
                "data": self.recorded.name,
                "split": "training, chosen on validation",
                "licence": f"as {self.recorded.name} allows; the labels and latents: {LICENCE}",
            }
        return {**entries, "intensities": self._intensities}

    @cached_property
    def _intensities(self) -> list[float]:
        """Of every ninth training frame, or of the recordings' first frames, at the size of the clips."""
        if self.recorded is not None:
            return [round(float(value), 4) for value in self.training.bank["quantiles"].mean(0)]
        ids = self.data.frame_ids(self.data.split("training"))[::EVERY]
        side = self.recipe.resolution
        frames = (self.data.read(frame_id) for frame_id in ids)
        shrunk = (
            (
                np.asarray(cv2.resize(frame.image, (side, side), interpolation=cv2.INTER_AREA), np.uint8),
                within_sector(frame.label_map.resized(side, side).ids),
            )
            for frame in frames
        )
        return [round(float(value), 4) for value in real_quantiles(shrunk)]
