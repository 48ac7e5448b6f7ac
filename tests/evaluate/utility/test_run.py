"""The utility run: every stage is found again, both arms see the same patients, leaks are refused by name."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.errors import DataError, RequestError, UnknownNameError
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe, downstream_recipe
from echo_studio.evaluate.utility.figures import bootstrap, utility_json
from echo_studio.evaluate.utility.request import UtilityRequest, patients_of, samplings
from echo_studio.evaluate.utility.run import measure_utility
from tests.conftest import echo_like
from tests.generate.tiny import tiny_checkpoints, tiny_cyclegan

SMALL = {"resolution": 64, "epochs": 1, "batch": 4, "checks": 1}


def small(name: str, task: str) -> DownstreamRecipe:
    return downstream_recipe(name, task).model_copy(update=SMALL)


@pytest.fixture
def folder(camus_folder: Callable[..., Path]) -> Path:
    """Three patients to train on, one to test on, as PNG with the 4CH frames' spacing in frames.csv."""
    root = camus_folder(patients=4, suffix=".png")
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0002\npatient0003\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0004\n")
    head = "patient,view,phase,split,spacing_x_mm,spacing_y_mm,native_width,native_height\n"
    (root / "frames.csv").write_text(head + "patient0004,4CH,ED,validation,0.5,0.4,,\n")
    # Images of the two views differ, as real ones do.
    for seed, place in enumerate(sorted(root.glob("patient*/*_4CH_E?.png")), start=100):
        Image.fromarray(echo_like(seed=seed)[0]).save(place)
    return root


@pytest.fixture
def order(folder: Path, tmp_path: Path) -> UtilityRequest:
    places = tiny_checkpoints(tmp_path / "checkpoints")
    return UtilityRequest(
        data=CamusFolder(folder),
        test=CamusFolder(folder),
        test_split="validation",
        samplings=tuple(samplings(["tiny"], "", [1], places)),
        checkpoints=places,
        maps=24,
        segmenter=small("unet8", "segmentation"),
        classifier=small("view-small", "view"),
        seeds=2,
        set_seed=0,
        limit=0,
        work=tmp_path / "work",
        workers=1,
        device="cpu",
    )


def stamps(work: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}


def test_a_run_compares_both_sets_and_a_second_one_finds_everything_again(order: UtilityRequest) -> None:
    found = measure_utility(order)
    report = json.loads(json.dumps(utility_json(order, found), allow_nan=False))
    assert report["synthetic"].keys() == report["real"].keys() == {"lv_endo", "lv_epi", "la"}
    assert all(0 <= value <= 1 for value in report["synthetic"].values())
    assert report["gap"]["la"] == pytest.approx(report["real"]["la"] - report["synthetic"]["la"])
    # Twelve frames of three patients, of whom one chooses; two deformations each.
    assert report["real_images"] == {"learn": 8, "held_out": 4}
    assert report["synthetic_images"] == {"learn": 16, "held_out": 8}
    assert found.real.segmenters[0].curve[-1][0] == found.synthetic[0].segmenters[0].curve[-1][0] == 4
    figures = report["figures"]
    assert len(figures["dice"]["lv_endo"]["by_seed"]) == 2
    assert figures["view_accuracy"]["n"] == 4
    assert figures["hausdorff_mm"]["lv_endo"]["n"] == 1
    assert figures["by_view_and_phase"].keys() == {"2CH ED", "2CH ES", "4CH ED", "4CH ES"}
    listed = json.loads(Path(report["manifest"]).read_text())["maps"]
    assert {entry["split"] for entry in listed if entry["patient"] == "patient0003"} == {"held out"}
    before = stamps(order.work)
    assert utility_json(order, measure_utility(order))["figures"] == figures
    assert stamps(order.work) == before


