"""The segmenter that measures adherence: MONAI's residual U-Net, with its encoder's features within reach.

MONAI loads all of itself with any of its modules, longer than torch takes. It is imported where a network is built, so
that a program that builds none does not wait for it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class SegmenterConfig:
    """Shape of MONAI's `UNet`: channels a level, each at half the resolution of the one above, the first included."""

    channels: tuple[int, ...] = (16, 32, 64, 128, 256)
    residual_units: int = 2
    classes: int = 4  # outside and sector together, LV cavity, LV myocardium, left atrium


class Segmenter(nn.Module):
    """Echo frames to labels 0 to 3 (0 for sector and outside alike, as in CAMUS).

    Shapes: images (b, 1, h, w) in [-1, 1], h and w divisible by 32; logits (b, 4, h, w).
    """

    def __init__(self, config: SegmenterConfig) -> None:
        from monai.networks.nets.unet import UNet  # noqa: PLC0415  (see above)

        super().__init__()
        self.config = config
        self.unet = UNet(
            spatial_dims=2,
            in_channels=1,
            out_channels=config.classes,
            channels=config.channels,
            strides=(2,) * (len(config.channels) - 1),
            num_res_units=config.residual_units,
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.unet(image.contiguous(memory_format=torch.channels_last))

    def features(self, image: Tensor) -> list[Tensor]:
        """What the encoder's levels make of an image, finest first: for perceptual losses and Frechet distances."""
        h = image.contiguous(memory_format=torch.channels_last)
        features: list[Tensor] = []
        block: nn.Module = self.unet.model
        # MONAI nests the levels: Sequential(down, SkipConnection(inner level), up), the last one a plain block.
        while isinstance(block, nn.Sequential) and len(block) == 3:
            h = block[0](h)
            features.append(h)
            block = block[1].get_submodule("submodule")
        return features
