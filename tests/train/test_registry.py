"""Starting from another family's weights: what carries over, and what starts anew."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from echo_studio.diffusion.denoiser import Condition, Preconditioned
from echo_studio.diffusion.families import family
from echo_studio.errors import CheckpointError
from echo_studio.generate.build import build_network, load_network
from echo_studio.generate.checkpoint import Card, write_checkpoint
from echo_studio.nets.cyclegan import CycleGAN
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.train.recipe import Recipe
from echo_studio.train.registry import initial_model
from tests.generate.tiny import tiny_cyclegan

MakeRecipe = Callable[..., Recipe]
CYCLEGAN = {"widths": [8, 16], "blocks": 1, "patch": 2, "fine_channels": 4}


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
    large = initial_model(recipe("cyclegan", network={**CYCLEGAN, "patch": 4}), tmp_path / "small")
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
        initial_model(recipe("cyclegan", network={**CYCLEGAN, "patch": 8}), tmp_path / "small")


MakeRecipe = Callable[..., Recipe]
SHAPE = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}


def checkpoint(kind: str, folder: Path) -> SpadeUNet:
    """A network of that family with every weight awake, as it comes back from fp16."""
    torch.manual_seed(1)
    network = build_network(kind, SHAPE)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    card = Card(folder.name, kind, "Tiny", "For tests.", "none", SHAPE, {"background": 0.0, "sigma_data": 0.5}, 64)
    write_checkpoint(folder, card, network)
    assert isinstance(network, SpadeUNet)
    return network.half().float()


def warm(recipe: Recipe, folder: Path) -> SpadeUNet:
    network = initial_model(recipe, folder)
    assert isinstance(network, SpadeUNet)
    return network


@pytest.mark.parametrize("after", ["ve", "vp", "sdm"])
def test_across_families_the_denoiser_is_at_first_the_same(after: str, recipe: MakeRecipe, tmp_path: Path) -> None:
    """The estimates of EDM's denoiser, asked in the terms of another family."""
    old = checkpoint("edm", tmp_path / "edm").eval()
    new = warm(recipe(after, network={**SHAPE, "level_knots": 2048}), tmp_path / "edm").eval()
    torch.manual_seed(3)
    one_hot = torch.nn.functional.one_hot(torch.randint(1, 5, (2, 16, 16)), 5).permute(0, 3, 1, 2).float()
    condition = Condition(one_hot, torch.tensor([0, 1]), torch.tensor([1, 0]))
    before = Preconditioned(old, family("edm", {"sigma_data": 0.5}), 0.0)
    now = Preconditioned(new, family(after, {}), 0.0)
    for level in (0.05, 0.5, 5.0, 50.0):
        sigma = torch.full((2,), level)
        x = torch.randn(2, 1, 16, 16) * level
        with torch.no_grad():
            wanted = before(x, sigma, before.prepare(condition))
            found = now(x, sigma, now.prepare(condition))
        assert torch.allclose(found, wanted, atol=0.02 * float(wanted.std())), level


def test_a_new_head_is_zero(recipe: MakeRecipe, tmp_path: Path) -> None:
    old = checkpoint("edm", tmp_path / "edm").state_dict()["head.weight"]
    new = warm(recipe("sdm", network={**SHAPE, "level_knots": 64}), tmp_path / "edm").state_dict()["head.weight"]
    first, second = new.chunk(2)
    assert torch.equal(first, old)
    assert not second.any()


def test_across_families_a_network_needs_a_level_table_and_weights_without(recipe: MakeRecipe, tmp_path: Path) -> None:
    checkpoint("edm", tmp_path / "edm")
    with pytest.raises(CheckpointError, match="level_knots"):
        warm(recipe("vp", network=SHAPE), tmp_path / "edm")


def test_a_level_table_survives_a_checkpoint_unrounded(recipe: MakeRecipe, tmp_path: Path) -> None:
    checkpoint("edm", tmp_path / "edm")
    shape = {**SHAPE, "level_knots": 64}
    network = warm(recipe("vp", network=shape), tmp_path / "edm")
    card = Card("vp", "vp", "Tiny", "For tests.", "none", shape, {"background": 0.0}, 64)
    write_checkpoint(tmp_path / "vp", card, network)
    _, back = load_network(tmp_path / "vp")
    assert torch.equal(back.state_dict()["levels.values"], network.state_dict()["levels.values"])


def test_the_same_family_starts_exactly_where_the_checkpoint_is(recipe: MakeRecipe, tmp_path: Path) -> None:
    old = checkpoint("sdm", tmp_path / "sdm").state_dict()
    new = warm(recipe("sdm", network=SHAPE), tmp_path / "sdm").state_dict()
    assert all(torch.equal(old[name], new[name]) for name in old)


def test_labels_that_are_new_to_a_network_change_nothing_at_first(recipe: MakeRecipe, tmp_path: Path) -> None:
    old = checkpoint("edm", tmp_path / "edm").eval()
    new = warm(recipe("edm", network={**SHAPE, "labels": 7}), tmp_path / "edm").eval()
    torch.manual_seed(3)
    one_hot = torch.nn.functional.one_hot(torch.randint(1, 5, (2, 16, 16)), 5).permute(0, 3, 1, 2).float()
    more = torch.cat([one_hot, torch.rand(2, 2, 16, 16)], 1)
    x, sigma = torch.randn(2, 1, 16, 16), torch.full((2,), 0.5)
    found = []
    for network, labels in ((old, one_hot), (new, more)):
        denoiser = Preconditioned(network, family("edm", {"sigma_data": 0.5}), 0.0)
        with torch.no_grad():
            found.append(
                denoiser(x, sigma, denoiser.prepare(Condition(labels, torch.tensor([0, 1]), torch.tensor([1, 0]))))
            )
    assert torch.allclose(found[0], found[1], atol=1e-6)


def test_another_backbone_is_refused(recipe: MakeRecipe, tmp_path: Path) -> None:
    checkpoint("edm", tmp_path / "edm")
    other = {**SHAPE, "widths": [8, 24], "level_knots": 64}
    with pytest.raises(CheckpointError, match="differences"):
        warm(recipe("vp", network=other), tmp_path / "edm")


def test_blocks_of_pixels_give_their_u_net_to_latents(recipe: MakeRecipe, tmp_path: Path) -> None:
    """On an image that is constant in each block the stem sees what the other stem sees in the block."""
    torch.manual_seed(2)
    old = build_network("edm", {**SHAPE, "patch": 2})
    card = Card("old", "edm", "Tiny", "For tests.", "none", {**SHAPE, "patch": 2}, {"background": 0.0}, 64)
    write_checkpoint(tmp_path / "old", card, old)
    new = warm(recipe("edm", network=SHAPE), tmp_path / "old")
    before, after = old.half().float().state_dict(), new.state_dict()
    shared = [key for key in after if not key.startswith(("head", "stem.weight"))]
    assert len(shared) > 20
    assert all(torch.equal(before[key], after[key]) for key in shared)
    latent = torch.randn(1, 1, 8, 8)
    blocks = torch.nn.functional.pixel_unshuffle(latent.repeat_interleave(2, 2).repeat_interleave(2, 3), 2)
    assert isinstance(old, SpadeUNet)
    assert torch.allclose(new.stem(latent), old.stem(blocks), atol=1e-5)
