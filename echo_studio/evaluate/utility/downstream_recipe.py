"""Recipes of downstream training: everything that a run depends on besides its images. One TOML a network."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from echo_studio.data.augment import GeometricRanges
from echo_studio.errors import RecipeError, UnknownNameError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DownstreamAugmentation(_Strict):
    """Of images and labels alike, sampled anew each time (`data.augment`); alike for real and synthetic sets."""

    rotation_deg: float = Field(ge=0)
    translation: float = Field(ge=0, lt=1)
    scale: tuple[float, float]
    shear_deg: float = Field(ge=0)
    intensity: float = Field(ge=0)

    def ranges(self) -> GeometricRanges:
        """The geometric part."""
        return GeometricRanges(self.rotation_deg, self.translation, self.scale, self.shear_deg)


class DownstreamRecipe(_Strict):
    """One downstream training.

    Attributes:
        task: what the network learns: labels (cross-entropy and Dice loss) or the view (cross-entropy).
        network: a name of `nets.downstream`.
        resolution: side to which frames are resized, in pixels.
        epochs: passes over the synthetic set; a real set beside it gets as many images.
        learning_rate, betas: of Adam.
        decay: of the learning rate, to 0 at the end of the budget.
        checks: how often the validation curve is taken; the best point is kept.
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
    augmentation: DownstreamAugmentation | None = None


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
    try:
        recipe = DownstreamRecipe(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(expected="a recipe file", got=f"{path}: {error.strerror}", remedy="check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(expected=f"TOML in {path}", got=str(error), remedy="correct the syntax") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecipeError(
            expected=f"a valid entry {where} in {path}", got=first["msg"], remedy="compare with training/downstream"
        ) from error
    if recipe.task != task:
        raise RecipeError(
            expected=f"a recipe for {task}", got=f"{recipe.name}, which is for {recipe.task}", remedy="name another"
        )
    return recipe
