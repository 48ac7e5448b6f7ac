"""Growing a CycleGAN: on frames twice the size it starts as what it was on the small ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from echo_studio.errors import CheckpointError
from echo_studio.generate.build import load_network
from echo_studio.nets.cyclegan import CycleGAN
from echo_studio.train.recipe import Recipe
from echo_studio.train.warm_start import initial_model
from tests.generate.tiny import tiny_cyclegan

MakeRecipe = Callable[..., Recipe]
SHAPE = {"widths": [8, 16], "blocks": 1, "patch": 2, "fine_channels": 4}


def twice(x: torch.Tensor) -> torch.Tensor:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def trunk(way: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What a generator unfolds to pixels, before the convolutions at full resolution."""
    kept: list[torch.Tensor] = []
    handle = way.fine.register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))  # type: ignore[union-attr, operator]
    way(x)
    handle.remove()
    return kept[0][:, :4]


@torch.no_grad()
def test_the_trunk_sees_and_says_on_large_frames_what_it_did_on_small_ones(recipe: MakeRecipe, tmp_path: Path) -> None:
    tiny_cyclegan(tmp_path / "small")
    _, small = load_network(tmp_path / "small")
    large = initial_model(recipe("cyclegan", network={**SHAPE, "patch": 4}), tmp_path / "small")
    assert isinstance(small, CycleGAN)
    assert isinstance(large, CycleGAN)
    labels = F.one_hot(torch.randint(0, 5, (1, 16, 16)), 5).permute(0, 3, 1, 2).float()
    noise, echo = torch.randn(1, 1, 32, 32), torch.randn(1, 1, 32, 32)
    before = trunk(small.echo, torch.cat([labels, 2 * F.avg_pool2d(noise, 2)], dim=1))
    torch.testing.assert_close(trunk(large.echo, torch.cat([twice(labels), noise], dim=1)), twice(before))
    before = trunk(small.label_map, F.avg_pool2d(echo, 2))
    torch.testing.assert_close(trunk(large.label_map, echo), twice(before))


def test_growing_by_more_than_twice_is_refused(recipe: MakeRecipe, tmp_path: Path) -> None:
    tiny_cyclegan(tmp_path / "small")
    with pytest.raises(CheckpointError, match="differences"):
        initial_model(recipe("cyclegan", network={**SHAPE, "patch": 8}), tmp_path / "small")
