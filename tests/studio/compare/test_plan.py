"""Comparisons: the requests of the cells, their run one after another, their figures and files."""

import csv
import io
import json
import zipfile
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.formats.encode import NOTE_KEY
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import Cancelled, CheckpointError, EchoStudioError, RequestError, UnknownNameError
from echo_studio.generate.request import Generated
from echo_studio.studio.compare.figures import FIGURES, figures, figures_csv, ranking, rmse, title
from echo_studio.studio.compare.files import everything_zip, frame_file, frame_png, record_json
from echo_studio.studio.compare.plan import ADVISED, MAX_CELLS, Axis, Guide, Plan, plan
from echo_studio.studio.compare.run import Comparison, Progress, run
from echo_studio.studio.compare.sheet import contact_sheet
from echo_studio.studio.jobs.job import JobState
from tests.studio.fake_models import fake_card
from tests.studio.fakes import FakeEngine, blank, heart, speckle

HEART = Guide("heart", heart())
CARDS = [
    fake_card(name, kind=kind, advised_nfe=nfe, advised_solver=solver)
    for name, kind, nfe, solver in (
        ("latent", "edm", 20, "heun"),
        ("pixel", "vp", 50, "euler"),
        ("gan", "cyclegan", 1, ""),
    )
]


def planned(rows: Axis, columns: Axis, guides: tuple[Guide, ...] = (HEART,), **fixed: Any) -> Plan:
    defaults = {"generator": "latent", "nfe": 3, "solver": "heun", "seed": 0}
    defaults = {name: value for name, value in defaults.items() if name not in (rows.name, columns.name)}
    return plan(rows, columns, guides, {**defaults, **fixed}, CARDS)


def grid(**more: Any) -> Comparison:
    return Comparison(planned(Axis("generator", ("latent", "pixel")), Axis("nfe", (1, 2, 3)), **more))


class Bench(FakeEngine):
    """Notes what runs; generators in `broken` fail when they run."""

    def __init__(self, **broken: Exception) -> None:
        super().__init__(seconds_per_nfe=0.0)
        self.broken = broken
        self.runs: list[tuple[str, int]] = []

    def generate(self, request: Any, on_step: Any = None, *, background: bool = False) -> Any:
        assert background, "others go before a comparison"
        self.runs.append((request.sampling.generator, request.sampling.nfe))
        if request.sampling.generator in self.broken:
            raise self.broken[request.sampling.generator]
        return super().generate(request, on_step)


def states(comparison: Comparison) -> list[str]:
    return [cell.state.value for cell in comparison.cells]


def test_cells_are_the_product_of_rows_and_columns_row_after_row() -> None:
    cells = grid().plan.cells
    assert [(cell.request.sampling.generator, cell.request.sampling.nfe) for cell in cells] == [
        *(("latent", nfe) for nfe in (1, 2, 3)),
        *(("pixel", nfe) for nfe in (1, 2, 3)),
    ]
    assert [(cell.row, cell.column) for cell in cells] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert {cell.request.seed for cell in cells} == {0}


def test_a_label_map_brings_its_own_view_and_phase() -> None:
    guides = (HEART, Guide("empty", blank(), "2CH", "ES"))
    cells = planned(Axis("label_map", ("empty", "heart")), Axis("seed", (1,)), guides).cells
    assert [(cell.request.view, cell.request.phase) for cell in cells] == [("2CH", "ES"), ("4CH", "ED")]
    assert cells[0].request.label_map == blank()


def test_what_is_left_open_is_what_each_card_advises() -> None:
    cells = plan(Axis("generator", ("latent", "pixel")), Axis("seed", (1,)), [HEART], {}, CARDS).cells
    assert [(cell.request.sampling.nfe, cell.request.sampling.solver) for cell in cells] == [
        (20, "heun"),
        (50, "euler"),
    ]
    assert Axis.read("nfe", ["5", " advised"]).values == (5, ADVISED)


