"""Frames of a data set in memory, the order in which training sees them, and files that keep what is made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.types import PHASES, VIEWS


@dataclass(frozen=True)
class Frames:
    """n frames at one size: image uint8 (n, h, w), ids uint8 (n, h, w), view and phase int64 (n,)."""

    image: Tensor
    ids: Tensor
    view: Tensor
    phase: Tensor

    def __len__(self) -> int:
        return len(self.image)

    def pixels(self, index: Tensor) -> Tensor:
        """float32 (b, 1, h, w) in [-1, 1]."""
        return self.image[index].unsqueeze(1).float() / 127.5 - 1

    def thinned(self, count: int) -> "Frames":
        """About so many of them, evenly spread."""
        step = max(1, len(self) // count)
        return Frames(self.image[::step], self.ids[::step], self.view[::step], self.phase[::step])


def load_frames(data: CamusFolder, split: str, resolution: int, *, sector_only: bool) -> Frames:
    """Read a split and resize every frame to resolution x resolution: images by area, labels by nearest neighbour.

    With `sector_only`, labels end where the sector ends, as generators see them; segmenters learn the
    annotators' whole shapes.
    """
    frame_ids = data.frame_ids(data.split(split))
    images, ids = [], []
    for frame_id in frame_ids:
        frame = data.read(frame_id)
        grows = frame.image.shape[0] < resolution
        size = (resolution, resolution)
        images.append(cv2.resize(frame.image, size, interpolation=cv2.INTER_LINEAR if grows else cv2.INTER_AREA))
        labels = frame.label_map.resized(resolution, resolution).ids
        ids.append(within_sector(labels) if sector_only else labels)
    return Frames(
        torch.from_numpy(np.stack(images)),
        torch.from_numpy(np.stack(ids)),
        torch.tensor([VIEWS.index(frame_id.view) for frame_id in frame_ids]),
        torch.tensor([PHASES.index(frame_id.phase) for frame_id in frame_ids]),
    )


def batch_indices(count: int, batch: int, step: int, seed: int) -> Tensor:
    """Which frames step `step` sees: consecutive stretches of one permutation an epoch, from seed and epoch alone."""
    position = torch.arange(step * batch, (step + 1) * batch)
    epochs = position // count
    order = {
        int(epoch): torch.randperm(count, generator=torch.Generator().manual_seed(seed * 1_000_003 + int(epoch)))
        for epoch in epochs.unique()
    }
    return torch.stack([order[int(epoch)][place] for epoch, place in zip(epochs, position % count, strict=True)])


def kept(path: Path, key: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors by name that `make` gives, or those that an earlier call with the same key left at `path`."""
    bank = load_file(path) if path.is_file() else {}
    if bank.pop("key", torch.zeros(0)).tolist() != list(key.encode()):
        bank = make()
        temporary = path.with_suffix(".tmp")
        save_file({**bank, "key": torch.tensor(list(key.encode()), dtype=torch.uint8)}, temporary)
        temporary.replace(path)
    return bank
