"""Generators of recipes without weights: how fast one is does not depend on what it has learned."""

from pathlib import Path

import torch

from benchmarks.workload import codec_of
from echo_studio.diffusion.families import FAMILIES
from echo_studio.generate.build import build_network, denoiser_of
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.codec import Codec, LatentCodec, PixelCodec
from echo_studio.generate.generator import DirectGenerator, Generator, SampledGenerator
from echo_studio.train.recipe import Recipe, read_recipe

CYCLEGAN = "cyclegan"
TRAINING = Path(__file__).resolve().parent.parent / "training"


def recipe_files(folder: Path) -> dict[Path, Recipe]:
    """The recipes of a folder by their files, in order."""
    return {path: read_recipe(path) for path in sorted(folder.glob("*.toml"))}


def recipes(folder: Path) -> dict[str, Recipe]:
    """The recipes of a folder by the names of what they train; stages of one training have one shape."""
    return {recipe.name: recipe for recipe in recipe_files(folder).values()}


def makes_frames(recipe: Recipe) -> bool:
    """Whether `untrained_generator` can make a generator of it."""
    return recipe.kind in FAMILIES or recipe.kind == CYCLEGAN


def untrained_generator(recipe: Recipe, beside: dict[str, Recipe]) -> Generator:
    """The generator of a recipe with random weights, its codec from the recipes beside it."""
    torch.manual_seed(0)
    settings = {"sigma_data": 0.5, "background": -1.0, "limit": 1.0}
    card = Card(recipe.name, recipe.kind, recipe.title, "", "", recipe.network, settings, recipe.resolution)
    network = build_network(recipe.kind, recipe.network).eval().requires_grad_(False)
    device = torch.device("cpu")
    if recipe.kind == CYCLEGAN:
        return DirectGenerator(card, device, PixelCodec(), network)  # type: ignore[arg-type]
    codec: Codec = PixelCodec()
    if below := codec_of(recipe, beside):
        vae = build_network(below.kind, below.network).eval().requires_grad_(False)
        codec = LatentCodec(vae, 0.35, 2.0)  # type: ignore[arg-type]
    return SampledGenerator(card, device, codec, denoiser_of(card, network))
