"""A recipe: everything that a training run depends on besides the data. One TOML a trained model."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from echo_studio.data.recipe_file import Augmentation, Strict, read_recipe_file
from echo_studio.types import Json


class Budget(Strict):
    """Length of a run, in images so that it does not depend on the batch."""

    images: int = Field(gt=0)
    batch: int = Field(gt=0)
    ema_images: int = Field(gt=0, description="half-life of the moving average of the weights")


class Optimiser(Strict):
    """AdamW with warm-up and decay, gradients clipped by norm."""

    learning_rate: float = Field(gt=0)
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup_images: int = Field(default=0, ge=0)
    decay: Literal["none", "cosine", "linear"] = "cosine"
    clip: float = Field(default=1.0, gt=0)


class Recipe(Strict):
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
    loss: Json = Field(default_factory=dict)
    needs: list[str] = Field(default_factory=list)
    budget: Budget
    optimiser: Optimiser
    augmentation: Augmentation = Field(default_factory=Augmentation)


def read_recipe(path: Path) -> Recipe:
    """Parse and validate a recipe.

    Raises:
        RecipeError: no such file, not TOML, a missing, unknown or impossible entry.
    """
    return read_recipe_file(path, Recipe, "see training/README.md")
