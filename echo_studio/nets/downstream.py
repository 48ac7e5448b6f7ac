"""Networks that learn from generated frames and are tested on real ones: the papers' choices, by their libraries."""

import importlib
from collections.abc import Callable

import torch
from torch import Tensor, nn

from echo_studio.errors import CheckpointError, RecipeError, UnknownNameError

CHANNELS = (2, 4, 8, 16, 32, 64, 128, 256)
CLASSES = 4  # outside and sector together, LV cavity, LV myocardium, left atrium
BOTTOM = 2  # pixels a side at the bottom: instance normalisation needs more than one
HALVINGS = len(CHANNELS) - 1

VIEW_CLASSES = 2
LEAST_SIDE = 64


def unet8(side: int) -> nn.Module:
    """MONAI's U-Net with the paper's channels: images (b, 1, side, side) in [-1, 1] to logits (b, 4, side, side).

    Every layer halves at 256, the paper's size, where the first one works at 128 x 128 already. Smaller images skip
    the first halvings: at 128 all eight layers have the size that they have in the paper.

    Args:
        side: a power of two; above 256 the bottom grows.
    """
    from monai.networks.nets.unet import UNet  # noqa: PLC0415  (loads all of MONAI)

    halvings = min(HALVINGS, (side // BOTTOM).bit_length() - 1)
    strides = (1,) * (HALVINGS - halvings) + (2,) * halvings
    return UNet(2, 1, CLASSES, CHANNELS, strides, num_res_units=0)


def dynunet(side: int) -> nn.Module:
    """MONAI's DynUNet as nnU-Net configures itself for 2-D images (003 III-C): halved down to 8 pixels or less.

    32 channels at the top, doubled at every level up to 512, instance normalisation, leaky ReLU.
    """
    from monai.networks.nets.dynunet import DynUNet  # noqa: PLC0415  (loads all of MONAI)

    levels = (side // 8).bit_length()
    strides = [1] + [2] * (levels - 1)
    filters = [min(32 * 2**level, 512) for level in range(levels)]
    return DynUNet(2, 1, CLASSES, [3] * levels, strides, strides[1:], filters=filters)


def small_classifier(side: int) -> nn.Module:
    """MONAI's residual classifier with five halvings: 2CH or 4CH in milliseconds, without the extra `paper`."""
    from monai.networks.nets.classifier import Classifier  # noqa: PLC0415  (loads all of MONAI)

    return Classifier((1, side, side), VIEW_CLASSES, (8, 16, 32, 64, 64), (2,) * 5, num_res_units=1)


def efficientnet_v2_s(_side: int) -> nn.Module:
    """torchvision's EfficientNetV2-S from scratch (003 III-C), for one grey channel of any size.

    Raises:
        CheckpointError: no torchvision, or one that does not go with this torch.
    """
    try:
        models = importlib.import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:
        raise CheckpointError(
            expected="torchvision, which EfficientNetV2-S is from",
            got=str(error).splitlines()[0],
            remedy="install it with: pip install 'echo-studio[paper]', or take the classifier view-small",
        ) from error
    return _Colour(models.efficientnet_v2_s(weights=None, num_classes=VIEW_CLASSES))


class _Colour(nn.Module):
    """A network of photographs that sees grey: (b, 1, h, w) shown three times."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image.expand(-1, 3, -1, -1))


# Images float32 (b, 1, side, side) in [-1, 1] to logits: (b, 4, side, side), or (b, 2) in the order of `types.VIEWS`.
SEGMENTERS: dict[str, Callable[[int], nn.Module]] = {"unet8": unet8, "dynunet": dynunet}


CLASSIFIERS: dict[str, Callable[[int], nn.Module]] = {"small": small_classifier, "efficientnet-v2-s": efficientnet_v2_s}


def downstream_network(name: str, side: int, seed: int) -> nn.Module:
    """A fresh network of either registry; the same seed gives the same weights.

    Args:
        side: of the images in pixels: a power of two, 64 or more.

    Raises:
        UnknownNameError: no such network.
        RecipeError: another side.
        CheckpointError: a package is missing.
    """
    networks = SEGMENTERS | CLASSIFIERS
    if name not in networks:
        raise UnknownNameError("downstream network", name, networks)
    if side < LEAST_SIDE or side & (side - 1):
        raise RecipeError(
            expected=f"a resolution that is a power of two, {LEAST_SIDE} or more", got=str(side), remedy="take 128"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return networks[name](side).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
