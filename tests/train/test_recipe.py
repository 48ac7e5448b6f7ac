"""Recipes: every shipped one is valid and builds its network; a wrong one is refused with its entry's name."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from echo_studio.errors import RecipeError
from echo_studio.generate.build import build_network
from echo_studio.train.recipe import Recipe, read_recipe
from echo_studio.train.samples.frames import batch_indices

TRAINING = Path(__file__).parents[2] / "training"
RECIPES = sorted([*TRAINING.glob("*.toml"), *(TRAINING / "papers").glob("*.toml")])


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_recipe_builds_its_network(path: Path) -> None:
    recipe = read_recipe(path)
    with torch.device("meta"):  # the papers' networks have hundreds of millions of parameters
        network = build_network(recipe.kind, recipe.network)
    assert sum(parameter.numel() for parameter in network.parameters()) > 100_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "TOML"),
        ("[budget]\nimages = 0", "valid entry"),
        ("nmae = 'x'", "valid entry"),
    ],
)
def test_a_wrong_recipe_is_one_clear_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(RecipeError, match="No such file"):
        read_recipe(tmp_path / "none.toml")


def test_an_epoch_shows_every_frame_once() -> None:
    seen = torch.cat([batch_indices(10, 4, step, seed=7) for step in range(5)])
    assert sorted(seen[:10].tolist()) == list(range(10))
    assert sorted(seen[10:20].tolist()) == list(range(10))
    assert seen[:10].tolist() != seen[10:20].tolist()


def test_unknown_entries_of_a_kinds_loss_are_refused(
    recipe: Callable[..., Recipe], data: object, tmp_path: Path
) -> None:
    from echo_studio.train.registry import task_for

    with pytest.raises(RecipeError, match="loss"):
        task_for(recipe("edm", loss={"p_maen": 1.0}), data, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match=r"label_dropout, crop in \[loss\] of kind ve"):
        task_for(recipe("ve", loss={"p_mean": 1.0}), data, tmp_path)  # type: ignore[arg-type]
