"""From a recipe's kind to the task that trains it."""

from pathlib import Path
from typing import Any

import torch

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.families import FAMILIES
from echo_studio.generate.checkpoint import VIDEO
from echo_studio.train.recipe import Recipe
from echo_studio.train.task import Task
from echo_studio.train.tasks.cyclegan import CycleGANTask
from echo_studio.train.tasks.denoiser import DenoiserTask
from echo_studio.train.tasks.distil import DistilTask
from echo_studio.train.tasks.gamma_vae import GammaVAETask
from echo_studio.train.tasks.segmenter import SegmenterTask
from echo_studio.train.tasks.video import VideoTask
from echo_studio.train.warm_start import initial_model

TASKS: dict[str, Any] = {
    **{VIDEO + name: VideoTask for name in FAMILIES},
    "segmenter": SegmenterTask,
    "gamma-vae": GammaVAETask,
    "edm": DenoiserTask,
    "ve": DenoiserTask,
    "vp": DenoiserTask,
    "sdm": DenoiserTask,
    "distilled": DistilTask,
    "cyclegan": CycleGANTask,
}


def task_for(
    recipe: Recipe, data: CamusFolder, checkpoints: Path, init: Path | None = None, device: str = "cpu"
) -> Task:
    """The task of a recipe with its network on a device, new or warm-started from the checkpoint folder `init`."""
    model = initial_model(recipe, init).to(device)
    task: Task = TASKS[recipe.kind](recipe, data, model, checkpoints, torch.device(device), init)
    return task
