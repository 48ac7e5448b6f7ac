"""What a run must remember to go on bit for bit: written whole or not at all."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from echo_studio.data.atomic import sync_folder, write_json
from echo_studio.errors import CheckpointError
from echo_studio.generate.checkpoint import fill, restore_training, tensors_below, training_tensors
from echo_studio.types import Json

LATEST = "latest.json"
ALONE = "1 process"


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        ways: in which it was computed, one after the other: sums over another number of processes or of accumulation
            steps end in other bits.
    """

    step: int
    seconds: float
    ways: tuple[str, ...] = ()


def ways_of(before: tuple[str, ...], processes: int, accumulation_steps: int) -> tuple[str, ...]:
    """A run's ways with the present one at the end."""
    way = ALONE if processes == 1 else f"{processes} processes"
    now = way if accumulation_steps == 1 else f"{way} in {accumulation_steps} pieces"  # as older states say it
    return before if before[-1:] == (now,) else (*before, now)


def save_state(
    run: Path,
    progress: Progress,
    modules: dict[str, nn.Module],
    optimisers: dict[str, torch.optim.Optimizer],
    recipe_digest: str,
) -> None:
    """Write `step-N/` under another name, sync, rename, then point `latest.json` at it; older states go last."""
    name = f"step-{progress.step:08d}"
    temporary = run / f"{name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    tensors = training_tensors(modules, {f"optimiser.{key}": optimiser for key, optimiser in optimisers.items()})
    save_file(tensors, temporary / "state.safetensors")
    with (temporary / "state.safetensors").open("rb+") as file:
        os.fsync(file.fileno())
    head: Json = {"step": progress.step, "seconds": progress.seconds, "recipe": recipe_digest, "ways": progress.ways}
    write_json(temporary / "progress.json", head)
    sync_folder(temporary)
    final = run / name
    shutil.rmtree(final, ignore_errors=True)
    temporary.replace(final)
    write_json(run / LATEST, {"state": name})
    sync_folder(run)
    for old in run.glob("step-*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)


def load_state(
    run: Path,
    modules: dict[str, nn.Module],
    optimisers: dict[str, torch.optim.Optimizer],
    recipe_digest: str,
) -> Progress:
    """Restore the newest complete state.

    Raises:
        CheckpointError: there is none, or it belongs to another recipe.
    """
    if not (run / LATEST).is_file():
        raise CheckpointError(
            expected=f"a run to resume in {run}", got="no saved state", remedy="start it without --resume"
        )
    folder = run / json.loads((run / LATEST).read_text())["state"]
    head = json.loads((folder / "progress.json").read_text())
    if head["recipe"] != recipe_digest:
        raise CheckpointError(
            expected="the recipe that the run was started with",
            got="another recipe",
            remedy="resume with the old recipe, or start a new run with --init",
        )
    tensors = load_file(folder / "state.safetensors")
    restore_training(tensors, modules, {f"optimiser.{key}": optimiser for key, optimiser in optimisers.items()})
    # Runs that were begun before there were teams do not say.
    return Progress(head["step"], head["seconds"], tuple(head.get("ways", [ALONE])))


def load_part(run: Path, part: str, module: nn.Module) -> None:
    """Give a module the weights that a part of another run has in its newest state; where there are none it stays.

    Raises:
        CheckpointError: they have other shapes.
    """
    if not (run / LATEST).is_file():
        return
    folder = run / json.loads((run / LATEST).read_text())["state"]
    tensors = tensors_below(load_file(folder / "state.safetensors"), f"{part}/")
    if tensors:
        fill(module, tensors, folder)
