"""The bundled label maps: whole hearts in a sector, none of them a copy of a patient's."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import fit_sector, within_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import BUNDLED, maps_folder, template
from echo_studio.errors import UnknownNameError

HEARTS = [name for name in BUNDLED if name != "blank"]


def test_every_file_is_listed_and_every_entry_has_its_file() -> None:
    assert {path.stem for path in maps_folder().glob("*.png")} == set(BUNDLED)
    with pytest.raises(UnknownNameError, match="4ch-ed"):
        template("5ch")


@pytest.mark.parametrize("name", HEARTS)
def test_a_heart_has_one_piece_of_each_structure_inside_the_sector(name: str) -> None:
    ids = template(name).ids
    assert ids.shape == (256, 256)
    for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM):
        count, _ = cv2.connectedComponents((ids == label).astype(np.uint8), connectivity=8)
        assert count == 2, label
    assert np.array_equal(within_sector(ids), ids)


def test_the_blank_template_is_a_sector_and_nothing_else() -> None:
    ids = template("blank").ids
    assert set(np.unique(ids)) == {OUTSIDE, SECTOR}
    sector = fit_sector(ids == SECTOR).mask(*ids.shape)
    assert (sector & (ids == SECTOR)).sum() / (sector | (ids == SECTOR)).sum() > 0.98


@pytest.mark.slow
def test_no_heart_is_a_copy_of_a_patients(camus_root: Path) -> None:
    data = CamusFolder(camus_root)
    hearts = [template(name) for name in HEARTS]
    closest = 0.0
    for frame_id in data.frame_ids(data.split("training")[::8]):
        theirs = LabelMap(data.read(frame_id).label_map.resized(256, 256).ids)
        for ours in hearts:
            scores = [value for value in structure_dice(LabelMap(ours.ids), theirs).values() if value is not None]
            closest = max(closest, min(scores))
    assert closest < 0.97
