"""The report: one page from the JSON that evaluations print, with published rows told apart."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.errors import DataError
from echo_studio.evaluate.frames.adherence import Quality
from echo_studio.evaluate.privacy import false_alarms
from echo_studio.evaluate.report.page import html, markdown, write_report
from echo_studio.evaluate.report.sections import PUBLISHED_UTILITY, PUBLISHED_VIDEO, read_report
from echo_studio.evaluate.video.metrics import VideoScores
from echo_studio.generate.sampling import Sampling
from echo_studio.types import Json

DICE = {"lv_endo": 0.91, "lv_epi": 0.94, "la": 0.88}


def booted(value: float) -> Json:
    return {"mean": value, "bootstrap_sd": 0.01, "n": 4, "by_seed": [value]}


def figures(endo: float) -> Json:
    return {
        "dice": {"lv_endo": booted(endo), "lv_epi": booted(0.92), "la": booted(0.8)},
        "hausdorff_px": {"lv_endo": booted(7.5)},
        "hausdorff_mm": {},
        "view_accuracy": booted(0.95),
    }


def utility() -> Json:
    run = {"generator": "edm-l64", "solver": "ipndm", "weights": ["ab" * 32, "cd" * 32]}
    return {
        "runs": [{**run, "nfe": 5, "figures": figures(0.84)}, {**run, "nfe": 10, "figures": figures(0.87)}],
        "real_figures": figures(0.9),
        "real_images": {"learn": 1440, "held_out": 160},
        "n_test": 200,
        "maps": 3200,
        "test_split": "validation",
        "segmenter": {"name": "unet8"},
        "seeds": 3,
        "bootstrap": {"share": 0.8, "rounds": 1000},
    }


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    labeller = {**DICE, "frechet": 9.0, "frechet_real": 20.0}
    lines = [
        Quality(Sampling("edm-l64", "ipndm", nfe), DICE, 5.0 + nfe, 21.0, 48, 0.93, 0.7, labeller).to_json()
        for nfe in (2, 10)
    ]
    found: dict[str, Json] = {
        "utility-unet8": utility(),
        "quality-edm-l64": {
            "generator": "edm-l64",
            "n": 48,
            "features": "echo <features>",
            "real": {**DICE, "frechet": 21.0},
            "labeller": {"features": "its features", "real": {**DICE, "frechet": 20.0}},
            "by_nfe": lines,
        },
        "video": {
            "reference": "interpolated cycles",
            "split": "validation",
            "view": "2CH",
            "features": "echo features",
            "efs": [25.0, 40.0],
            "rows": [VideoScores("free-echo", 24, 50, "ipndm", 32, 0.0, 44, ssim=0.6, psnr=20.2).to_json()],
        },
        "privacy": {
            "source": {"generator": "edm-l64", "solver": "ipndm", "nfe": 10, "seed": 0},
            "n": {"made": 1, "training": 1600, "held_out": 200},
            "near": {"grain": 0.737, "structure": 0.857},
            "false_alarms": false_alarms(0, 200),
            "flagged": 0,
            "frames": [{"name": "a", "neighbour": "patient0001_4CH_ED", "grain": 0.6, "structure": 0.5, "flags": []}],
        },
        "throughput": {
            "about": "two cores",
            "rows": [
                {"generator": "edm-l64", "formulation": "prepared", "nfe": nfe, "images_per_second": 5 / nfe}
                for nfe in (1, 10)
            ],
        },
    }
    for name, one in found.items():
        (folder / f"{name}.json").write_text(json.dumps(one))
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "eight-hearts.png")
    return folder


class Strict(HTMLParser):
    """Every element that opens closes; what is fetched is noted."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_beside_it_and_is_well_formed(results: Path) -> None:
    page = html(read_report(results, "Results & more"))
    reader = Strict()
    reader.feed(page)
    assert reader.open == []
    assert all(address.startswith(("data:", "#")) for address in reader.fetched)
    assert "url(http" not in page
    assert "Results &amp; more" in page
    assert "Synthetic images. Not for diagnosis." in page
    assert "echo &lt;features&gt;" in page


