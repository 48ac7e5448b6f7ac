"""Downstream training: it learns, resumes where it was killed, and says what a set lacks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from echo_studio.data.datasets.camus import FrameId
from echo_studio.errors import DataError, RecipeError, UnknownNameError
from echo_studio.evaluate.utility.downstream import hausdorff, train_downstream, validation_score
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe, bundled_recipes, downstream_recipe
from echo_studio.evaluate.utility.sets import TrainingSet
from tests.conftest import echo_like

masks = arrays(np.bool_, (9, 7))


def recipe(task: str = "segmentation", **changes: object) -> DownstreamRecipe:
    task_network = {"segmentation": "unet8", "view": "small"}[task]
    base = downstream_recipe("unet8" if task == "segmentation" else "view-small", task)
    return base.model_copy(update={"network": task_network, "resolution": 64, "batch": 4, "checks": 2, **changes})


def frames(count: int = 8) -> TrainingSet:
    """Echo-like frames; every second one, the other view, is turned upside down."""
    pairs = [echo_like(seed) for seed in range(count)]
    turned = [(image[::-1], ids[::-1]) if k % 2 else (image, ids) for k, (image, ids) in enumerate(pairs)]
    ids = [f"patient{k:04d}" for k in range(count)]
    frame_ids = [FrameId(name, "4CH" if k % 2 else "2CH", "ED") for k, name in enumerate(ids)]
    return TrainingSet.of(frame_ids, [pair[0] for pair in turned], [pair[1] for pair in turned], 64)


@pytest.mark.parametrize("task", ["segmentation", "view"])
def test_a_network_learns_what_its_set_shows(task: str, tmp_path: Path) -> None:
    data, how = frames(), recipe(task, learning_rate=1e-2, augmentation=None)
    trained = train_downstream(how, data, data, 60, 0, tmp_path / "state")
    assert [step for step, _ in trained.curve] == [30, 60]
    assert validation_score(how, trained.network, data) == max(score for _, score in trained.curve) > 0.5


class Killed(Exception):
    pass


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echo_studio.evaluate.utility.downstream.SAVE_SECONDS", 0.0)
    data, how = frames(), recipe()

    def kill(done: int, of: int) -> None:
        if done == 5:
            raise Killed

    whole = train_downstream(how, data, data, 8, 3, tmp_path / "whole")
    with pytest.raises(Killed):
        train_downstream(how, data, data, 8, 3, tmp_path / "killed", on_step=kill)
    seen: list[int] = []
    again = train_downstream(how, data, data, 8, 3, tmp_path / "killed", on_step=lambda done, of: seen.append(done))
    assert seen == [6, 7, 8]
    assert again.curve == whole.curve
    for ours, theirs in zip(again.network.state_dict().values(), whole.network.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_finished_training_is_not_repeated_and_a_spoilt_state_starts_afresh(tmp_path: Path) -> None:
    data, how, state = frames(), recipe(), tmp_path / "state"
    done = train_downstream(how, data, data, 2, 0, state)
    assert train_downstream(how, data, data, 2, 0, state, on_step=lambda done, of: pytest.fail("done again")).curve
    state.write_bytes(state.read_bytes()[:100])
    assert train_downstream(how, data, data, 2, 0, state).curve == done.curve


def test_a_set_without_a_class_is_refused_by_its_name(tmp_path: Path) -> None:
    data = frames()
    no_atrium = TrainingSet(data.image, data.labels.where(data.labels != 3, 0), data.view)
    with pytest.raises(DataError, match="left atrium"):
        train_downstream(recipe(), no_atrium, data, 2, 0, tmp_path / "state")
    one_view = TrainingSet(data.image, data.labels, torch.zeros_like(data.view))
    with pytest.raises(DataError, match="4CH"):
        train_downstream(recipe("view"), one_view, data, 2, 0, tmp_path / "state")
    with pytest.raises(DataError, match="at least two frames"):
        frames(1)


def test_every_bundled_recipe_is_sound() -> None:
    for name, path in bundled_recipes().items():
        task = "view" if 'task = "view"' in path.read_text() else "segmentation"
        assert downstream_recipe(name, task).name == name


def test_recipes_of_another_name_task_or_content_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unet8-paper"):
        downstream_recipe("unet9", "segmentation")
    with pytest.raises(RecipeError, match="a recipe for view"):
        downstream_recipe("unet8", "view")
    (tmp_path / "odd.toml").write_text(bundled_recipes()["unet8"].read_text() + "\nodd = 1\n")
    with pytest.raises(RecipeError, match="odd"):
        downstream_recipe(str(tmp_path / "odd.toml"), "segmentation")


def naive(a: np.ndarray, b: np.ndarray, spacing: tuple[float, float]) -> float:
    p, q = (np.argwhere(mask) * np.array(spacing) for mask in (a, b))
    gaps = np.linalg.norm(p[:, None] - q[None], axis=2)
    return float(max(gaps.min(axis=1).max(), gaps.min(axis=0).max()))


@given(masks, masks, st.tuples(st.floats(0.1, 3), st.floats(0.1, 3)))
def test_it_is_the_definition_and_symmetric(a: np.ndarray, b: np.ndarray, spacing: tuple[float, float]) -> None:
    assert hausdorff(a, b, spacing) == hausdorff(b, a, spacing)
    if a.any() and b.any():
        assert hausdorff(a, b, spacing) == pytest.approx(naive(a, b, spacing))


def test_a_missed_structure_costs_the_diagonal_and_nothing_against_nothing_is_0() -> None:
    none, some = np.zeros((30, 40), bool), np.eye(30, 40, dtype=bool)
    assert hausdorff(none, some, (1.0, 1.0)) == 50.0
    assert hausdorff(none, none, (1.0, 1.0)) == 0.0


def test_a_shift_is_as_long_as_its_millimetres() -> None:
    a = np.zeros((32, 32), bool)
    a[8:16, 8:16] = True
    assert hausdorff(a, np.roll(a, 4, axis=0), (0.5, 0.3)) == pytest.approx(2.0)
    assert hausdorff(a, np.roll(a, 4, axis=1), (0.5, 0.3)) == pytest.approx(1.2)
