"""`evaluate defects`: one object that the report reads, a table and a sheet."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.edits.defects import DEFECTS
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, MASS
from echo_studio.cli import main
from echo_studio.data.datasets.camus import CamusFrame, FrameId
from echo_studio.evaluate.frames.defect_effects import measure_defects
from echo_studio.evaluate.report.sections import read_report
from echo_studio.generate.sampling import Sampling
from tests.anatomy.heart import heart
from tests.generate.tiny import tiny_checkpoints

GREY_OF = np.array([0, 60, 120, 70, 100, 25, 150], np.uint8)


class Painter:
    """Stands for a generator: every label has its grey."""

    def generate_batch(self, requests: list) -> list:
        return [type("Made", (), {"image": GREY_OF[request.label_map.ids]}) for request in requests]


def test_a_defect_s_pixels_are_those_that_change_and_bear_its_grey() -> None:
    label_map = heart()
    frame = CamusFrame(FrameId("patient0001", "4CH", "ED"), GREY_OF[label_map.ids], label_map, {})
    found, rows = measure_defects(Painter(), [frame, frame], Sampling("paint", "heun", 1), keep=1)  # type: ignore[arg-type]
    by_name = {entry["defect"]: entry for entry in found["defects"]}
    assert list(by_name) == list(DEFECTS)
    assert all(entry["n"] == 2 and entry["beyond"] == 0 for entry in by_name.values())
    assert (by_name["effusion"]["before"], by_name["effusion"]["after"]) == (100, GREY_OF[FLUID])
    assert (by_name["mass"]["before"], by_name["mass"]["after"]) == (60, GREY_OF[MASS])
    assert by_name["mass"]["cavity"] == 60
    assert (by_name["septal"]["before"], by_name["septal"]["after"]) == (120, 60)
    assert [len(row) for row in rows] == [1 + len(DEFECTS)]


def test_without_a_spacing_the_defects_in_mm_are_left_out() -> None:
    bare = LabelMap(heart().ids)
    frame = CamusFrame(FrameId("patient0001", "4CH", "ED"), GREY_OF[bare.ids], bare, {})
    found, rows = measure_defects(Painter(), [frame], Sampling("paint", "heun", 1), keep=1)  # type: ignore[arg-type]
    assert {entry["defect"] for entry in found["defects"]} == {"missing-atrium", "thin-wall", "dilated"}
    assert rows == []


def test_one_object_that_the_report_reads_a_table_and_a_sheet(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "evaluate",
        "defects",
        "--data",
        str(root),
        "--checkpoints",
        str(tiny_checkpoints(tmp_path / "checkpoints")),
    ]
    command += ["--generator", "tiny", "--nfe", "1", "--limit", "2"]
    sheet = tmp_path / "sheet.png"
    assert main([*command, "--sheet", str(sheet)]) == 0
    assert "Grey with" in capsys.readouterr().out
    with Image.open(sheet) as picture:
        assert picture.size[0] == 256 * (1 + len(DEFECTS))
    assert main([*command, "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["n"] == 2
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "defects-tiny.json").write_text(printed)
    assert [table.title for table in read_report(tmp_path / "results", "Results").tables] == ["Defects"]
    assert main([*command, "--sheet", "sheet.jpg"]) != 0
    assert ".png" in capsys.readouterr().err
