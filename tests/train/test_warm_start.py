"""Starting from another family's weights: what carries over, and what starts anew."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from echo_studio.diffusion.families import FAMILIES, family
from echo_studio.errors import CheckpointError
from echo_studio.generate.build import build_network, load_network
from echo_studio.generate.catalog import bundled_checkpoints
from echo_studio.generate.checkpoint import Card, write_checkpoint
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.train.recipe import Recipe
from echo_studio.train.warm_start import across_families, initial_model

MakeRecipe = Callable[..., Recipe]
SHAPE = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}


def checkpoint(kind: str, folder: Path) -> SpadeUNet:
    """A network of that family with every weight awake, as it comes back from fp16."""
    torch.manual_seed(1)
    network = build_network(kind, SHAPE)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    card = Card(folder.name, kind, "Tiny", "For tests.", "none", SHAPE, {"background": 0.0}, 64)
    write_checkpoint(folder, card, network)
    assert isinstance(network, SpadeUNet)
    return network.half().float()


def warm(recipe: Recipe, folder: Path) -> SpadeUNet:
    network = initial_model(recipe, folder)
    assert isinstance(network, SpadeUNet)
    return network


@pytest.mark.parametrize("after", ["ve", "vp", "sdm"])
def test_a_trained_embedding_of_the_noise_level_keeps_its_meaning(after: str) -> None:
    _, network = load_network(bundled_checkpoints() / "edm-l64")
    assert isinstance(network, SpadeUNet)
    before, kind = family("edm", {"sigma_data": 0.5}), family(after, {})
    sigma = torch.logspace(-2, 1.7, 40)
    told = kind.coefficients(sigma).noise * kind.noise_unit
    wanted = network.embed_noise(before.coefficients(sigma).noise * before.noise_unit)
    untouched = network.embed_noise(told)
    across_families(network, before, kind)
    spread = (wanted - wanted.mean(0)).std()
    assert float((untouched - wanted).std() / spread) > 0.7
    assert float((network.embed_noise(told) - wanted).std() / spread) < 0.25


@pytest.mark.parametrize("before", FAMILIES)
@pytest.mark.parametrize("after", FAMILIES)
def test_all_but_head_and_embedding_carries_over(before: str, after: str, recipe: MakeRecipe, tmp_path: Path) -> None:
    old = checkpoint(before, tmp_path / "old").state_dict()
    new = warm(recipe(after, network=SHAPE), tmp_path / "old").state_dict()
    for name, value in old.items():
        if not name.startswith(("head.", "noise_embedding.2")):
            assert torch.equal(value, new[name]), name


def test_the_head_keeps_predicting_the_noise_and_a_new_head_is_zero(recipe: MakeRecipe, tmp_path: Path) -> None:
    old = checkpoint("edm", tmp_path / "edm").state_dict()["head.weight"]
    assert torch.equal(warm(recipe("ve", network=SHAPE), tmp_path / "edm").state_dict()["head.weight"], old)
    assert torch.equal(warm(recipe("vp", network=SHAPE), tmp_path / "edm").state_dict()["head.weight"], -old)
    first, second = warm(recipe("sdm", network=SHAPE), tmp_path / "edm").state_dict()["head.weight"].chunk(2)
    assert torch.equal(first, -old)
    assert not second.any()
    sdm = checkpoint("sdm", tmp_path / "sdm").state_dict()["head.weight"]
    assert torch.equal(warm(recipe("vp", network=SHAPE), tmp_path / "sdm").state_dict()["head.weight"], sdm[:1])


def test_the_same_family_starts_exactly_where_the_checkpoint_is(recipe: MakeRecipe, tmp_path: Path) -> None:
    old = checkpoint("sdm", tmp_path / "sdm").state_dict()
    new = warm(recipe("sdm", network=SHAPE), tmp_path / "sdm").state_dict()
    assert all(torch.equal(old[name], new[name]) for name in old)


def test_another_backbone_is_refused(recipe: MakeRecipe, tmp_path: Path) -> None:
    checkpoint("edm", tmp_path / "edm")
    other = {**SHAPE, "widths": [8, 24]}
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