def test_published_rows_stand_beside_ours_and_are_marked(results: Path) -> None:
    report = read_report(results, "Results")
    tables = {table.title: table for table in report.tables}
    utility_table, videos = tables["Utility on real hearts, 3,200 label maps"], tables["Videos"]
    assert len(utility_table.published) == len(PUBLISHED_UTILITY)
    assert len(videos.published) == len(PUBLISHED_VIDEO)
    assert all(len(row) == len(table.columns) for table in report.tables for row in table.rows)
    assert utility_table.rows[1][1] == "87.0 ± 1.0"
    assert utility_table.rows[2][0] == "real frames (1440)"
    assert "mean of 3 seeds" in utility_table.note
    assert "Weights: edm-l64 abababab cdcdcdcd." in utility_table.note
    assert "EF asked in turn: 25, 40 %." in videos.note
    text = markdown(report)
    assert "| SDM, all frames (000) † | 88.5 ± 6.0 |" in text
    assert "| edm-l64, ipndm, 10 NFE | 87.0 ± 1.0 |" in text
    assert html(report).count("<tr class=published>") == len(PUBLISHED_UTILITY) + len(PUBLISHED_VIDEO)


def test_sweeps_are_plotted_and_every_record_is_kept(results: Path) -> None:
    report = read_report(results, "Results")
    measures = {plot.measure: plot for plot in report.plots}
    lines = {"edm-l64": [(5, 84.0), (10, 87.0)], "real frames": [(5, 90.0), (10, 90.0)]}
    assert dict(measures["Dice of LV endocardium, %"].lines) == lines
    assert measures["images a second"].log
    page = html(report)
    assert page.count("<svg") == len(report.plots)
    assert set(report.records) == {path.name for path in results.glob("*.json")}
    for name in report.records:
        assert f"<summary>{name}</summary>" in page
    assert re.search(r'alt="Eight hearts" src="data:image/png;base64,', page)


def test_the_same_results_give_the_same_page(results: Path, tmp_path: Path) -> None:
    page, beside = write_report(read_report(results, "Results"), tmp_path / "out.html")
    assert page.read_text() == html(read_report(results, "Results"))
    assert beside.read_text() == markdown(read_report(results, "Results"))


def test_what_cannot_be_reported_is_refused_by_name(results: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="evaluations"):
        read_report(tmp_path / "nothing", "Results")
    (results / "quality-broken.json").write_text('{"generator": "x"}')
    with pytest.raises(DataError, match=r"quality-broken\.json"):
        read_report(results, "Results")
    (results / "quality-broken.json").unlink()
    (results / "shopping.json").write_text("{}")
    with pytest.raises(DataError, match=r"shopping\.json"):
        read_report(results, "Results")


def test_scores_stand_under_whose_they_are_and_old_ones_are_the_labellers(results: Path) -> None:
    def rows() -> list[list[str]]:
        table = next(one for one in read_report(results, "Results").tables if one.title == "Quality of edm-l64")
        where = table.columns.index("Scored by")
        return [[str(row[where]), str(row[table.columns.index("Fréchet")]), str(row[-2])] for row in table.rows]

    assert rows() == [
        ["judge", "7.0", "0.93"],
        ["judge", "15.0", "0.93"],
        ["judge", "21.0", "1.0"],
        ["labeller", "9.0", "0.93"],
        ["labeller", "9.0", "0.93"],
        ["labeller", "20.0", "1.0"],
    ]
    path = results / "quality-edm-l64.json"
    found = json.loads(path.read_text())
    del found["labeller"]
    for line in found["by_nfe"]:
        for name in ("labeller", "grain", "grain_spread"):
            del line[name]
    path.write_text(json.dumps(found))
    assert [row[0] for row in rows()] == ["labeller"] * 3
    assert [row[2] for row in rows()] == ["None", "None", "1.0"]


def test_the_results_that_are_kept_here_give_a_page(tmp_path: Path) -> None:
    kept = Path(__file__).resolve().parents[3] / "docs" / "results"
    report = read_report(kept, "Results")
    page, text = write_report(report, tmp_path / "report.html")
    titles = [table.title for table in report.tables]
    assert "Fidelity" in titles
    assert "(labeller)" in text.read_text(encoding="utf-8"), "they were measured before there was a judge"
    assert all(title in text.read_text(encoding="utf-8") for title in titles)
    Strict().feed(page.read_text(encoding="utf-8"))
