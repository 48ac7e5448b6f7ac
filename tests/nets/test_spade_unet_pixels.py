"""The backbone for whole frames: blocks of pixels through the U-Net, single pixels around it; two heads."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.unet_blocks import SpadeUNetConfig

SMALL = {"widths": (8, 16), "blocks": 1, "attention_levels": (1,), "head_channels": 8, "mask_channels": 4}
BUNDLED = {"widths": (48, 72, 96, 96), "blocks": 1, "attention_levels": (2, 3), "mask_channels": 16, "patch": 2}


def network(**changes: object) -> SpadeUNet:
    torch.manual_seed(0)
    net = SpadeUNet(SpadeUNetConfig(**{**SMALL, **changes}))  # type: ignore[arg-type]
    for parameter in net.parameters():  # zero-initialised convolutions would hide every dependence
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return net


def answer(net: SpadeUNet, x: torch.Tensor, one_hot: torch.Tensor) -> torch.Tensor:
    none = torch.zeros(len(x), dtype=torch.long)
    return net(x, torch.zeros(len(x)), net.prepare(one_hot, none, none))


def test_forward_and_backward_run_through_both_resolutions() -> None:
    net = network(patch=4, heads=2)
    made = answer(net, torch.randn(2, 1, 32, 32), torch.rand(2, 5, 32, 32))
    assert made.shape == (2, 2, 32, 32)
    made.square().mean().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert not [name for name in without if "embedding" not in name], without


def test_each_pixel_is_seen_and_each_label_pixel_too() -> None:
    net = network(patch=4)
    x, one_hot = torch.randn(1, 1, 32, 32), torch.rand(1, 5, 32, 32)
    base = answer(net, x, one_hot)
    # Two pixels of one block changed places: only the full resolution can tell.
    swapped = x.clone()
    swapped[0, 0, 8, 8], swapped[0, 0, 8, 9] = x[0, 0, 8, 9], x[0, 0, 8, 8]
    assert not torch.allclose(answer(net, swapped, one_hot)[..., 8, 8], base[..., 8, 8], atol=1e-4)
    moved = one_hot.clone()
    moved[0, :, 8, 8], moved[0, :, 8, 9] = one_hot[0, :, 8, 9], one_hot[0, :, 8, 8]
    assert not torch.allclose(answer(net, x, moved)[..., 8, 8], base[..., 8, 8], atol=1e-5)


def test_a_network_without_blocks_of_pixels_has_no_weights_for_them() -> None:
    assert not [name for name in network().state_dict() if name.startswith(("fine", "unfold"))]


def test_a_second_head_leaves_the_rest_of_the_network_alone() -> None:
    one, two = network().state_dict(), network(heads=2).state_dict()
    differ = {name for name in one if one[name].shape != two[name].shape}
    assert one.keys() == two.keys()
    assert differ == {"head.weight", "head.bias"}


def test_the_network_of_the_256_recipes_is_small_enough_to_bundle_and_quick_enough_to_use() -> None:
    net = SpadeUNet(SpadeUNetConfig(**BUNDLED))  # type: ignore[arg-type]
    assert sum(p.numel() for p in net.parameters()) * 2 <= 8 * 2**20
    none = torch.zeros(1, dtype=torch.long)
    with torch.inference_mode():
        prepared = net.prepare(torch.rand(1, 5, 256, 256), none, none)
        with FlopCounterMode(display=False) as counter:
            net(torch.randn(1, 1, 256, 256), torch.zeros(1), prepared)
    assert 10e9 < counter.get_total_flops() < 18e9
