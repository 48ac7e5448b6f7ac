"""The 8-layer U-Net of 000 (2.2), after Gilbert et al. 2021: 2 channels at the top, 256 at the bottom."""

from monai.networks.nets.unet import UNet
from torch import nn

CHANNELS = (2, 4, 8, 16, 32, 64, 128, 256)
CLASSES = 4  # outside and sector together, LV cavity, LV myocardium, left atrium
BOTTOM = 2  # pixels a side at the bottom: instance normalisation needs more than one
HALVINGS = len(CHANNELS) - 1


def unet8(side: int) -> nn.Module:
    """MONAI's U-Net with the paper's channels: images (b, 1, side, side) in [-1, 1] to logits (b, 4, side, side).

    Every layer halves at 256, the paper's size, where the first one works at 128 x 128 already. Smaller images skip
    the first halvings: at 128 all eight layers have the size that they have in the paper.

    Args:
        side: a power of two; above 256 the bottom grows.
    """
    halvings = min(HALVINGS, (side // BOTTOM).bit_length() - 1)
    strides = (1,) * (HALVINGS - halvings) + (2,) * halvings
    return UNet(2, 1, CLASSES, CHANNELS, strides, num_res_units=0)
