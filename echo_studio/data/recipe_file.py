"""What recipes of every training share: TOML files whose entries pydantic checks, and the entries of augmentation."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from echo_studio.data.augment import GeometricRanges
from echo_studio.errors import RecipeError


class Strict(BaseModel):
    """A part of a recipe: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Augmentation(Strict):
    """Geometric ranges (see `data.augment.GeometricRanges`) and the strength of intensity changes."""

    rotation_deg: float = Field(default=5.0, ge=0)
    translation: float = Field(default=0.05, ge=0, lt=1)
    scale: tuple[float, float] = (0.8, 1.05)
    shear_deg: float = Field(default=5.0, ge=0)
    intensity: float = Field(default=0.0, ge=0)

    def ranges(self) -> GeometricRanges:
        """The geometric part."""
        return GeometricRanges(self.rotation_deg, self.translation, self.scale, self.shear_deg)


RecipeT = TypeVar("RecipeT", bound=Strict)


def read_recipe_file(path: Path, kind: type[RecipeT], remedy: str) -> RecipeT:
    """Parse and validate a recipe.

    Args:
        kind: what it is a recipe of.
        remedy: where valid entries are described.

    Raises:
        RecipeError: no such file, not TOML, a missing, unknown or impossible entry.
    """
    try:
        return kind(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(expected="a recipe file", got=f"{path}: {error.strerror}", remedy="check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(expected=f"TOML in {path}", got=str(error), remedy="correct the syntax") from error
    except ValidationError as error:
        where, what = first_fault(error)
        raise RecipeError(expected=f"a valid entry {where} in {path}", got=what, remedy=remedy) from error


def first_fault(error: ValidationError) -> tuple[str, str]:
    """Which entry pydantic found wrong first, and what is wrong with it."""
    first = error.errors()[0]
    return ".".join(str(part) for part in first["loc"]), first["msg"]
