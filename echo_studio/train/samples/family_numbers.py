"""The numbers of a diffusion family in a recipe's [loss]."""

import dataclasses
from collections.abc import Sequence

from echo_studio.diffusion.families import FAMILIES
from echo_studio.errors import RecipeError
from echo_studio.train.recipe import Recipe
from echo_studio.types import Json


def family_numbers(recipe: Recipe, family: str, own: Sequence[str]) -> Json:
    """What of `recipe.loss` belongs to the family, `sigma_data` apart, which is measured.

    Args:
        family: a name of `FAMILIES`.
        own: the entries that the task itself takes.

    Raises:
        RecipeError: an entry that neither knows.
    """
    known = {field.name for field in dataclasses.fields(FAMILIES[family])} - {"sigma_data"}
    if unknown := set(recipe.loss) - known - set(own):
        raise RecipeError(
            expected=f"{', '.join([*sorted(known), *own])} in [loss] of kind {recipe.kind}",
            got=f"{sorted(unknown)}",
            remedy="correct it",
        )
    return {name: value for name, value in recipe.loss.items() if name in known}
