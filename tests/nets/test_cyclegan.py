"""The CycleGAN's generators: shapes, the sector, noise as speckle, and the published size."""

import dataclasses

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from echo_studio.nets.cyclegan import CycleGAN, CycleGANConfig

SMALL = CycleGANConfig(widths=(8, 16), blocks=1, patch=2, fine_channels=4)
BUNDLED = CycleGANConfig(widths=(64, 96, 128), blocks=4, patch=4, fine_channels=12)


def network(**changes: int) -> CycleGAN:
    torch.manual_seed(0)
    net = CycleGAN(dataclasses.replace(SMALL, **changes))
    for parameter in net.parameters():  # zero-initialised convolutions would hide every dependence
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return net


def half_sector(count: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """One-hot maps, the left half outside and the right half sector and cavity; where they are inside."""
    ids = torch.zeros(count, 32, 32, dtype=torch.long)
    ids[:, :, 16:] = 4
    ids[:, 8:16, 20:28] = 1
    return torch.nn.functional.one_hot(ids, 5).permute(0, 3, 1, 2).float(), (ids > 0).float().unsqueeze(1)


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_both_ways_keep_the_size_and_know_the_sector(patch: int) -> None:
    net = network(patch=patch)
    labels, inside = half_sector()
    echo = net.to_echo(labels, torch.randn(2, 1, 32, 32))
    assert echo.shape == (2, 1, 32, 32)
    assert (echo[inside == 0] == -1).all()
    assert (echo[inside == 1].abs() < 1).all()
    logits = net.to_labels(echo, inside)
    assert logits.shape == (2, 5, 32, 32)
    assert torch.equal(logits.argmax(1) > 0, inside[:, 0] > 0)
    assert logits.softmax(1).isfinite().all()


def test_every_weight_learns_from_both_cycles() -> None:
    net = network()
    labels, inside = half_sector()
    echo = net.to_echo(labels, torch.randn(2, 1, 32, 32))
    again = net.to_echo(net.to_labels(echo, inside).softmax(1), torch.randn(2, 1, 32, 32))
    again.square().mean().backward()
    assert not [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]


def test_noise_and_labels_both_change_the_echo_pixel_by_pixel() -> None:
    net = network(patch=4)
    labels, _ = half_sector(1)
    noise = torch.randn(1, 1, 32, 32)
    base = net.to_echo(labels, noise)
    assert not torch.allclose(net.to_echo(labels, -noise), base, atol=1e-3)
    swapped = noise.clone()
    swapped[0, 0, 8, 24], swapped[0, 0, 8, 25] = noise[0, 0, 8, 25], noise[0, 0, 8, 24]
    assert not torch.allclose(net.to_echo(labels, swapped)[..., 8, 24], base[..., 8, 24], atol=1e-5)
    moved = labels.clone()
    moved[0, :, 10, 24] = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0])
    assert not torch.allclose(net.to_echo(moved, noise)[..., 10, 24], base[..., 10, 24], atol=1e-5)


def test_a_sample_alone_is_what_it_is_in_a_batch() -> None:
    net = network()
    labels, inside = half_sector(3)
    noise = torch.randn(3, 1, 32, 32)
    together = net.to_echo(labels, noise)
    torch.testing.assert_close(net.to_echo(labels[1:2], noise[1:2]), together[1:2])
    torch.testing.assert_close(net.to_labels(together[1:2], inside[1:2]), net.to_labels(together, inside)[1:2])


def test_the_bundled_shape_is_small_enough_to_bundle_and_quick_enough_to_use() -> None:
    with torch.device("meta"):
        net = CycleGAN(BUNDLED)
        assert sum(p.numel() for p in net.parameters()) * 2 <= 8 * 2**20
        labels, noise = torch.zeros(1, 5, 256, 256), torch.zeros(1, 1, 256, 256)
        with FlopCounterMode(display=False) as counter:
            net.to_echo(labels, noise)
    assert counter.get_total_flops() <= 8e9


def test_sides_must_be_divisible_by_the_factor() -> None:
    assert BUNDLED.factor == 16
    assert CycleGANConfig(widths=(64, 128, 256), patch=1).factor == 4
