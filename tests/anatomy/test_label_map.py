import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABEL_COUNT, LABELS
from echo_studio.errors import LabelMapError

SIDES = st.integers(8, 40)
ID_ARRAYS = st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 6)))


def ids(height: int = 16, width: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 5, (height, width), dtype=np.uint8)


def test_labels_stand_at_the_position_of_their_id() -> None:
    assert [label.id for label in LABELS] == list(range(LABEL_COUNT))
    assert len({label.key for label in LABELS}) == len({label.colour for label in LABELS}) == LABEL_COUNT


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((16, 16, 1), np.uint8), "shape"),
        (np.zeros(16, np.uint8), "shape"),
        ([[0, 1], [1, 0]], "shape"),
        (np.zeros((16, 16), np.int64), "uint8"),
        (np.zeros((16, 16), np.float32), "uint8"),
        (np.zeros((7, 16), np.uint8), "8 to 4096"),
        (np.zeros((16, 0), np.uint8), "8 to 4096"),
        (np.zeros((4097, 8), np.uint8), "8 to 4096"),
        (np.full((16, 16), 7, np.uint8), "unknown label ids 7"),
        (np.arange(256, dtype=np.uint8).reshape(16, 16), r"unknown label ids 7, 8, 9, 10, 11, 12 \.\.\."),
    ],
)
def test_what_is_no_label_map_is_refused_with_the_reason(array: object, says: str) -> None:
    with pytest.raises(LabelMapError, match=says):
        LabelMap(array)  # type: ignore[arg-type]


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0), (1.0, float("inf")), (1.0,)])
def test_spacing_must_be_two_positive_numbers(spacing: tuple[float, float]) -> None:
    with pytest.raises(LabelMapError, match="spacing"):
        LabelMap(ids(), spacing)


def test_a_label_map_cannot_change_after_it_was_made() -> None:
    array = ids()
    label_map = LabelMap(array)
    before = label_map.digest
    array[:] = 0
    assert label_map.digest == before
    with pytest.raises(ValueError, match="read-only"):
        label_map.ids[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        label_map.spacing_mm = (1.0, 1.0)  # type: ignore[misc]


def test_equal_label_maps_have_equal_hashes_and_spacing_takes_part() -> None:
    assert LabelMap(ids(), (1.0, 2.0)) == LabelMap(ids(), (1.0, 2.0))
    assert hash(LabelMap(ids())) == hash(LabelMap(ids()))
    assert LabelMap(ids(), (1.0, 2.0)) != LabelMap(ids())
    assert LabelMap(ids()) != "a label map"


@given(ID_ARRAYS)
def test_one_hot_has_one_channel_a_pixel_and_its_index_is_the_id(array: np.ndarray) -> None:
    one_hot = LabelMap(array).one_hot()
    assert one_hot.shape == (7, *array.shape)
    assert one_hot.dtype == np.float32
    assert (one_hot.sum(axis=0) == 1).all()
    assert (one_hot.argmax(axis=0) == array).all()


@given(ID_ARRAYS)
def test_structures_and_inside_follow_from_the_ids(array: np.ndarray) -> None:
    label_map = LabelMap(array)
    structures = label_map.structures()
    assert set(structures) == {"lv_endo", "lv_epi", "la"}
    assert not (structures["lv_endo"] & ~structures["lv_epi"]).any()
    assert not (structures["la"] & structures["lv_epi"]).any()
    assert (label_map.inside == (array > 0)).all()


@given(ID_ARRAYS, st.integers(1, 4))
def test_resizing_up_by_a_whole_factor_and_back_is_the_identity(array: np.ndarray, factor: int) -> None:
    label_map = LabelMap(array, (0.5, 0.25))
    height, width = label_map.shape
    larger = label_map.resized(height * factor, width * factor)
    assert (larger.ids == np.kron(array, np.ones((factor, factor), np.uint8))).all()
    assert larger.resized(height, width) == label_map


@given(ID_ARRAYS, SIDES, SIDES)
def test_resizing_invents_no_label_and_keeps_the_physical_size(array: np.ndarray, height: int, width: int) -> None:
    label_map = LabelMap(array, (0.5, 0.25))
    resized = label_map.resized(height, width)
    assert resized.shape == (height, width)
    assert set(np.unique(resized.ids)) <= set(np.unique(array))
    assert resized.spacing_mm is not None
    extents = [side * spacing for side, spacing in zip(resized.shape, resized.spacing_mm, strict=True)]
    assert extents == pytest.approx([array.shape[0] * 0.5, array.shape[1] * 0.25])


def test_resizing_to_its_own_size_gives_the_same_object() -> None:
    label_map = LabelMap(ids())
    assert label_map.resized(*label_map.shape) is label_map


def test_the_digest_tells_ids_and_shape_apart_but_not_spacing() -> None:
    array = ids(8, 32)
    digests = {LabelMap(array).digest, LabelMap(array.reshape(16, 16)).digest, LabelMap((array + 1) % 5).digest}
    assert len(digests) == 3
    assert LabelMap(array, (1.0, 1.0)).digest == LabelMap(array).digest


def test_the_digest_is_the_same_on_every_machine() -> None:
    array = (np.arange(64, dtype=np.uint8) % 5).reshape(8, 8)
    golden = "bbc280ba4a89d663073cdb84a67814bb8bc17baf3dbe52e591fb3b431605b6f2"
    assert LabelMap(array).digest == golden
    assert LabelMap(np.asfortranarray(array)).digest == golden
