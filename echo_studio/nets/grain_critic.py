"""What tells painted grain from real grain while a `GrainDecoder` is trained: crops and their high-pass."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.nets.grain_decoder import LOOKS


class GrainCritic(nn.Module):
    """Scores of a crop at three scales, from the crop, its high-pass and the latent below it.

    No spectral norm: with it the critic did not see grain at all. The finest scores come from full resolution, where
    grain is; the others from half and an eighth of it.

    Shapes: image (b, 1, h, w) in [-1, 1]; latent (b, 1, h / factor, w / factor); looks (b, 2).
    """

    def __init__(self) -> None:
        super().__init__()
        self.at_full = nn.Sequential(
            nn.Conv2d(2, 24, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(24, 24, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.at_half = nn.Sequential(nn.Conv2d(25, 64, 4, 2, 1), nn.LeakyReLU(0.2))
        self.at_quarter = nn.Sequential(nn.Conv2d(64, 96, 4, 2, 1), nn.LeakyReLU(0.2))
        self.at_eighth = nn.Sequential(nn.Conv2d(96, 128, 4, 2, 1), nn.LeakyReLU(0.2))
        self.scores = nn.ModuleList([nn.Conv2d(width, 1, 1) for width in (24, 64, 128)])
        self.looks = nn.Linear(len(LOOKS), 128)

    def forward(self, image: Tensor, latent: Tensor, looks: Tensor) -> list[Tensor]:
        fine = 4 * (image - blur(image, 1.5))
        first = self.at_full(torch.cat([image, fine], 1).contiguous(memory_format=torch.channels_last))
        second = self.at_half(torch.cat([first, F.interpolate(latent, size=first.shape[-2:])], 1))
        last = self.at_eighth(self.at_quarter(second))
        of_looks = (last * self.looks(looks)[:, :, None, None]).mean(1, keepdim=True)
        return [self.scores[0](first), self.scores[1](second), self.scores[2](last) + of_looks]


def blur(image: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur of float32 (b, 1, h, w), mirrored at the border."""
    radius = max(1, int(3 * sigma))
    taps = torch.exp(-((torch.arange(-radius, radius + 1, device=image.device) / sigma) ** 2) / 2)
    taps = taps / taps.sum()
    padded = F.pad(image, (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, taps[None, None, None]), taps[None, None, :, None])
