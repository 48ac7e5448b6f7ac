"""Small runs: a folder of echo-like frames with split files, and recipes that take seconds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.train.recipe import Recipe
from echo_studio.types import Json
from tests.conftest import write_camus

UNET: Json = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}
SHAPES: dict[str, Json] = {
    "segmenter": {"network": {"channels": [4, 8, 16], "residual_units": 1}},
    "gamma-vae": {"network": {"channels": [4, 8], "blocks": 1}, "loss": {"crop": 32}},
    "judge": {"network": {"filters": [4, 8, 16]}},
    "grain-decoder": {
        "network": {"channels": [8, 4], "blocks": 1, "noise": 1},
        "loss": {"crop": 16, "covered": 0.3},
        "needs": ["tiny-vae"],
    },
    "cyclegan": {
        "network": {"widths": [8, 16], "blocks": 1, "patch": 2, "fine_channels": 4},
        "loss": {"channels": 4, "label_scale": 2},
    },
    "edm": {"network": UNET},
    "distilled": {"network": UNET, "needs": ["tiny-vae"], "advised_nfe": 1},
    "ve": {"network": UNET},
    "vp": {"network": {**UNET, "patch": 2, "fine_channels": 4}},
    "video-edm": {
        "network": {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "time_levels": [1], "mask_channels": 4},
        "loss": {"frames": 4, "label_dropout": 0.2},
        "resolution": 32,
    },
    "sdm": {"network": UNET, "loss": {"label_dropout": 0.2}, "advised_solver": "ancestral"},
}


def tiny_data(folder: Path) -> CamusFolder:
    """In `folder`/camus: two training patients and one for validation, eight and four frames."""
    root = write_camus(folder / "camus", patients=3)
    split = root / "database_split"
    split.mkdir()
    (split / "subgroup_training.txt").write_text("patient0001\npatient0002\n")
    (split / "subgroup_validation.txt").write_text("patient0003\n")
    return CamusFolder(root)


def tiny_recipe(kind: str, images: int = 24, **entries: object) -> Recipe:
    """A recipe of that kind; further entries replace the defaults."""
    plan: Json = {
        "name": f"tiny-{kind}",
        "title": "Tiny",
        "description": "For tests.",
        "paper": "none",
        "kind": kind,
        "resolution": 64,
        "samples_every_images": 12,
        "budget": {"images": images, "batch": 4, "ema_images": 8},
        "optimiser": {"learning_rate": 1e-3, "warmup_images": 8},
        **SHAPES[kind],
        **entries,
    }
    return Recipe(**plan)


@pytest.fixture
def data(tmp_path: Path) -> CamusFolder:
    return tiny_data(tmp_path)


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    """`recipe("edm", images=24)`: see `tiny_recipe`."""
    return tiny_recipe
