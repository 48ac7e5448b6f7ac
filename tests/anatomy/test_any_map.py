"""Whatever a person paints, the editor's functions answer or refuse: they never fall over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from echo_studio.anatomy.edits.defects import DEFECTS, apply_defect
from echo_studio.anatomy.edits.repair import REPAIRS, repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.landmarks.points import find_landmarks
from echo_studio.anatomy.measure.plausibility import FINDINGS, check_plausibility
from echo_studio.anatomy.measure.sizes import measure
from echo_studio.anatomy.shape.deform import deform
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.anatomy.shape.variation import random_variation
from echo_studio.errors import EchoStudioError

SIDES = st.integers(8, 24)
# Small arrays blown up: blobs as a hand paints them, with edges where structures touch in every order.
BLOBS = st.builds(
    lambda small, factor: np.kron(small, np.ones((factor, factor), np.uint8)),
    st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 6))),
    st.integers(1, 4),
)


@given(ids=BLOBS, spacing=st.sampled_from([None, (0.5, 0.7)]))
@settings(max_examples=60, deadline=None)
def test_any_map_is_measured_checked_moved_and_damaged_or_refused_with_the_reason(
    ids: np.ndarray, spacing: tuple[float, float] | None
) -> None:
    label_map = LabelMap(ids, spacing)
    find_landmarks(label_map)
    measure(label_map, "4CH")
    check_plausibility(label_map)
    random_variation(label_map, 0)
    places = [handle.place for handle in automatic_handles(label_map)]
    if places:
        deform(label_map, places, [(x + 2, y + 1) for x, y in places])
    for change in (lambda m: reshape(m, Shape(lv_size=1.2, wall=1.3, tilt=5.0)), *map(_damage, DEFECTS)):
        try:
            changed = change(label_map)
        except EchoStudioError as error:
            assert error.remedy
        else:
            assert changed.shape == label_map.shape


@pytest.mark.parametrize("kind", REPAIRS)
@given(ids=BLOBS)
@settings(max_examples=25, deadline=None)
def test_repairs_of_any_map_add_no_label_and_never_add_findings(kind: str, ids: np.ndarray) -> None:
    label_map = LabelMap(ids)
    mended = repair(label_map, kind)
    assert set(np.unique(mended.ids)) <= set(range(7))
    assert len(list(FINDINGS[kind](mended))) <= len(list(FINDINGS[kind](label_map)))


def _damage(name: str):
    return lambda label_map: apply_defect(label_map, name)