def test_what_a_kill_left_undone_alone_is_done_again(order: UtilityRequest) -> None:
    order = dataclasses.replace(order, classifier=None, seeds=1, maps=12)
    wanted = measure_utility(order)
    frames = sorted((order.work / "frames").iterdir())
    trials = sorted((order.work / "trials").iterdir())
    for path in (frames[0], *trials):
        path.unlink()
    before = stamps(order.work)
    again = measure_utility(order)
    changed = {path for path, stamp in stamps(order.work).items() if before.get(path) != stamp}
    assert changed == {frames[0], *trials}
    assert again.synthetic[0].segmenters[0].scores == wanted.synthetic[0].segmenters[0].scores


def test_another_budget_uses_the_same_images(order: UtilityRequest) -> None:
    order = dataclasses.replace(order, classifier=None, seeds=1, maps=12)
    measure_utility(order)
    images = stamps(order.work / "frames")
    longer = order.segmenter.model_copy(update={"epochs": 2})
    measure_utility(dataclasses.replace(order, segmenter=longer))
    assert stamps(order.work / "frames") == images
    assert len(list((order.work / "trials").iterdir())) == 4


def test_a_patient_on_both_sides_is_refused_by_name(order: UtilityRequest, folder: Path) -> None:
    (folder / "database_split" / "subgroup_validation.txt").write_text("patient0004\npatient0002\n")
    with pytest.raises(DataError, match="patient0002 in training and in the validation split"):
        measure_utility(order)


def test_a_training_image_under_another_name_is_refused(order: UtilityRequest, folder: Path) -> None:
    twin = folder / "patient0004" / "patient0004_2CH_ES.png"
    twin.write_bytes((folder / "patient0001" / "patient0001_2CH_ED.png").read_bytes())
    with pytest.raises(DataError, match="patient0004_2CH_ES, whose image is patient0001_2CH_E"):
        measure_utility(order)


def test_a_free_validation_split_chooses() -> None:
    tests = [FrameId("patient0009", "4CH", "ED")]
    found = patients_of(["patient0001", "patient0002"], ["patient0002"], tests, "testing")
    assert (found.learn, found.choose) == (("patient0001",), ("patient0002",))


def test_sets_that_are_too_small_are_refused(order: UtilityRequest) -> None:
    with pytest.raises(DataError, match="at least two patients"):
        measure_utility(dataclasses.replace(order, maps=1))
    with pytest.raises(DataError, match="none in the validation split"):
        patients_of(["patient0001", "patient0002"], [], [], "validation")


def test_generators_and_budgets_are_checked_before_any_work(tmp_path: Path) -> None:
    places = tiny_checkpoints(tmp_path / "checkpoints")
    tiny_cyclegan(places / "direct")
    both = list(samplings(["tiny", "direct"], "ipndm", [5, 10], places))
    assert [(how.generator, how.solver, how.nfe) for how in both] == [
        ("tiny", "ipndm", 5),
        ("tiny", "ipndm", 10),
        ("direct", "euler", 1),
    ]
    with pytest.raises(RequestError, match="in one call"):
        list(samplings(["direct"], "", [5], places))
    with pytest.raises(UnknownNameError, match="tiny"):
        list(samplings(["edm-l65"], "", [], places))


def test_mean_and_deviation_are_those_of_subsets_without_repeats() -> None:
    values = np.random.default_rng(0).normal(0.9, 0.05, 200)
    mean, deviation = bootstrap(values.tolist())
    # Of a share f of n values drawn without repeats: s² (1 − f) / (f n).
    assert mean == pytest.approx(values.mean(), abs=2e-4)
    assert deviation == pytest.approx(values.std(ddof=1) * (0.2 / 160) ** 0.5, rel=0.1)


def test_equal_values_do_not_vary_and_the_same_seed_gives_the_same() -> None:
    assert bootstrap([0.5] * 10) == (0.5, 0.0)
    assert bootstrap([0.1, 0.9, 0.4]) == bootstrap([0.1, 0.9, 0.4])
