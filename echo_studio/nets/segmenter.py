"""The segmenter, which labels frames as a tool; and the judge, of another architecture, which scores them.

The judge takes no part in making frames. Both have their encoder's features within reach.

MONAI loads all of itself with any of its modules, longer than torch takes. It is imported where a network is built, so
that a program that builds none does not wait for it.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
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
        """What the encoder's levels make of an image, finest first: for perceptual losses."""
        h = image.contiguous(memory_format=torch.channels_last)
        features: list[Tensor] = []
        block: nn.Module = self.unet.model
        # MONAI nests the levels: Sequential(down, SkipConnection(inner level), up), the last one a plain block.
        while isinstance(block, nn.Sequential) and len(block) == 3:
            h = block[0](h)
            features.append(h)
            block = block[1].get_submodule("submodule")
        return features

    def textures(self, image: Tensor) -> list[Tensor]:
        """What Fréchet distances are of: the second encoder level, a quarter of the resolution."""
        return [self.features(image)[1]]


@dataclass(frozen=True)
class JudgeConfig:
    """Shape of MONAI's `DynUNet`: filters a level, each at half the resolution of the one above, the first included."""

    filters: tuple[int, ...] = (16, 32, 64, 128, 160, 160)
    classes: int = 4  # outside and sector together, LV cavity, LV myocardium, left atrium


class Judge(nn.Module):
    """The judge: a second segmenter, which scores frames. Its labels are those of `Segmenter`.

    nnU-Net's plain network (Isensee et al. 2021) on half the resolution, its logits enlarged to it; `Segmenter`
    is a residual network on all of it.

    Shapes: images (b, 1, h, w) in [-1, 1], h and w divisible by 2 ** levels; logits (b, 4, h, w).
    """

    def __init__(self, config: JudgeConfig) -> None:
        from monai.networks.nets.dynunet import DynUNet  # noqa: PLC0415  (see above)

        super().__init__()
        self.config = config
        levels = len(config.filters)
        net = DynUNet(
            spatial_dims=2,
            in_channels=1,
            out_channels=config.classes,
            kernel_size=[3] * levels,
            strides=[2] * levels,
            upsample_kernel_size=[2] * (levels - 1),
            filters=config.filters,
        )
        # Its blocks alone: `DynUNet` holds each of them twice, so a checkpoint would too.
        self.down = nn.ModuleList([net.input_block, *net.downsamples, net.bottleneck])
        self.up = net.upsamples
        self.head = net.output_block

    def forward(self, image: Tensor) -> Tensor:
        *skips, h = self.features(image)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            h = block(h, skip)
        return F.interpolate(self.head(h), scale_factor=2.0, mode="bilinear", align_corners=False)

    def features(self, image: Tensor) -> list[Tensor]:
        """What the encoder's levels make of an image, finest first."""
        h = image.contiguous(memory_format=torch.channels_last)
        features: list[Tensor] = []
        for block in self.down:
            h = block(h)
            features.append(h)
        return features

    def textures(self, image: Tensor) -> list[Tensor]:
        """What Fréchet distances are of: the first convolution before its normalisation, and the second encoder level.

        Every block normalises each channel over the frame, so that no level sees gain; the first convolution does.
        """
        h = image.contiguous(memory_format=torch.channels_last)
        first, second = self.down[0], self.down[1]
        return [first.get_submodule("conv1")(h), second(first(h))]
