import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import GRID, KINDS, Kind, deform, moving_least_squares, source_points
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.anatomy.shape.warp import STRUCTURES, warp_labels
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import RequestError, UnknownNameError
from tests.anatomy.heart import heart

HEART = heart(spacing=(0.6, 0.72))
PLACES = [handle.place for handle in automatic_handles(HEART)]


def shifted(mask: np.ndarray, dx: int, dy: int) -> np.ndarray:
    out = np.zeros_like(mask)
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    rows, columns = rows + dy, columns + dx
    keep = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    out[rows[keep], columns[keep]] = True
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_handles_that_did_not_move_change_no_byte(kind: Kind) -> None:
    assert deform(HEART, PLACES, PLACES, STRUCTURES, kind) is HEART
    source = source_points(HEART.shape, np.array(PLACES), np.array(PLACES), kind, 1.2)
    assert warp_labels(HEART, source, STRUCTURES, sector_region(HEART)) == HEART


@pytest.mark.parametrize("kind", KINDS)
@given(dx=st.integers(-40, 40), dy=st.integers(-40, 40))
@settings(max_examples=10, deadline=None)
def test_moving_all_handles_alike_translates_the_structures_exactly(kind: Kind, dx: int, dy: int) -> None:
    after = [(x + dx, y + dy) for x, y in PLACES]
    moved = deform(HEART, PLACES, after, STRUCTURES, kind)
    for structure in STRUCTURES:
        assert ((moved.ids == structure) == shifted(HEART.ids == structure, dx, dy)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_pixel_is_a_tie_and_rounds_the_source_up(kind: Kind) -> None:
    after = [(x + 0.5, y) for x, y in PLACES]
    moved = deform(HEART, PLACES, after, STRUCTURES, kind)
    assert (moved.ids == HEART.ids).all()  # x − 0.5 + 0.5: every pixel shows itself
    after = [(x - 0.5, y) for x, y in PLACES]
    moved = deform(HEART, PLACES, after, STRUCTURES, kind)
    assert ((moved.ids == LV_CAVITY) == shifted(HEART.ids == LV_CAVITY, -1, 0)).all()


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
@settings(max_examples=15, deadline=None)
def test_any_drag_keeps_the_label_set_and_the_sector_and_is_deterministic(seed: int, kind: Kind) -> None:
    rng = np.random.default_rng(seed)
    after = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(PLACES, rng.normal(0, 8, (len(PLACES), 2)), strict=True)]
    moved = deform(HEART, PLACES, after, STRUCTURES, kind)
    assert set(np.unique(moved.ids)) <= set(np.unique(HEART.ids))
    sector = sector_region(HEART)
    assert not ((moved.ids == OUTSIDE) & sector).any()
    assert not ((moved.ids == SECTOR) & ~sector).any()
    assert deform(HEART, PLACES, after, STRUCTURES, kind) == moved


