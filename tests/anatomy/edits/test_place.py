"""A defect that is dragged: the parameters put it where the point is."""

import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.edits.place import PLACED, defect_at
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.landmarks.segments import SEGMENTS
from echo_studio.errors import LabelMapError, RequestError, UnknownNameError
from tests.studio.fakes import blank, heart

HEART = heart()


def middle(mask: np.ndarray) -> np.ndarray:
    """(x, y) from the corner of the map."""
    y, x = np.nonzero(mask)
    return np.array([x.mean(), y.mean()]) + 0.5


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_septal_defect_comes_back_to_where_it_was_seen(at: float) -> None:
    made = apply_defect(HEART, "septal", {"at": at})
    x, y = middle(made.ids != HEART.ids)
    assert defect_at(HEART, "septal", {}, (x, y), "4CH")["at"] == pytest.approx(at, abs=0.05)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("at", "inward"), [(0.3, 0.0), (0.5, 0.6)])
def test_a_mass_comes_back_to_where_it_was_seen(side: str, at: float, inward: float) -> None:
    made = apply_defect(HEART, "mass", {"at": at, "side": side, "inward": inward, "diameter_mm": 12.0})
    x, y = middle(made.ids != HEART.ids)
    again = apply_defect(
        HEART, "mass", {"diameter_mm": 12.0, **defect_at(HEART, "mass", {"diameter_mm": 12.0}, (x, y), "4CH")}
    )
    assert np.hypot(*(middle(again.ids != HEART.ids) - [x, y])) < 6


@pytest.mark.parametrize("view", SEGMENTS)
def test_a_segment_is_the_one_under_the_point(view) -> None:
    for name in SEGMENTS[view]:
        made = apply_defect(HEART, "thin-wall", {"segment": name, "share": 0.8})
        x, y = middle(made.ids != HEART.ids)
        assert defect_at(HEART, "thin-wall", {}, (x, y), view) == {"segment": name}


def test_every_placed_defect_takes_what_a_drag_gives_it() -> None:
    x, y = middle(HEART.ids == LV_CAVITY)
    for name in PLACED:
        for point in ((x - 40, y), (x + 40, y), (x, y - 50), (0.0, 0.0), (-300.0, 900.0)):
            values = defect_at(HEART, name, {}, point, "4CH")
            assert set(values) == set(PLACED[name])
            assert isinstance(apply_defect(HEART, name, values), LabelMap)


def test_what_cannot_be_placed_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="septal"):
        defect_at(HEART, "hypertrophy", {}, (1.0, 1.0), "4CH")
    with pytest.raises(UnknownNameError, match="view"):
        defect_at(HEART, "septal", {}, (1.0, 1.0), "5CH")  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="point"):
        defect_at(HEART, "septal", {}, (float("nan"), 1.0), "4CH")
    with pytest.raises(LabelMapError):
        defect_at(blank(), "septal", {}, (1.0, 1.0), "4CH")
