"""A real frame gets its structures and its sector, whatever the screen shows around it."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.label_map import structure_dice
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import Sector, sector_of_image
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import ImageError
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, label_frame
from echo_studio.studio.engine.engine import Engine
from echo_studio.types import GrayImage
from tests.conftest import echo_like

SECTOR_SHAPE = Sector(apex=(150.0, 4.0), angle_left=-0.7, angle_right=0.7, near=10.0, far=210.0)
IMAGE, IDS = echo_like(sector=SECTOR_SHAPE, shape=(240, 300))
MASK = SECTOR_SHAPE.mask(240, 300)


class Painter:
    """Stands in for the segmenter: the heart where `echo_like` draws it, with an island and a hole added."""

    card = SimpleNamespace(resolution=128)

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def shares(self, image: GrayImage) -> np.ndarray:
        self.seen.append((self.card.resolution, self.card.resolution))
        rows, columns = np.nonzero(MASK)
        box = IDS[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        ids = cv2.resize(box, self.seen[-1], interpolation=cv2.INTER_NEAREST)
        ids[2:5, 2:5] = LV_CAVITY
        y, x = (int(np.median(places)) for places in np.nonzero(ids == LEFT_ATRIUM))
        ids[y : y + 2, x : x + 2] = 0
        return (np.arange(4)[:, None, None] == ids).astype(np.float64)


def screen(image: GrayImage, quality: int | None = 70) -> tuple[GrayImage, tuple[int, int]]:
    """The frame on a larger screen with text, a scale and a trace; through a lossy file. And where it stands."""
    shown = np.zeros((480, 640), np.uint8)
    y, x = 80, 150
    shown[y : y + image.shape[0], x : x + image.shape[1]] = image
    for text, place in (("DOE JANE 1950", (10, 30)), ("49Hz 16cm", (10, 60)), ("65 bpm", (540, 470))):
        cv2.putText(shown, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 230, 1)
    for k in range(12):
        cv2.line(shown, (560, 90 + 20 * k), (568, 90 + 20 * k), 200, 1)
    trace = np.arange(100, 500)
    points = np.stack([trace, 440 - 25 * np.abs(np.sin(trace / 25)) ** 16], axis=1).astype(np.int32)
    cv2.polylines(shown, [points], False, 180, 1)
    if quality:
        buffer = BytesIO()
        Image.fromarray(shown).save(buffer, "JPEG", quality=quality)
        shown = np.asarray(Image.open(buffer))
    return shown, (y, x)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_a_clean_frame_gets_the_sector_that_the_data_set_s_reader_gives_it() -> None:
    assert np.array_equal(find_sector(IMAGE), sector_of_image(IMAGE))


@pytest.mark.parametrize("quality", [None, 50, 90])
def test_the_sector_is_found_among_text_and_noise(quality: int | None) -> None:
    shown, (y, x) = screen(IMAGE, quality)
    truth = np.zeros(shown.shape, bool)
    truth[y : y + 240, x : x + 300] = MASK
    found = find_sector(shown)
    assert overlap(found, truth) > 0.96
    assert not found[:60, :140].any()


def test_a_sector_is_found_again_in_a_larger_picture() -> None:
    shown, _ = screen(IMAGE)
    large = cv2.resize(shown, (1024, 768), interpolation=cv2.INTER_LINEAR)
    small = cv2.resize(find_sector(shown).astype(np.uint8), (1024, 768), interpolation=cv2.INTER_NEAREST) > 0
    assert overlap(find_sector(large), small) > 0.97


def test_a_frame_without_light_is_refused() -> None:
    with pytest.raises(ImageError, match="lit sector"):
        find_sector(np.zeros((100, 100), np.uint8))


def test_the_structures_are_whole_and_stand_in_the_sector() -> None:
    painter = Painter()
    found = label_frame(painter, IMAGE, (0.4, 0.3))  # type: ignore[arg-type]
    assert found.shape == IMAGE.shape
    assert found.spacing_mm == (0.4, 0.3)
    assert painter.seen == [(128, 128)]
    for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM):
        assert overlap(found.ids == label, IDS == label) > 0.9
        assert cv2.connectedComponents((found.ids == label).astype(np.uint8), connectivity=8)[0] == 2
    assert not (found.ids[MASK] == 0).any()
    heart = (found.ids > 0) & (found.ids < SECTOR)
    assert cv2.connectedComponents(1 - heart.astype(np.uint8), connectivity=4)[0] == 2  # no hole in it


def test_what_a_screen_shows_around_the_sector_moves_no_structure() -> None:
    shown, (y, x) = screen(IMAGE)
    found = label_frame(Painter(), shown)  # type: ignore[arg-type]
    truth = np.zeros(shown.shape, np.uint8)
    truth[y : y + 240, x : x + 300] = IDS
    for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM):
        assert overlap(found.ids == label, truth == label) > 0.85


def test_the_engine_labels_with_the_bundled_segmenter() -> None:
    found = Engine().labelled(IMAGE, (0.4, 0.3)).label_map
    assert found.shape == IMAGE.shape
    assert overlap(found.inside, MASK) > 0.9


@pytest.mark.slow
def test_camus_s_validation_frames_are_labelled_as_their_annotators_did(camus_root: Path) -> None:
    folder, segmenter = CamusFolder(camus_root), FrameSegmenter.load()
    scores = []
    for frame_id in folder.frame_ids(folder.split("validation"))[::10]:
        frame = folder.read(frame_id)
        found = label_frame(segmenter, frame.image, frame.label_map.spacing_mm)
        scores.append(structure_dice(found, frame.label_map)["lv_endo"])
    assert len(scores) >= 20
    assert np.mean([score for score in scores if score is not None]) >= 0.88


def test_no_letter_keeps_its_shape_where_no_sector_fits() -> None:
    """A linear probe's picture with a name written onto its border."""
    screen = np.zeros((400, 500), np.uint8)
    screen[100:380, 60:440] = 90
    named = cv2.putText(screen.copy(), "JANE DOE 1970", (70, 104), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 200, 2)
    sector = find_sector(named)
    above = sector[:98]
    assert above.sum() == 0 or (np.diff(np.flatnonzero(above.any(axis=0))) == 1).all(), "one piece, not letters"
    assert all((np.diff(np.flatnonzero(row)) == 1).all() for row in sector)
    assert sector[120:360, 80:420].all()
