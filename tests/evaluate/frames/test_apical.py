"""A frame that is no apical view is labelled with a warning."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.apical import pictures
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.labels import SECTOR as TISSUE
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import template
from echo_studio.evaluate.frames.apical import NOT_APICAL, SEEN, looks_apical, what_is_seen
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Labelled, labelled
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage

HEART = template("4ch-ed")
SECTOR = HEART.inside


def shares(sure: float) -> np.ndarray:
    """The template's structures, each with this likelihood, the rest shared by the other labels."""
    ids = np.where(HEART.ids < 4, HEART.ids, 0)
    return np.where(np.arange(4)[:, None, None] == ids, sure, (1 - sure) / 3)


def test_doubt_is_what_the_likeliest_label_leaves() -> None:
    for sure in (1.0, 0.9, 0.5):
        seen = what_is_seen(shares(sure), SECTOR, HEART)
        assert seen["doubt"] == pytest.approx(1 - sure)
    empty = what_is_seen(np.stack([np.ones((8, 8)), *np.zeros((3, 8, 8))]), SECTOR, HEART)
    assert empty["doubt"] == 1.0


def test_a_sure_and_plausible_heart_below_its_apex_looks_apical() -> None:
    seen = what_is_seen(shares(0.99), SECTOR, HEART)
    assert looks_apical(seen)
    assert Labelled(HEART, seen).warnings == []


@pytest.mark.parametrize("name", SEEN)
def test_a_figure_beyond_what_apical_frames_have_is_a_warning(name: str) -> None:
    seen = what_is_seen(shares(0.99), SECTOR, HEART) | {name: SEEN[name][1] + 0.01}
    assert not looks_apical(seen)
    assert Labelled(HEART, seen).warnings == [NOT_APICAL]


def test_a_sector_that_stands_on_its_head_is_none_of_an_apical_view() -> None:
    seen = what_is_seen(shares(0.99), SECTOR[::-1], HEART)
    assert not looks_apical(seen)


def generated(label_map: LabelMap) -> GrayImage:
    request = GenerationRequest(label_map, Sampling("draft-l64", "euler", 1), "4CH", "ED", 1)
    return load_generator("draft-l64").generate(request).image


@pytest.fixture(scope="module")
def segmenter() -> FrameSegmenter:
    return FrameSegmenter.load()


@pytest.fixture(scope="module")
def shown() -> dict[str, GrayImage]:
    """A frame as one call of the bundled weights makes it, and what is made of it that is no apical view."""
    frame = SimpleNamespace(image=generated(HEART), label_map=HEART)
    return dict(pictures(frame, frame))


def test_a_generated_apical_frame_passes(segmenter: FrameSegmenter, shown: dict[str, GrayImage]) -> None:
    assert labelled(segmenter, shown["apical"]).warnings == []


@pytest.mark.parametrize(
    "kind",
    [
        *("turned by 90", "turned by 180", "turned by 270", "turned within the sector"),
        *("side by side", "without a heart"),
    ],
)
def test_what_is_no_apical_view_is_labelled_with_a_warning(
    kind: str, segmenter: FrameSegmenter, shown: dict[str, GrayImage]
) -> None:
    assert labelled(segmenter, shown[kind]).warnings == [NOT_APICAL]


def test_a_short_axis_is_labelled_with_a_warning(segmenter: FrameSegmenter) -> None:
    y, x = np.mgrid[0 : HEART.shape[0], 0 : HEART.shape[1]]
    from_middle = np.hypot(y - 130, x - 128)
    ring = np.select([from_middle < 28, from_middle < 48], [LV_CAVITY, LV_MYOCARDIUM], TISSUE)
    image = generated(LabelMap(np.where(SECTOR, ring, 0).astype(np.uint8), HEART.spacing_mm))
    assert labelled(segmenter, image).warnings == [NOT_APICAL]


def test_frames_of_camus_pass_and_turned_ones_do_not(camus_root: Path, segmenter: FrameSegmenter) -> None:
    folder = CamusFolder(camus_root)
    for frame_id in folder.frame_ids(folder.split("validation"))[::60]:
        image = folder.read(frame_id).image
        assert labelled(segmenter, image).warnings == []
        assert labelled(segmenter, np.ascontiguousarray(np.rot90(image, 2))).warnings == [NOT_APICAL]
