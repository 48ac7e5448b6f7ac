"""Recipes of downstream training: everything that a run depends on besides its images. One TOML a network."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from echo_studio.data.recipe_file import Augmentation, Strict, read_recipe_file
from echo_studio.errors import RecipeError, UnknownNameError


class DownstreamRecipe(Strict):
    """One downstream training.

    Attributes:
        task: what the network learns: labels (cross-entropy and Dice loss) or the view (cross-entropy).
        network: a name of `nets.downstream`.
        resolution: side to which frames are resized, in pixels.
        epochs: passes over the synthetic set; a real set beside it gets as many images.
        learning_rate, betas: of Adam.
        decay: of the learning rate, to 0 at the end of the budget.
        checks: how often the validation curve is taken; the best point is kept.
        augmentation: of images and labels alike, sampled anew each time; alike for real and synthetic sets.
        largest_piece: found labels are reduced to their largest piece, as in nnU-Net's post-processing.
    """

    name: str
    paper: str
    task: Literal["segmentation", "view"]
    network: str
    resolution: int
    epochs: int = Field(gt=0)
    batch: int = Field(gt=1)
    learning_rate: float = Field(gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    decay: Literal["none", "cosine"]
    checks: int = Field(gt=0)
    largest_piece: bool = False
    augmentation: Augmentation | None = None


@cache
def recipes_folder() -> Path:
    """Where the bundled recipes are: inside the installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parent.parent.parent
    places = (package / "training" / "downstream", package.parent / "training" / "downstream")
    return next((place for place in places if place.is_dir()), places[0])


def bundled_recipes() -> dict[str, Path]:
    """The bundled recipes by name."""
    return {path.stem: path for path in sorted(recipes_folder().glob("*.toml"))}


def downstream_recipe(name: str, task: str) -> DownstreamRecipe:
    """A bundled recipe by its name, or any by its path.

    Args:
        task: what it must be for.

    Raises:
        UnknownNameError: no such recipe.
        RecipeError: it cannot be read, holds an impossible entry, or is for another task.
    """
    bundled = bundled_recipes()
    path = Path(name) if name.endswith(".toml") else bundled.get(name)
    if path is None:
        raise UnknownNameError("downstream recipe", name, bundled)
    recipe = read_recipe_file(path, DownstreamRecipe, "compare with training/downstream")
    if recipe.task != task:
        raise RecipeError(
            expected=f"a recipe for {task}", got=f"{recipe.name}, which is for {recipe.task}", remedy="name another"
        )
    return recipe
