"""Operations that look back: another try of sliders and seeds, defects that are edited after they were applied."""

import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_MYOCARDIUM
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.anatomy.shape.variation import random_variation
from echo_studio.errors import EchoStudioError, RequestError
from tests.anatomy.heart import heart
from tests.anatomy.replay_past import Moment, replay_past

HEART = heart()
SECTOR_SHAPE = np.asarray(HEART.inside)
FIRST = 40  # position of the first state that is kept
SEPTAL = {"tool": "defect", "defect": "septal", "values": {"at": 0.6, "width_mm": 8.0}}
STROKE = {"tool": "brush", "label": 3, "size": 9, "cells": [[100, 100], [140, 150]], "locked": [0]}


def grown(*ops: dict) -> list[Moment]:
    """The history after these operations."""
    past = [Moment(HEART, SECTOR_SHAPE, {})]
    for op in ops:
        past.append(Moment(replay_past(past, FIRST, op), SECTOR_SHAPE, op))
    return past


def edit(**values: float) -> dict:
    return {"tool": "defect-edit", "position": FIRST + 1, "defect": "septal", "values": values}


REMOVE = {"tool": "defect-remove", "position": FIRST + 1}


def test_another_try_of_sliders_and_seeds_starts_from_the_map_before_the_first_try() -> None:
    past = grown({"tool": "shape", "values": {"lv_size": 1.2}})
    again = replay_past(past, FIRST, {"tool": "shape", "values": {"tilt": 10.0}, "base": FIRST})
    assert again == reshape(HEART, Shape(tilt=10.0))
    assert again != replay_past(past, FIRST, {"tool": "shape", "values": {"tilt": 10.0}})
    assert replay_past(past, FIRST, {"tool": "vary", "seed": 5, "base": FIRST}) == random_variation(HEART, 5)
    assert replay_past(past, FIRST, {"tool": "shape", "values": {}, "base": FIRST}) == HEART


def test_an_edited_defect_is_as_if_it_had_been_applied_so() -> None:
    past = grown(SEPTAL, edit(at=0.2, width_mm=12.0), edit(at=0.4, width_mm=10.0))
    assert past[-1].label_map == apply_defect(HEART, "septal", {"at": 0.4, "width_mm": 10.0})
    assert replay_past(past, FIRST, REMOVE) == HEART


def test_what_was_drawn_since_stays_pixel_by_pixel() -> None:
    past = grown(SEPTAL, STROKE, edit(at=0.3, width_mm=12.0), {**STROKE, "label": 2, "cells": [[90, 180]]})
    drawn = past[2].label_map.ids != past[1].label_map.ids
    later = past[4].label_map.ids != past[3].label_map.ids
    assert drawn.any()
    assert later.any()
    wanted = apply_defect(HEART, "septal", {"at": 0.45, "width_mm": 9.0}).ids.copy()
    wanted[drawn] = LEFT_ATRIUM
    wanted[later] = LV_MYOCARDIUM
    assert np.array_equal(replay_past(past, FIRST, edit(at=0.45, width_mm=9.0)).ids, wanted)
    without = np.where(drawn, LEFT_ATRIUM, HEART.ids)
    assert np.array_equal(replay_past(past, FIRST, REMOVE).ids, np.where(later, LV_MYOCARDIUM, without))


def test_what_was_changed_and_changed_back_holds_nothing_fast() -> None:
    past = grown(SEPTAL)
    past.append(Moment(reshape(past[-1].label_map, Shape(lv_size=1.2)), SECTOR_SHAPE, {"tool": "shape"}))
    past.append(Moment(past[1].label_map, SECTOR_SHAPE, {"tool": "shape"}))
    assert replay_past(past, FIRST, REMOVE) == HEART


def test_another_defect_stays_when_the_first_one_changes() -> None:
    past = grown(SEPTAL, {"tool": "defect", "defect": "missing-atrium", "values": {}})
    assert not (replay_past(past, FIRST, REMOVE).ids == LEFT_ATRIUM).any()
    second = {"tool": "defect-remove", "position": FIRST + 2}
    assert replay_past(past, FIRST, second) == past[1].label_map


@pytest.mark.parametrize(
    "op",
    [
        {"tool": "shape", "values": {}, "base": FIRST - 1},
        {"tool": "vary", "seed": 1, "base": "0"},
        {**REMOVE, "position": FIRST},
        {**REMOVE, "position": FIRST + 2},
        {**REMOVE, "position": FIRST + 9},
        {**REMOVE, "position": True},
        {"tool": "defect-edit", "position": FIRST + 1},
        {"tool": "defect-edit", "position": FIRST + 1, "defect": "septal", "values": {"at": 7}},
        {"tool": "defect-edit", "position": FIRST + 1, "defect": "septal", "fan": 1},
        {"tool": "open"},
        {},
    ],
)
def test_what_is_wrong_is_said_in_one_line(op: dict) -> None:
    with pytest.raises(EchoStudioError) as refused:
        replay_past(grown(SEPTAL, STROKE), FIRST, op)
    assert "\n" not in str(refused.value)


def test_a_defect_of_another_map_is_not_edited() -> None:
    past = grown(SEPTAL)
    past.append(Moment(LabelMap(HEART.ids[:200]), SECTOR_SHAPE[:200], {"tool": "open"}))
    with pytest.raises(RequestError, match="after the map was opened"):
        replay_past(past, FIRST, REMOVE)
