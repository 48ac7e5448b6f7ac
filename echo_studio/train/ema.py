"""Exponential moving average of weights, with its half-life in images and a ramp at the start."""

import copy

import torch
from torch import nn


class Ema:
    """The averaged twin of a model.

    Args:
        model: whose weights are followed.
        half_life_images: images after which a weight's share has halved; shorter at first, when the
            weights are still far from anything worth averaging (Karras et al. 2022, released code).
    """

    def __init__(self, model: nn.Module, half_life_images: int) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.half_life_images = half_life_images

    @torch.no_grad()
    def update(self, model: nn.Module, images_seen: int, batch: int) -> None:
        """Follow the model after one step."""
        half_life = min(self.half_life_images, max(images_seen, 1) * 0.05)
        decay = 0.5 ** (batch / half_life)
        for mean, value in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for kept, present in zip(self.model.buffers(), model.buffers(), strict=True):
            kept.copy_(present)
