"""The Gamma-VAE of 003: one latent channel, a Gamma posterior, latents that look like a small image."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ALPHA_FLOOR = 0.1  # below, gradients of Gamma sampling grow without bound


@dataclass(frozen=True)
class GammaVAEConfig:
    """Shape of the autoencoder: one entry of `channels` a level, each at half the resolution of the one above.

    The paper's are channels=(64, 128) for 128 x 128 latents of 256 x 256 images and
    (64, 128, 192) for 64 x 64, with blocks=2.
    """

    channels: tuple[int, ...] = (64, 128, 192)
    blocks: int = 2

    @property
    def factor(self) -> int:
        """Pixels a latent, along each axis."""
        return int(2 ** (len(self.channels) - 1))


class GammaVAE(nn.Module):
    """Encoder to (alpha, beta) a latent pixel, decoder back.

    Fully convolutional, with norms over channels alone: what it makes of a pixel does not depend on
    how much of the image it sees, so that it can be trained on crops.

    Shapes: images (b, 1, h, w) in [-1, 1]; latents (b, 1, h / factor, w / factor), positive.
    """

    def __init__(self, config: GammaVAEConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        encoder: list[nn.Module] = [nn.Conv2d(1, channels[0], 3, padding=1)]
        for level, width in enumerate(channels):
            encoder += [_Block(width) for _ in range(config.blocks)]
            if level + 1 < len(channels):
                encoder.append(nn.Conv2d(width, channels[level + 1], 3, stride=2, padding=1))
        encoder += [_ChannelNorm(channels[-1]), _SiLU(), nn.Conv2d(channels[-1], 2, 3, padding=1)]
        self.encoder = nn.Sequential(*encoder)
        decoder: list[nn.Module] = [nn.Conv2d(1, channels[-1], 3, padding=1)]
        for level in reversed(range(len(channels))):
            decoder += [_Block(channels[level]) for _ in range(config.blocks)]
            if level:
                # The first one keeps the place, and so the names of weights, of an upsampling that it was once.
                decoder += [nn.Identity(), DoublingConv(channels[level], channels[level - 1], 3, padding=1)]
        decoder += [_ChannelNorm(channels[0]), _SiLU(), nn.Conv2d(channels[0], 1, 3, padding=1)]
        self.decoder = nn.Sequential(*decoder)

    def posterior(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Shape alpha and rate beta of the Gamma posterior, float32."""
        raw = self.encoder(image.contiguous(memory_format=torch.channels_last)).float()
        alpha, beta = F.softplus(raw).chunk(2, dim=1)
        return alpha + ALPHA_FLOOR, beta + ALPHA_FLOOR

    def encode(self, image: Tensor, inside: Tensor) -> Tensor:
        """Expected latent alpha / beta (003 eq. 7), 0 outside the sector; `inside` (b, 1, h, w)."""
        alpha, beta = self.posterior(image)
        return alpha / beta * self.latent_inside(inside)

    def decode(self, latent: Tensor, inside: Tensor) -> Tensor:
        """Image in about [-1, 1], exactly -1 outside the sector; `inside` (b, 1, h, w) at image size."""
        image = self.decoder(latent.contiguous(memory_format=torch.channels_last)).float()
        return torch.where(inside > 0, image, -1.0)

    def latent_inside(self, inside: Tensor) -> Tensor:
        """(b, 1, h, w) in {0, 1} at latent size: 1 where any pixel below is inside."""
        return (F.max_pool2d(inside, self.config.factor) > 0).float()


def gamma_kl(alpha: Tensor, beta: Tensor, prior_alpha: float, prior_beta: float) -> Tensor:
    """KL(Gamma(alpha, beta) || Gamma(prior_alpha, prior_beta)) elementwise, the closed form of 003 eq. 5.

    003 writes the divergence with the arguments' roles named the other way round; this is the
    divergence of the posterior from the prior, which the evidence lower bound needs.
    """
    a0, b0 = torch.as_tensor(prior_alpha), torch.as_tensor(prior_beta)
    return (
        (alpha - a0) * torch.digamma(alpha)
        - torch.lgamma(alpha)
        + torch.lgamma(a0)
        + a0 * (torch.log(beta) - torch.log(b0))
        + alpha * (b0 - beta) / beta
    )


class DoublingConv(nn.Conv2d):
    """A 3 x 3 convolution of x at twice its size (nearest neighbour), without making the large copy.

    A new pixel sees only 2 x 2 old ones, so the kernel's taps on the same old pixel are summed beforehand: a
    transposed convolution of stride 2 with 16 taps for 4 new pixels instead of 36. Equal to rounding.
    """

    def forward(self, x: Tensor) -> Tensor:
        taps = self.weight.flip(2, 3).transpose(0, 1)
        taps = F.pad(taps, (0, 1)) + F.pad(taps, (1, 0))
        taps = F.pad(taps, (0, 0, 0, 1)) + F.pad(taps, (0, 0, 1, 0))
        return F.conv_transpose2d(x, taps, self.bias, stride=2, padding=1)


class _ChannelNorm(nn.Module):
    """Root-mean-square norm over the channels of each pixel, with a gain."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().mean(dim=1, keepdim=True) + 1e-4)
        normed, gain = x * scale.to(x.dtype), self.gain.to(x.dtype)[:, None, None]
        # In place where no gradient needs what was there: at full size, fresh memory costs more than the product.
        return normed * gain if torch.is_grad_enabled() else normed.mul_(gain)


class _SiLU(nn.Module):
    """SiLU of what a norm has just made, in place where no gradient needs that."""

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x, inplace=not torch.is_grad_enabled())


class _Block(nn.Module):
    """Residual block with activations (the released code has none)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.activation = _SiLU()
        self.norm_in = _ChannelNorm(channels)
        self.conv_in = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm_out = _ChannelNorm(channels)
        self.conv_out = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(self.activation(self.norm_in(x)))
        return self.conv_out(self.activation(self.norm_out(h))).add_(x)