def test_a_generator_of_one_call_takes_one_nfe_and_its_cells_say_so() -> None:
    cells = planned(Axis("generator", ("gan", "latent")), Axis("nfe", (1, 5))).cells
    assert [title(cell) for cell in cells[1:3]] == ["gan · 1 NFE", "latent · heun · 1 NFE"]
    assert [(cell.request.sampling.nfe, cell.note) for cell in cells] == [
        (1, ""),
        (1, "one call: NFE 1 instead of 5"),
        (1, ""),
        (5, ""),
    ]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Axis("size", (1,)), "generator"),
        (lambda: Axis("nfe", ()), "got none"),
        (lambda: Axis("nfe", (5, 5)), "5 more often"),
        (lambda: Axis.read("nfe", ["five"]), "'five'"),
        (lambda: planned(Axis("nfe", (1,)), Axis("nfe", (2,))), "nfe twice"),
        (lambda: planned(Axis("nfe", (1,)), Axis("seed", (2,)), nfe=3), "values of nfe in one place"),
        (lambda: planned(Axis("generator", ("none",)), Axis("seed", (2,))), "gan, latent, pixel"),
        (lambda: planned(Axis("label_map", ("none",)), Axis("seed", (2,))), "choose one of: heart"),
        (lambda: planned(Axis("nfe", (0,)), Axis("seed", (2,))), "1 to 1000"),
        (lambda: planned(Axis("nfe", (1,)), Axis("seed", (2,)), guides=()), "a label map"),
        (lambda: planned(Axis("nfe", (1,)), Axis("seed", (2,)), guides=(HEART, HEART)), "2 label maps"),
        (lambda: planned(Axis("nfe", tuple(range(1, 14))), Axis("seed", tuple(range(5)))), "13 x 5 = 65"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_runs(make: Any, says: str) -> None:
    with pytest.raises(EchoStudioError, match=says):
        make()
    assert MAX_CELLS == 64


def test_frames_that_would_fill_the_memory_are_refused() -> None:
    large = Guide("large", LabelMap(np.full((4096, 4096), 4, np.uint8)))
    with pytest.raises(RequestError, match="million pixels"):
        planned(Axis("nfe", (1,)), Axis("seed", (1, 2, 3, 4, 5)), (large,))


def test_every_cell_is_the_run_that_it_would_be_alone() -> None:
    comparison, engine = grid(), Bench()
    run(comparison, engine)
    for cell, progress in zip(comparison.plan.cells, comparison.cells, strict=True):
        assert progress.state is JobState.DONE
        assert np.array_equal(progress.generated.image, speckle(cell.request, 1.0))
        assert progress.generated.record.sampling.nfe == cell.request.sampling.nfe
        assert progress.adherence == {"lv_endo": 0.9, "lv_epi": 0.9, "la": 0.9}


def test_a_generator_is_warm_before_its_first_cell_counts() -> None:
    comparison, engine = grid(), Bench()
    run(comparison, engine)
    warm_up = [("latent", 1)]
    assert engine.runs == [
        *warm_up,
        *(("latent", nfe) for nfe in (1, 2, 3)),
        ("pixel", 1),
        *(("pixel", nfe) for nfe in (1, 2, 3)),
    ]


def test_changes_come_in_order_and_count_every_nfe() -> None:
    comparison = grid()
    seen: list[tuple[int, str, int]] = []
    run(comparison, Bench(), on_change=lambda number, now: seen.append((number, now.state.value, now.nfe)))
    assert seen[:8] == [
        *((0, "running", 0), (0, "running", 1), (0, "done", 1)),
        *((1, "running", 0), (1, "running", 1), (1, "running", 2), (1, "done", 2), (2, "running", 0)),
    ]


def test_a_cell_that_fails_says_why_and_the_rest_goes_on() -> None:
    missing = CheckpointError(expected="model.safetensors", got="no such file", remedy="restore the checkpoint")
    comparison = grid()
    run(comparison, Bench(latent=missing))
    assert states(comparison) == ["failed"] * 3 + ["done"] * 3
    assert comparison.cells[1].message == str(missing)


def test_a_foreign_error_keeps_its_text_to_itself() -> None:
    comparison = grid()
    run(comparison, Bench(pixel=RuntimeError("/home/secret")))
    assert states(comparison) == ["done"] * 3 + ["failed"] * 3
    assert "RuntimeError" in comparison.cells[4].message
    assert "secret" not in comparison.cells[4].message


def test_a_frame_without_a_segmenter_is_kept_without_adherence() -> None:
    class Blind(Bench):
        def adherence(self, image: Any, label_map: Any) -> Any:
            raise CheckpointError(expected="card.json", got="no such file", remedy="restore it")

    comparison = grid()
    run(comparison, Blind())
    assert states(comparison) == ["done"] * 6
    assert "adherence is not measured" in comparison.cells[0].message
    assert figures(comparison, 0, comparison.cells)[0]["adherence"] is None


def test_cancel_stops_between_two_nfe_and_keeps_what_is_done() -> None:
    comparison, engine = grid(), Bench()

    def check() -> None:
        if comparison.cells[2].nfe == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(comparison, engine, check)
    assert states(comparison) == ["done", "done", *["cancelled"] * 4]
    assert engine.runs[-1] == ("latent", 3)
    assert comparison.cells[2].nfe == 1


def test_rmse_counts_grey_levels_inside_the_mask() -> None:
    image = np.zeros((4, 4), np.uint8)
    other = image.copy()
    other[0] = 10
    other[3] = 200
    inside = np.zeros((4, 4), bool)
    inside[:2] = True
    assert rmse(other, image, inside) == pytest.approx(np.sqrt(50))
    assert rmse(image, other, inside) == rmse(other, image, inside)
    assert rmse(image, image, inside) == 0
    assert rmse(image, other, np.zeros((4, 4), bool)) is None


def done(comparison: Comparison, number: int, gain: float, seconds: float, dice: float | None) -> None:
    request: Any = comparison.plan.cells[number].request
    made = FakeEngine(0.0).generate(request)
    generated = Generated(image=speckle(request, gain), record=made.record, seconds=seconds)
    adherence = {"lv_endo": dice, "lv_epi": dice, "la": None}
    comparison.put(number, Progress(JobState.DONE, request.sampling.nfe, generated, adherence))


def test_cells_are_ranked_by_any_figure_and_those_without_it_are_left_out() -> None:
    comparison = grid()
    for number, (gain, seconds, dice) in enumerate([(1.0, 3.0, 0.7), (0.9, 1.0, None), (0.5, 2.0, 0.9)]):
        done(comparison, number, gain, seconds, dice)
    found = figures(comparison, 0, comparison.cells)
    assert found[0]["rmse"] == 0
    assert found[1]["adherence"] is None
    assert found[2]["adherence"] == pytest.approx(0.9)
    assert ranking(found, "seconds") == [1, 2, 0]
    assert ranking(found, "lv_endo") == [2, 0]
    assert ranking(found, "rmse") == [0, 1, 2]
    assert ranking(found, "la") == []
    assert set(found[0]) == set(FIGURES)
    with pytest.raises(UnknownNameError, match="rmse"):
        ranking(found, "beauty")
    with pytest.raises(RequestError, match="reference among 6"):
        figures(comparison, 6, comparison.cells)


def test_figures_are_of_the_moment_at_which_the_states_were_read() -> None:
    comparison = Comparison(planned(Axis("seed", (1, 2, 3)), Axis("nfe", (1,))))
    done(comparison, 0, 1.0, 1.0, 0.9)
    states = comparison.cells
    done(comparison, 1, 1.0, 1.0, 0.9)
    found = figures(comparison, 0, states)
    assert [known["seconds"] for known in found] == [1.0, None, None]


def test_rmse_to_a_frame_of_another_size_or_one_that_is_not_there_is_not_known() -> None:
    small = Guide("small", heart().resized(64, 64))
    comparison = Comparison(planned(Axis("label_map", ("heart", "small")), Axis("seed", (1, 2)), (HEART, small)))
    done(comparison, 0, 1.0, 1.0, 0.9)
    done(comparison, 2, 1.0, 1.0, 0.9)
    assert figures(comparison, 0, comparison.cells)[2]["rmse"] is None
    assert figures(comparison, 1, comparison.cells)[0]["rmse"] is None


def test_the_table_has_a_line_for_every_cell_with_settings_figures_and_reasons() -> None:
    wrong = RequestError(expected="label dropout", got="none", remedy="ask for guidance 0")
    comparison = grid(seed=2**60)
    run(comparison, Bench(pixel=wrong))
    lines = list(csv.DictReader(io.StringIO(figures_csv(comparison, 2))))
    assert [(line["row"], line["column"], line["state"]) for line in lines[1:4]] == [
        ("1", "2", "done"),
        ("1", "3", "done"),
        ("2", "1", "failed"),
    ]
    assert [line["reference"] for line in lines] == ["", "", "yes", "", "", ""]
    assert lines[1]["seed"] == str(2**60)
    assert (lines[1]["generator"], lines[1]["nfe"], lines[1]["lv_endo"]) == ("latent", "2", "0.9")
    assert lines[2]["rmse"] == "0.0"
    assert lines[3]["remark"] == str(wrong)
    assert lines[3]["seconds"] == ""


def test_the_sheet_shows_every_frame_at_its_place_and_is_marked() -> None:
    comparison = Comparison(planned(Axis("generator", ("latent", "pixel")), Axis("seed", (1, 2, 3))))
    run(comparison, Bench(pixel=RequestError(expected="a", got="b", remedy="c")))
    sheet = Image.open(io.BytesIO(contact_sheet(comparison, 0)))
    assert sheet.info["Comment"] == NOTICE
    assert [bool(told) for told in json.loads(sheet.info[NOTE_KEY])["records"]] == [True] * 3 + [False] * 3
    pixels = np.asarray(sheet.convert("L"))
    places = [
        np.unravel_index(np.argmin(away), away.shape)
        for progress in comparison.cells[:3]
        if (away := cv2.matchTemplate(pixels, progress.generated.image, cv2.TM_SQDIFF_NORMED)).min() < 1e-4
    ]
    assert len(places) == 3
    assert places[0] < places[1] < places[2], "in one row, from left to right"


def test_the_archive_has_the_frame_and_record_of_each_cell_that_is_done() -> None:
    comparison = grid()
    run(comparison, Bench(pixel=RequestError(expected="a", got="b", remedy="c")))
    archive = zipfile.ZipFile(io.BytesIO(everything_zip(comparison, 0)))
    assert frame_file(comparison.plan, 1) == "r1c2-latent-nfe2.png"
    stems = ["r1c1-latent-nfe1", "r1c2-latent-nfe2", "r1c3-latent-nfe3"]
    assert set(archive.namelist()) == {
        "figures.csv",
        "sheet.png",
        *(f"{s}.{e}" for s in stems for e in ("png", "json")),
    }
    record = json.loads(archive.read("r1c2-latent-nfe2.json"))
    assert (record["nfe"], record["notice"], record["label_map"]) == (2, NOTICE, "heart")
    assert record["measured"]["adherence"]["la"] == 0.9
    assert record["measured"]["scored_by"] == "judge"
    frame = Image.open(io.BytesIO(archive.read("r1c2-latent-nfe2.png")))
    assert np.array_equal(np.asarray(frame), comparison.cells[1].generated.image)
    assert frame.info["Comment"] == NOTICE
    assert frame_png(comparison, 4) is None
    assert record_json(comparison, 4) is None


def test_file_names_are_safe_whatever_a_label_map_is_called() -> None:
    odd = Guide("../a map: ü?", heart())
    comparison = planned(Axis("label_map", (odd.name,)), Axis("seed", (7,)), (odd,))
    assert frame_file(comparison, 0) == "r1c1-a-map-ü-seed7.png"
