"""An order for a video: what is read from it, what is refused in one line, the small cycle that follows a slider."""

from typing import Any

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import end_systole
from echo_studio.errors import EchoStudioError, LabelMapError, RequestError, UnknownNameError
from echo_studio.studio.video_request import (
    PREVIEW_SIDE,
    Keyframes,
    motion_of,
    preview_cycle,
    settings_of,
    smaller,
    view_of,
)
from tests.studio.fakes import heart

ORDER: dict[str, Any] = {
    "view": "4CH",
    "motion": {"ef": 40, "regional": [{"segment": "apex", "kind": "akinetic"}]},
    "frames": 12,
    "generator": "video-spade",
    "solver": "heun",
    "nfe": "4",
    "guidance": "1.5",
    "start_step": 0,
    "seed": str(2**60),
}


def test_an_order_becomes_the_fields_of_a_request() -> None:
    settings = settings_of(Keyframes(heart()), ORDER)
    assert settings["label_map"] == heart()
    assert (settings["end_systole"], settings["view"]) == (None, "4CH")
    assert (settings["sampling"].nfe, settings["sampling"].guidance, settings["seed"]) == (4, 1.5, 2**60)
    assert settings["motion"].ef == 40
    assert settings["motion"].regional[0].segment == "apex"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"frames": 0}, "frames from 2 to 64"),
        ({"frames": 1}, "frames from 2 to 64"),
        ({"frames": 100_000}, "frames from 2 to 64"),
        ({"frames": ""}, "an empty field"),
        ({"nfe": "x"}, "'x'"),
        ({"nfe": 2.5}, "'2.5'"),
        ({"seed": True}, "'True'"),
        ({"guidance": "nan"}, "a number as guidance"),
        ({"motion": {"ef": 120}}, "ef from 5 to 85"),
        ({"motion": {"ef": 0}}, "ef from 5 to 85"),
        ({"motion": {"ef": "40"}}, "ef from 5 to 85"),
        ({"motion": {"speed": 1}}, "speed"),
        ({"motion": None}, "a motion as a JSON object"),
        ({"motion": {"regional": [{"segment": "tail", "kind": "akinetic"}]}}, "wall segment"),
    ],
)
def test_what_is_impossible_is_refused_in_one_line(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(EchoStudioError) as caught:
        settings_of(Keyframes(heart()), {**ORDER, **changes})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_more_pixels_than_memory_is_given_for_are_refused() -> None:
    large = Keyframes(heart().resized(1024, 1024))
    settings_of(large, {**ORDER, "frames": 32})
    with pytest.raises(RequestError, match="33 of 1024 x 1024"):
        settings_of(large, {**ORDER, "frames": 33})


def test_a_view_of_another_name_is_refused() -> None:
    assert view_of({"view": "2CH"}) == "2CH"
    with pytest.raises(UnknownNameError, match="2CH, 4CH"):
        view_of({"view": "PLAX"})


def test_the_preview_is_small_and_keeps_proportions_and_lengths() -> None:
    small = smaller(heart())
    assert small.shape == (PREVIEW_SIDE, PREVIEW_SIDE)
    assert small.spacing_mm == pytest.approx((0.5 * 256 / PREVIEW_SIDE,) * 2)
    assert smaller(heart().resized(300, 600)).shape == (PREVIEW_SIDE // 2, PREVIEW_SIDE)
    assert smaller(small) == small


def test_the_preview_begins_with_the_heart_and_ends_where_it_is_drawn() -> None:
    shaped = preview_cycle(Keyframes(heart()), ORDER)
    assert shaped.ids.shape == (12, PREVIEW_SIDE, PREVIEW_SIDE)
    assert np.mean(shaped.ids[0] == smaller(heart()).ids) > 0.97
    drawn = end_systole(heart(), motion_of({"motion": {"ef": 30}}), "4CH")
    by_hand = preview_cycle(Keyframes(heart(), drawn), {**ORDER, "motion": {}})
    assert np.mean(by_hand.ids[by_hand.es] == smaller(drawn).ids) > 0.97


def test_keyframes_of_two_sizes_do_not_fit() -> None:
    drawn = LabelMap(heart().ids[:200], (0.5, 0.5))
    with pytest.raises(LabelMapError):
        preview_cycle(Keyframes(heart(), drawn), ORDER)
