"""A recipe: everything that a training run depends on besides the data. One TOML a trained model."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from echo_studio.data.augment import GeometricRanges
from echo_studio.errors import RecipeError
from echo_studio.types import Json


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(_Strict):
    """Length of a run, in images so that it does not depend on the batch."""

    images: int = Field(gt=0)
    batch: int = Field(gt=0)
    ema_images: int = Field(gt=0, description="half-life of the moving average of the weights")


class Optimiser(_Strict):
    """AdamW with warm-up and decay, gradients clipped by norm."""

    learning_rate: float = Field(gt=0)
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup_images: int = Field(default=0, ge=0)
    decay: Literal["none", "cosine", "linear"] = "cosine"
    clip: float = Field(default=1.0, gt=0)


class Augmentation(_Strict):
    """Geometric ranges (see `data.augment.GeometricRanges`) and the strength of intensity changes."""

    rotation_deg: float = 5.0
    translation: float = 0.05
    scale: tuple[float, float] = (0.8, 1.05)
    shear_deg: float = 5.0
    intensity: float = Field(default=0.0, ge=0)

    def ranges(self) -> GeometricRanges:
        """The geometric part."""
        return GeometricRanges(self.rotation_deg, self.translation, self.scale, self.shear_deg)


class Recipe(_Strict):
    """One training run.

    Attributes:
        name, title, description, paper: go to the checkpoint's card.
        kind: `segmenter`, `judge`, `gamma-vae`, `grain-decoder`, `cyclegan`, `distilled`, or a diffusion
            family: `edm`, `ve`, `vp`, `sdm`; with `video-` before it a denoiser of clips.
        resolution: side to which frames are resized, in pixels.
        precision: of the network's forward pass; weights and losses are float32. bfloat16 needs a
            device that has it; on CPUs without AVX-512 BF16 it was three times slower than float32.
        network: the network's configuration.
        loss: the weights and settings that the kind's module documents.
        needs: names of checkpoints to load, beside each other in one folder.
    """

    name: str
    title: str
    description: str
    paper: str
    kind: Literal[
        "segmenter",
        "judge",
        "grain-decoder",
        "gamma-vae",
        "cyclegan",
        "distilled",
        "edm",
        "ve",
        "vp",
        "sdm",
        "video-edm",
        "video-ve",
        "video-vp",
        "video-sdm",
    ]
    resolution: int = Field(default=256, ge=32, le=1024)
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    advised_nfe: int = 0
    advised_solver: str = ""
    advised_guidance: float = 0.0
    samples_every_images: int = Field(default=5000, gt=0)
    checkpoint_minutes: float = Field(default=10.0, gt=0)
    network: Json
    loss: Json = {}
    needs: list[str] = []
    budget: Budget
    optimiser: Optimiser
    augmentation: Augmentation = Field(default_factory=Augmentation)


def read_recipe(path: Path) -> Recipe:
    """Parse and validate a recipe.

    Raises:
        RecipeError: no such file, not TOML, a missing, unknown or impossible entry.
    """
    try:
        return Recipe(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(expected="a recipe file", got=f"{path}: {error.strerror}", remedy="check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(expected=f"TOML in {path}", got=str(error), remedy="correct the syntax") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecipeError(
            expected=f"a valid entry {where} in {path}", got=first["msg"], remedy="see training/README.md"
        ) from error
