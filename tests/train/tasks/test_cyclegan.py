"""Training of the CycleGAN: nothing is paired, nothing is forgotten on resuming, and both cycles learn."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import CheckpointError, RecipeError
from echo_studio.generate.build import load_network
from echo_studio.nets.cyclegan import CycleGAN
from echo_studio.train.loop import Report, train
from echo_studio.train.recipe import Recipe
from echo_studio.train.registry import task_for
from echo_studio.train.samples.frames import Frames
from echo_studio.train.tasks.cyclegan import CycleGANTask

MakeRecipe = Callable[..., Recipe]
STILL = {"rotation_deg": 0.0, "translation": 0.0, "scale": (1.0, 1.0), "shear_deg": 0.0}


def task_of(recipe: Recipe, data: CamusFolder, folder: Path) -> CycleGANTask:
    task = task_for(recipe, data, folder)
    assert isinstance(task, CycleGANTask)
    return task


def numbered(count: int) -> Frames:
    """Frame k is grey level k all over and has a cavity of k + 1 rows: each side tells of which frame it is."""
    image = torch.arange(count, dtype=torch.uint8).reshape(-1, 1, 1).repeat(1, 32, 32)
    ids = torch.full((count, 32, 32), 4, dtype=torch.uint8)
    for k in range(count):
        ids[k, : k + 1] = 1
    none = torch.zeros(count, dtype=torch.long)
    return Frames(image, ids, none, none)


def test_label_maps_and_echoes_are_not_of_the_same_frames(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    task = task_of(recipe("cyclegan", augmentation=STILL), data, tmp_path)
    task.frames = numbered(8)
    met = np.zeros((8, 8))
    for step in range(100):
        torch.manual_seed(step)
        index = torch.randperm(8)
        ids, echo, _ = task.unpaired(index)
        maps = (ids[:, :, 16] == 1).sum(1) - 1
        assert torch.equal(maps, index)  # label maps in the loop's order, so that an epoch shows each once
        echoes = ((echo[:, 0, 16, 16] + 1) * 127.5).round().long()
        np.add.at(met, (maps.numpy(), echoes.numpy()), 1)
    # 800 meetings over 64 pairs, 12.5 each: the 99.99th percentile of chi-squared with 49 degrees of freedom is 96.
    assert ((met - 12.5) ** 2 / 12.5).sum() < 96


def test_an_echo_brings_its_sector_and_nothing_else_of_its_label_map(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    task = task_of(recipe("cyclegan"), data, tmp_path)
    task.load_data(tmp_path)

    index, kept = torch.arange(4), task.frames
    painted = kept.ids.clone()
    painted[4:][painted[4:] > 0] = 2  # the structures of every frame whose label map is not asked for

    def all_losses(frames: Frames, seed: int) -> list[float]:
        task.frames = frames
        torch.manual_seed(seed)
        outcomes = [task.loss(part, index) for part in task.parts]
        return [value for _, figures in outcomes for value in figures.values()]

    for seed in range(4):  # half of the echoes drawn are of painted frames
        torch.manual_seed(seed)
        _, echo, inside = task.unpaired(index)
        assert (echo[inside == 0] == -1).all()
        before = all_losses(kept, seed)
        assert all_losses(Frames(kept.image, painted, kept.view, kept.phase), seed) == before


def test_the_checkpoint_is_a_one_call_generator_with_both_ways(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    plan, seen = recipe("cyclegan", images=12), list[Report]()
    card = train(plan, task_for(plan, data, tmp_path), tmp_path / "run", on_step=seen.append)
    assert card.makes == "frame"
    assert {"fooled_echo", "fooled_labels", "cycle_labels", "cycle_echo", "discriminated_echo"} <= seen[
        0
    ].figures.keys()
    assert {"cycle_dice_lv_endo", "read_dice_la"} <= card.scores["validation"].keys()
    assert list((tmp_path / "run" / "samples").glob("*.png"))
    again, network = load_network(tmp_path / "run" / "checkpoint")
    assert again == card
    assert isinstance(network, CycleGAN)


def test_a_warm_start_takes_both_generators_and_the_discriminators_of_the_run(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    plan = recipe("cyclegan", images=12)
    first = task_for(plan, data, tmp_path)
    train(plan, first, tmp_path / "run")
    warm = task_for(plan, data, tmp_path, tmp_path / "run" / "checkpoint")
    averaged = load_network(tmp_path / "run" / "checkpoint")[1]
    for part, source in (("model", averaged), ("discriminators", first.parts["discriminators"])):
        found = warm.parts[part].state_dict()
        assert all(torch.equal(found[name], value) for name, value in source.state_dict().items()), part
    shutil.copytree(tmp_path / "run" / "checkpoint", tmp_path / "alone")  # as a bundled one is: without its run
    other = task_for(plan, data, tmp_path, tmp_path / "alone").parts["discriminators"].state_dict()
    assert not all(torch.equal(other[name], value) for name, value in warm.parts["discriminators"].state_dict().items())
    with pytest.raises(CheckpointError, match="differences"):
        task_for(recipe("cyclegan", loss={"channels": 8}), data, tmp_path, tmp_path / "run" / "checkpoint")


def test_gradients_reach_the_generators_through_the_hard_label_maps(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    plan = recipe("cyclegan", loss={"channels": 4, "cycle_labels": 0.0, "cycle_echo": 1.0})
    task = task_of(plan, data, tmp_path)
    task.load_data(tmp_path)
    for part in ("model", "discriminators"):
        loss, _ = task.loss(part, torch.arange(2))
        loss.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in task.parts[part].parameters()), part
    assert task.model.label_map.stem.weight.grad is not None
    assert task.model.label_map.stem.weight.grad.any()


def test_an_unknown_entry_of_the_loss_is_named(recipe: MakeRecipe, data: CamusFolder, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="pool"):
        task_for(recipe("cyclegan", loss={"pool": 50}), data, tmp_path)
