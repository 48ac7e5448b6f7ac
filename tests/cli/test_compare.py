"""`echo-studio compare`: what is written, told and refused."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.cli import main
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.formats.media import NOTICE
from tests.generate.tiny import tiny_checkpoints
from tests.studio.fakes import blank, heart


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def compare(tmp_path: Path, checkpoints: Path) -> Callable[..., int]:
    """Runs `echo-studio compare` with a heart in a folder `out`; `maps` are further label maps."""
    write_label_map(tmp_path / "heart.png", heart().resized(64, 64))
    write_label_map(tmp_path / "blank.png", blank().resized(64, 64))

    def run(*options: str, maps: tuple[str, ...] = ("heart.png",), views: tuple[str, ...] = ("4CH",)) -> int:
        given = [word for name in maps for word in ("--label-map", str(tmp_path / name))]
        given += [word for view in views for word in ("--view", view)]
        return main(["compare", *given, "--out", str(tmp_path / "out"), "--checkpoints", str(checkpoints), *options])

    return run


def lines(tmp_path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((tmp_path / "out" / "figures.csv").read_text().splitlines()))


def test_frames_records_table_and_sheet_are_written(
    compare: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    options = ["--rows", "solver=heun,euler", "--columns", "nfe=1,2", "--generator", "tiny", "--seed", "5"]
    assert compare(*options, "--reference", "1,2", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    stems = ["r1c1-heun-nfe1", "r1c2-heun-nfe2", "r2c1-euler-nfe1", "r2c2-euler-nfe2"]
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        *("figures.csv", "sheet.png"),
        *(f"{stem}{suffix}" for stem in stems for suffix in (".png", ".json")),
    }
    assert [Path(cell["frame"]).stem for cell in told["cells"]] == stems
    record = json.loads((out / "r1c2-heun-nfe2.json").read_text())
    assert record == told["cells"][1]["record"]
    assert (record["generator"], record["solver"], record["nfe"], record["seed"]) == ("tiny", "heun", 2, 5)
    assert told["cells"][1]["figures"]["rmse"] == 0
    assert set(record["measured"]["adherence"]) == {"lv_endo", "lv_epi", "la"}
    assert [line["reference"] for line in lines(tmp_path)] == ["", "yes", "", ""]
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.info["Comment"] == NOTICE


def test_a_cell_is_what_generate_gives(compare: Callable, tmp_path: Path, checkpoints: Path) -> None:
    assert compare("--rows", "seed=3,4", "--generator", "tiny", "--nfe", "2", "--solver", "heun") == 0
    given = {"checkpoints": str(checkpoints), "out": str(tmp_path / "alone.png"), "seed": "4"}
    given |= {"label-map": str(tmp_path / "heart.png"), "view": "4CH", "generator": "tiny", "nfe": "2"}
    assert main(["generate", *(word for name, value in given.items() for word in (f"--{name}", value))]) == 0
    first, second = (read_gray(tmp_path / name)[0] for name in ("alone.png", "out/r2c1-seed4-tiny.png"))
    assert np.array_equal(first, second)


def test_what_is_not_given_is_advised_and_a_lone_name_stands_for_all(compare: Callable, tmp_path: Path) -> None:
    assert compare("--rows", "generator") == 0
    (line,) = lines(tmp_path)
    assert (line["generator"], line["solver"], line["nfe"], line["seed"]) == ("tiny", "heun", "4", "0")


def test_label_maps_are_an_axis_each_with_its_own_view(
    compare: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    options = ["--rows", "label-map", "--columns", "seed=1,2", "--generator", "tiny", "--nfe", "1"]
    assert compare(*options, maps=("heart.png", "blank.png"), views=("4CH", "2CH")) == 0
    assert [(line["label_map"], line["view"]) for line in lines(tmp_path)] == [
        *(("heart", "4CH"), ("heart", "4CH"), ("blank", "2CH"), ("blank", "2CH"))
    ]
    printed = capsys.readouterr().out
    assert "Left atrium" in printed
    assert "sheet.png" in printed


def test_ranking_puts_the_best_first(compare: Callable, capsys: pytest.CaptureFixture) -> None:
    options = ["--rows", "nfe=1,2,4", "--generator", "tiny", "--reference", "2,1", "--rank", "rmse", "--json"]
    assert compare(*options) == 0
    ranked = [cell["figures"]["rmse"] for cell in json.loads(capsys.readouterr().out)["cells"]]
    assert ranked == sorted(ranked)
    assert ranked[0] == 0


def test_a_cell_that_fails_is_told_and_the_exit_code_is_one(
    compare: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert compare("--rows", "guidance=0,2", "--generator", "tiny", "--nfe", "1") == 1
    assert [line["state"] for line in lines(tmp_path)] == ["done", "failed"]
    assert "label dropout" in lines(tmp_path)[1]["remark"]
    assert "label dropout" in capsys.readouterr().out
    assert (tmp_path / "out" / "sheet.png").exists()


def test_an_interrupt_keeps_what_is_done(
    compare: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from echo_studio.studio.engine.engine import Engine

    whole = Engine.generate

    def interrupted(self: Engine, request: object, on_step: object = None, **how: object) -> object:
        if request.seed == 2:
            raise KeyboardInterrupt
        return whole(self, request, on_step, **how)

    monkeypatch.setattr(Engine, "generate", interrupted)
    assert compare("--rows", "seed=1,2,3", "--generator", "tiny", "--nfe", "1") == 130
    assert "stopped: 1 of 3 cells are in" in capsys.readouterr().err
    assert [line["state"] for line in lines(tmp_path)] == ["done", "cancelled", "cancelled"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"r1c1-seed1-tiny.png", "r1c1-seed1-tiny.json", "figures.csv", "sheet.png"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rows", "size=1"], "row or column"),
        (["--rows", "nfe"], "write nfe=VALUE,VALUE"),
        (["--rows", "nfe=1,x", "--generator", "tiny"], "'x'"),
        (["--rows", "nfe=1,1", "--generator", "tiny"], "1 more often"),
        (["--rows", "nfe=0", "--generator", "tiny"], "1 to 1000"),
        (["--rows", "nfe=1"], "choose one of: tiny"),
        (["--rows", "nfe=1", "--nfe", "2", "--generator", "tiny"], "values of nfe in one place"),
        (["--rows", "solver=magic", "--generator", "tiny"], "heun"),
        (["--rows", "nfe=1", "--generator", "tiny", "--phase", "MID"], "ED"),
        (["--rows", "nfe=1", "--generator", "tiny", "--reference", "2,1"], "from 1,1 to 1,1"),
        (["--rows", "nfe=1", "--generator", "tiny", "--reference", "first"], "from 1,1 to 1,1"),
        (["--rows", "nfe=1", "--generator", "tiny", "--rank", "beauty"], "rmse"),
        (["--rows", f"nfe={','.join(map(str, range(1, 66)))}", "--generator", "tiny"], "at most 64 cells"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_written(
    options: list[str], says: str, compare: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert compare(*options) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_other_files_is_refused(
    compare: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.png").touch()
    assert compare("--rows", "nfe=1", "--generator", "tiny") == 2
    assert "new or empty" in capsys.readouterr().err


def test_views_that_do_not_match_the_label_maps_are_refused(compare: Callable, capsys: pytest.CaptureFixture) -> None:
    assert compare("--rows", "nfe=1", "--generator", "tiny", views=("4CH", "2CH")) == 2
    assert "one view" in capsys.readouterr().err
    assert compare("--rows", "nfe=1", "--generator", "tiny", maps=("heart.png", "blank.png")) == 2
    assert "2 label maps" in capsys.readouterr().err