@given(seed=st.integers(0, 1000), kind=st.sampled_from(KINDS))
@settings(max_examples=20, deadline=None)
def test_the_map_takes_every_handle_where_it_was_dragged(seed: int, kind: Kind) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.uniform(0, 200, (7, 2)), rng.uniform(0, 200, (7, 2))
    assert moving_least_squares(p, p, q, kind) == pytest.approx(q)
    near = moving_least_squares(p + 1e-4, p, q, kind)
    assert near == pytest.approx(q, abs=0.2)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_each_kind_reproduces_the_maps_of_its_own_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, v = rng.uniform(0, 100, (6, 2)), rng.uniform(0, 100, (20, 2))
    angle, scale = rng.uniform(-1, 1), rng.uniform(0.5, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    maps = {"rigid": turn, "similarity": scale * turn, "affine": turn @ np.array([[1.0, 0.4], [0.0, scale]])}
    for kind, matrix in maps.items():
        q = p @ matrix.T + 5
        assert moving_least_squares(v, p, q, kind) == pytest.approx(v @ matrix.T + 5)  # type: ignore[arg-type]


def test_rigid_turning_keeps_the_area_of_a_disc() -> None:
    y, x = np.mgrid[0:256, 0:256]
    ids = np.where(np.hypot(x - 128, y - 128) <= 60, LV_CAVITY, SECTOR).astype(np.uint8)
    disc = LabelMap(ids)
    around = np.linspace(0, 2 * np.pi, 8, endpoint=False)

    def ring(turn: float) -> list[tuple[float, float]]:
        return [(128 + 60 * np.cos(a + turn), 128 + 60 * np.sin(a + turn)) for a in around]

    area = (disc.ids == LV_CAVITY).sum()
    for turn in (0.2, 0.7, 1.5):
        turned = deform(disc, ring(0), ring(turn), [LV_CAVITY], "rigid")
        assert (turned.ids == LV_CAVITY).sum() == pytest.approx(area, rel=0.01)


def test_on_pixels_that_are_not_square_turning_is_turning_in_millimetres() -> None:
    label_map = heart(spacing=(0.5, 0.8))
    scale = np.array([0.8, 0.5])
    centre = np.array([127.5, 120.0])
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    p = np.array([handle.place for handle in automatic_handles(label_map)])
    q = ((p - centre) * scale) @ turn.T / scale + centre
    source = source_points(label_map.shape, p, q, "rigid", 0.5 / 0.8)
    exact = ((pixel_centres(label_map.shape) - centre) * scale) @ turn / scale + centre
    assert source == pytest.approx(exact, abs=1e-6)


def test_between_nodes_the_displacement_is_bilinear() -> None:
    p = np.array([[20.0, 20.0], [80.0, 30.0], [50.0, 90.0]])
    source = source_points((101, 107), p, p + np.array([[5.0, 0.0], [0.0, 3.0], [-4.0, 1.0]]), "similarity")
    d = source - pixel_centres((101, 107))
    tx, ty = 3 / GRID, 5 / GRID
    top = d[16, 24] * (1 - tx) + d[16, 32] * tx
    bottom = d[24, 24] * (1 - tx) + d[24, 32] * tx
    assert d[21, 27] == pytest.approx(top * (1 - ty) + bottom * ty)


def test_one_handle_translates_and_handles_on_a_line_do_not_tear_an_affine_map() -> None:
    v = np.array([[3.0, 4.0], [50.0, 60.0]])
    one = np.array([[10.0, 10.0]])
    line = np.array([[10.0, 10.0], [20.0, 20.0], [40.0, 40.0]])
    for kind in KINDS:
        assert moving_least_squares(v, one, one + 2, kind) == pytest.approx(v + 2)
        assert moving_least_squares(v, line, line * 1.5, kind) is not None
    assert moving_least_squares(v, line, line * 1.5, "affine") == pytest.approx(v * 1.5)


def test_a_free_structure_moves_alone_and_uncovers_sector() -> None:
    after = [(x + 12, y) for x, y in PLACES]
    moved = deform(HEART, PLACES, after, [LV_CAVITY])
    assert ((moved.ids == LV_CAVITY) == shifted(HEART.ids == LV_CAVITY, 12, 0)).all()
    others = (moved.ids != LV_CAVITY) & (HEART.ids != LV_CAVITY)
    assert (moved.ids[others] == HEART.ids[others]).all()
    uncovered = (HEART.ids == LV_CAVITY) & (moved.ids != LV_CAVITY)
    assert (moved.ids[uncovered] == SECTOR).all()


def test_what_moves_off_the_sector_uncovers_nothing_but_sector_and_outside() -> None:
    atrium = deform(HEART, PLACES, [(x, y + 500) for x, y in PLACES], [LEFT_ATRIUM])
    assert not (atrium.ids == LEFT_ATRIUM).any()
    assert (atrium.ids[HEART.ids == LEFT_ATRIUM] == SECTOR).all()


def test_wrong_handles_structures_and_kinds_are_refused() -> None:
    moved = [(x + 1, y) for x, y in PLACES]
    for before, after in ((PLACES, moved[1:]), ([], []), (PLACES, [(float("nan"), 0.0)] * len(PLACES))):
        with pytest.raises(RequestError, match="handles"):
            deform(HEART, before, after)
    for structures in ([], [SECTOR], [0, 1]):
        with pytest.raises(RequestError, match="structures to move"):
            deform(HEART, PLACES, moved, structures)
    with pytest.raises(UnknownNameError, match="rigid"):
        deform(HEART, PLACES, moved, kind="elastic")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BUNDLED)
def test_automatic_handles_lie_on_their_structures_and_have_unique_names(name: str) -> None:
    label_map = template(name)
    handles = automatic_handles(label_map)
    assert len({handle.key for handle in handles}) == len(handles)
    assert bool(handles) == (name != "blank")
    for handle in handles:
        y, x = np.nonzero(label_map.ids == handle.structure)
        assert np.hypot(x - handle.place[0], y - handle.place[1]).min() <= 3
    if handles:
        assert {"apex", "hinge-left", "hinge-right", "apex-epi", "endo-left-1"} <= {handle.key for handle in handles}
        assert any(handle.key.startswith("atrium") for handle in handles)


def test_structures_without_landmarks_have_handles_around_them() -> None:
    ids = np.full((64, 64), SECTOR, np.uint8)
    ids[20:40, 20:40] = LV_MYOCARDIUM
    handles = automatic_handles(LabelMap(ids))
    assert len(handles) == 8
    assert {handle.structure for handle in handles} == {LV_MYOCARDIUM}
