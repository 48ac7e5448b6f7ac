"""What a denoiser learns to bring back: clean frames or latents, each with its condition."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.labels import LABEL_COUNT, LABEL_COUNTS, SCHEMA
from echo_studio.data.augment import GeometricRanges, cropped, random_affine, random_corners, random_crops, warp
from echo_studio.diffusion.denoiser import Condition
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.codec import Codec
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.frames import Frames, kept
from echo_studio.train.samples.inserts import with_insert


class PixelSamples:
    """Frames as they are, each with a new geometric augmentation whenever it is seen (003 III-E).

    Samples are on the CPU, of one size. All kinds have `sigma_data`, the standard deviation inside the sector, `limit`,
    the largest absolute value there, and `batch`: clean float32 (b, 1, h, w) and what guides it, with random numbers
    from torch's global generator.

    Args:
        frames: of the training split.
        codec: of pixels.
        ranges: of the augmentation.
        crop: side of the crops that are seen, in pixels; 0 for whole frames. A crop of a quarter costs a quarter, so
            that a batch holds four times the hearts and noise levels (Wang et al. 2023, Patch Diffusion).
    """

    limit = 1.0

    def __init__(self, frames: Frames, codec: Codec, ranges: GeometricRanges, crop: int = 0) -> None:
        self.frames, self.codec, self.ranges, self.crop = frames, codec, ranges, crop
        self.sigma_data = float((frames.image[frames.ids > 0].float() / 127.5 - 1).std())

    def __len__(self) -> int:
        return len(self.frames)

    def batch(self, index: Tensor) -> tuple[Tensor, Condition]:
        image, ids = warp(self.frames.pixels(index), self.frames.ids[index], random_affine(len(index), self.ranges))
        if self.crop:
            image, ids = random_crops(image, ids, self.crop, multiple=1)
        clean = self.codec.encode(image, (ids > 0).float().unsqueeze(1))
        return clean, Condition(soft_one_hot(ids, 1), self.frames.view[index], self.frames.phase[index])


class LatentSamples:
    """Latents and label maps at their resolution, encoded beforehand.

    Args:
        bank: `latent` float16 (n, 1, h, w), `one_hot` float16 (n, 5 or 7, h, w), `view` and `phase` int64 (n,).
        crop: as of `PixelSamples`, in latent pixels.
    """

    def __init__(self, bank: dict[str, Tensor], crop: int = 0) -> None:
        self.bank, self.crop = bank, crop
        inside = bank["latent"].float()[bank["one_hot"][:, :1] < 1.0]
        self.sigma_data, self.limit = float(inside.std()), float(inside.abs().max())

    def __len__(self) -> int:
        return len(self.bank["latent"])

    def batch(self, index: Tensor) -> tuple[Tensor, Condition]:
        latent, one_hot = self.bank["latent"][index], self.bank["one_hot"][index]
        if self.crop:
            corners = random_corners(one_hot[:, 0] < 0.5, self.crop, multiple=1)
            latent, one_hot = cropped(latent, *corners, self.crop), cropped(one_hot, *corners, self.crop)
        return latent.float(), Condition(one_hot.float(), self.bank["view"][index], self.bank["phase"][index])


def encoded_beforehand(
    frames: Frames, codec: Codec, recipe: Recipe, copies: int, codec_sha256: str, cache: Path, device: torch.device
) -> dict[str, Tensor]:
    """Encode every frame and its augmented copies once, or read what an earlier call with the same settings left.

    Encoding costs more than a step of a small network. The first copy is the frame itself. For a network that knows
    fluid and masses every second copy is the frame with one of them put in; other copies are warped. The result is a
    bank of `LatentSamples`.

    Args:
        frames: of the training split.
        codec: Gamma-VAE latents, already on `device`.
        recipe: seed, precision and augmentation.
        copies: of each frame.
        codec_sha256: of the codec's weights.
        cache: folder that keeps the result.
        device: for encoding.
    """
    path = cache / "encoded.safetensors"
    labels = int(recipe.network.get("labels", LABEL_COUNTS[SCHEMA]))
    key = "/".join([codec_sha256, str(copies), str(recipe.seed), str(recipe.augmentation), str(labels)])
    return kept(path, key, lambda: _encode_all(frames, codec, recipe, copies, labels, device))


@torch.no_grad()
def _encode_all(
    frames: Frames, codec: Codec, recipe: Recipe, copies: int, labels: int, device: torch.device
) -> dict[str, Tensor]:
    latents, one_hots = [], []
    for copy in range(copies):
        torch.manual_seed(recipe.seed * 1009 + copy)
        random = np.random.default_rng(recipe.seed * 1009 + copy)
        for index in torch.arange(len(frames)).split(8):
            image, ids = frames.pixels(index), frames.ids[index]
            if labels == LABEL_COUNT and copy % 2:
                image, ids = _with_inserts(image, ids, random)
            elif copy:
                image, ids = warp(image, ids, random_affine(len(index), recipe.augmentation.ranges()))
            inside = (ids > 0).float().unsqueeze(1).to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
                latent = codec.encode(image.to(device), inside)
            latents.append(latent.half().cpu())
            one_hots.append(soft_one_hot(ids, codec.factor, labels).half())
    return {
        "latent": torch.cat(latents).contiguous(),
        "one_hot": torch.cat(one_hots).contiguous(),
        "view": frames.view.repeat(copies),
        "phase": frames.phase.repeat(copies),
    }


def _with_inserts(image: Tensor, ids: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Frames float32 (b, 1, h, w) in [-1, 1] and label maps uint8 (b, h, w), each with fluid or a mass put in."""
    grey = ((image[:, 0] + 1) * 127.5).round().to(torch.uint8).numpy()
    made = [with_insert(*one, random) for one in zip(grey, ids.numpy(), strict=True)]
    pixels, labels = (torch.from_numpy(np.stack(part)) for part in zip(*made, strict=True))
    return pixels.unsqueeze(1).float() / 127.5 - 1, labels
