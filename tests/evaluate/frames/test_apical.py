"""A frame that is no apical view is labelled with a warning."""

from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import template
from echo_studio.evaluate.frames.apical import NOT_APICAL, SEEN, looks_apical, what_is_seen
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Labelled, labelled

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


def test_frames_of_camus_pass_and_turned_ones_do_not(camus_root: Path) -> None:
    folder, segmenter = CamusFolder(camus_root), FrameSegmenter.load()
    for frame_id in folder.frame_ids(folder.split("validation"))[::60]:
        image = folder.read(frame_id).image
        assert labelled(segmenter, image).warnings == []
        assert labelled(segmenter, np.ascontiguousarray(np.rot90(image, 2))).warnings == [NOT_APICAL]
