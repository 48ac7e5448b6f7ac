"""The throughput table: what was timed, what was computed from how many calls, and what it is compared with."""

import csv
import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks import backbones, throughput
from benchmarks.stopwatch import Interleaved, Laps
from benchmarks.throughput import generators, image_of, jobs_of
from benchmarks.throughput_report import NFE, Row, print_tables, ratios, rows_of, save
from benchmarks.untrained import TRAINING, makes_frames, recipes, untrained_generator
from echo_studio.errors import UnknownNameError
from tests.generate.tiny import tiny_checkpoints


def test_runs_are_interleaved_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []

    def thing(name: str):  # type: ignore[no-untyped-def]
        def run(laps: Laps) -> None:
            order.append(name)
            laps.calls.append(1.0)

        return run

    done: list[tuple[int, int]] = []
    laps = Interleaved({name: thing(name) for name in "ab"}).run(2, lambda k, n: done.append((k, n)))
    assert order == list("ababab")
    assert done[-1] == (6, 6)
    assert {name: (len(lap.whole), lap.calls) for name, lap in laps.items()} == {
        "a": (2, [1.0] * 2),
        "b": (2, [1.0] * 2),
    }


def test_what_was_not_timed_is_the_longest_run_and_its_calls() -> None:
    timed = {1: Laps([3.0], []), 5: Laps([7.0, 7.0, 99.0], [1.0, 1.0, 1.0, 50.0])}
    rows = rows_of("a", True, "prepared", timed, [1, 2, 5, 20])
    assert [row.seconds for row in rows] == [3.0, 4.0, 7.0, 22.0]
    assert [row.computed_from for row in rows] == [0, 4, 0, 4]


def test_each_formulation_is_compared_with_sdm_in_its_own() -> None:
    rows = [
        *(Row("sdm", True, how, 1000, seconds, 0) for how, seconds in (("prepared", 100.0), ("papers", 300.0))),
        *(Row("a", True, how, 10, 2.0, 0) for how in ("prepared", "papers", "recomputed")),
    ]
    assert [ratios(rows)[row] for row in rows] == [1.0, 1.0, 50.0, 150.0, None]


def test_a_run_gives_a_time_for_each_call_but_the_first(tmp_path: Path) -> None:
    found = generators(tiny_checkpoints(tmp_path), ["tiny"])["tiny"][0]
    laps = Laps()
    image_of(found, 4)(laps)
    assert len(laps.calls) == 3


def test_jobs_stop_where_runs_are_computed(tmp_path: Path) -> None:
    found = generators(tiny_checkpoints(tmp_path), ["tiny"])
    assert {(how, nfe) for _, how, nfe in jobs_of(found, 2)} == {
        *(("prepared", nfe) for nfe in (1, 2)),
        ("recomputed", 5),
        ("papers", 5),
    }
    assert len(jobs_of(found, NFE[-1])) == 3 * len(NFE)


def test_the_script_prints_the_tables_and_writes_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places, out = tiny_checkpoints(tmp_path / "checkpoints"), tmp_path / "out"
    arguments = ["throughput", "--checkpoints", str(places), "--generators", "tiny", "--whole", "2", "--rounds", "1"]
    monkeypatch.setattr("sys.argv", [*arguments, "--out", str(out), "--threads", str(torch.get_num_threads())])
    throughput.main()
    printed = capsys.readouterr().out
    assert "images a second" in printed
    assert "tiny" in printed
    with (out / "throughput.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3 * len(NFE)
    report = json.loads((out / "throughput.json").read_text())
    assert report["rows"][0]["images_per_second"] == pytest.approx(1 / report["rows"][0]["seconds"])
    with Image.open(out / "throughput.png") as picture:
        assert picture.size[0] > 600


def test_a_generator_without_rivals_is_printed_and_drawn_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [Row("cyclegan", False, "prepared", 1, 0.05, 0)]
    print_tables(rows, "here")
    assert "cyclegan*" in capsys.readouterr().out
    save(tmp_path, rows, "here")
    assert json.loads((tmp_path / "throughput.json").read_text())["rows"][0]["times_sdm_1000"] is None


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no generator or recipe 'nobody'"):
        generators(tiny_checkpoints(tmp_path), ["nobody"])
    with pytest.raises(UnknownNameError):
        untrained_generator(recipes(TRAINING)["edm-l64"].model_copy(update={"kind": "magic"}), recipes(TRAINING))


@pytest.mark.parametrize("name", ["edm-l64", "sdm", "cyclegan"])
def test_a_recipe_without_weights_makes_frames_of_its_size(name: str) -> None:
    known = recipes(TRAINING)
    assert makes_frames(known[name])
    laps = Laps()
    image_of(untrained_generator(known[name], known), 1)(laps)
    assert not laps.calls


def test_codecs_are_no_generators() -> None:
    assert not makes_frames(recipes(TRAINING)["gamma-vae-64"])


def test_the_parts_of_a_backbone_make_an_image() -> None:
    shape = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}
    parameters, parts = backbones.parts_of(shape, 16, rounds=1)
    assert parameters > 1000
    assert parts.keys() == {"channels-last", "contiguous"}
    four = backbones.Parts(prepare=2.0, call=3.0)
    assert four.image(4, prepared=True) == 14.0
    assert four.image(4, prepared=False) == 20.0
