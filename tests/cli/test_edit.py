import json
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.sizes import measure
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.cli import main
from echo_studio.data.deform import random_variation
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.data.template import template

HEART = template("4ch-ed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_label_map(tmp_path / "in.png", HEART)
    write_label_map(tmp_path / "es.png", template("4ch-es"))
    write_label_map(tmp_path / "bare.png", LabelMap(HEART.ids))
    return tmp_path


def run(folder: Path, line: str) -> int:
    return main([word if word.startswith("-") or "." not in word else _path(folder, word) for word in line.split()])


def _path(folder: Path, word: str) -> str:
    return str(folder / word) if word.endswith((".png", ".nii.gz")) else word


def test_the_septal_defect_of_the_command_line_is_that_of_the_function(folder: Path) -> None:
    assert run(folder, "edit --label-map in.png --defect septal --at 0.6 --width-mm 8 --out out.png") == 0
    made = read_label_map(folder / "out.png")
    assert made == apply_defect(HEART, "septal", {"at": 0.6, "width_mm": 8.0})
    assert made != HEART


def test_sliders_variation_parameters_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(folder, "edit --label-map in.png --shape lv-size=0.9 --shape tilt=5 --vary 7 --out out.nii.gz --json") == 0
    )
    wanted = random_variation(reshape(HEART, Shape(lv_size=0.9, tilt=5.0)), 7)
    made = read_label_map(folder / "out.nii.gz")
    assert (made.ids == wanted.ids).all()
    printed = json.loads(capsys.readouterr().out)
    assert printed["sha256"] == wanted.digest
    assert printed["changed_pixels"] == (made.ids != HEART.ids).sum()
    assert run(folder, "edit --label-map in.png --defect thin-wall --set segment=apex --set share=0.7 --out o.png") == 0
    assert read_label_map(folder / "o.png") == apply_defect(HEART, "thin-wall", {"segment": "apex", "share": 0.7})


def test_a_map_without_spacing_takes_pixels_or_a_spacing(folder: Path) -> None:
    assert run(folder, "edit --label-map bare.png --defect septal --set width-px=12 --out out.png") == 0
    assert read_label_map(folder / "out.png").spacing_mm is None
    line = "edit --label-map bare.png --spacing-mm 0.593 0.723 --defect septal --width-mm 8 --out out.png"
    assert run(folder, line) == 0
    assert read_label_map(folder / "out.png") == apply_defect(HEART, "septal", {"width_mm": 8.0})


def test_a_repair_undoes_a_gap(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "edit --label-map in.png --defect septal --out gap.png")
    assert run(folder, "edit --label-map gap.png --repair wall-gap --out mended.png") == 0
    capsys.readouterr()
    for name, kinds in (("gap.png", ["wall-gap"]), ("mended.png", [])):
        assert run(folder, f"measure --label-map {name} --json") == 0
        assert [finding["kind"] for finding in json.loads(capsys.readouterr().out)["findings"]] == kinds


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("edit --label-map in.png --out out.png", "say what to change"),
        ("edit --label-map in.png --at 0.5 --out out.png", "name the defect"),
        ("edit --label-map in.png --defect nothing --out out.png", "choose one of: aneurysm"),
        ("edit --label-map in.png --defect septal --width-mm 900 --out out.png", "from 0 to 40"),
        ("edit --label-map in.png --defect septal --set depth=3 --out out.png", "choose one of: at, width_mm"),
        ("edit --label-map in.png --defect septal --set at --out out.png", "--set NAME=VALUE"),
        ("edit --label-map in.png --shape size=2 --out out.png", "choose one of: apex_across"),
        ("edit --label-map in.png --shape tilt=much --out out.png", "tilt from -45 to 45"),
        ("edit --label-map in.png --repair all --out out.png", "choose one of: atrium-apart"),
        ("edit --label-map in.png --vary -1 --out out.png", "seed of 0 or more"),
        ("edit --label-map bare.png --defect septal --out out.png", "spacing"),
        ("edit --label-map none.png --vary 1 --out out.png", "no file"),
        ("edit --label-map in.png --vary 1 --out out.webp", "out.webp"),
        ("measure --label-map in.png --view 5CH", "5CH"),
        ("measure --label-map in.png --es bare.png", "give both frames their spacing"),
    ],
)
def test_bad_input_gives_one_line_and_writes_nothing(
    line: str, says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert run(folder, line) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert sorted(folder.iterdir()) == before


def test_measurements_come_as_json_with_units_and_as_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "measure --label-map in.png --view 4CH --es es.png --two-chamber in.png --json") == 0
    printed = json.loads(capsys.readouterr().out)
    values = measure(HEART, "4CH")
    assert printed["measurements"]["lv_volume_ml"] == values.lv_volume_ml
    assert printed["measurements"]["lv_biplane_ml"] == pytest.approx(values.lv_volume_ml)
    assert list(printed["measurements"]["wall_segments_mm"]) == [name for name, _ in values.wall_segments_mm]
    assert 20 < printed["measurements"]["ef_percent"] < 80
    assert printed["findings"] == []
    assert (
        run(folder, "measure --label-map in.png --view 4CH --es es.png --two-chamber in.png --two-chamber-es es.png")
        == 0
    )
    table = capsys.readouterr().out
    for text in ("cm²", "mL", "biplane ef", "basal inferoseptal", "nothing odd"):
        assert text in table


def test_without_spacing_the_table_has_pixels_and_no_millimetres(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "measure --label-map bare.png") == 0
    table = capsys.readouterr().out
    assert "pixels" in table
    assert "mm" not in table
    assert np.isin(HEART.ids, (1,)).sum() == int(table.split("lv area")[1].split()[0])
