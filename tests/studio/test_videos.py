"""Videos of the page: how much memory one may take, and the small cycle that follows a slider."""

from typing import Any

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.errors import LabelMapError, RequestError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.request import VideoRequest
from echo_studio.studio.projects import NEW
from echo_studio.studio.videos import PREVIEW_SIDE, VideoJobRequest, preview_cycle, smaller
from tests.studio.fakes import fake_studio, heart

MOTION = Motion.from_json({"ef": 40, "regional": [{"segment": "apex", "kind": "akinetic"}]})


def cycle(first: LabelMap, last: LabelMap | None = None, motion: Motion = MOTION, frames: int = 12) -> Any:
    return preview_cycle(first, last, "4CH", motion, frames)


def test_more_pixels_than_memory_is_given_for_and_unknown_generators_are_refused() -> None:
    studio = fake_studio()
    session, large = studio.open_session(NEW), heart().resized(1024, 1024)
    studio.videos.start(
        session, VideoJobRequest(VideoRequest(large, Sampling("video-spade", "heun", 1), frames=32), {})
    )
    with pytest.raises(RequestError, match="33 of 1024 x 1024"):
        studio.videos.start(
            session, VideoJobRequest(VideoRequest(large, Sampling("video-spade", "heun", 1), frames=33), {})
        )
    with pytest.raises(UnknownNameError, match="free-echo"):
        studio.videos.start(session, VideoJobRequest(VideoRequest(heart(), Sampling("video-x", "heun", 1)), {}))
    studio.close()


@pytest.mark.parametrize("frames", [0, 1, 65, 100_000])
def test_a_cycle_of_another_count_of_frames_is_refused(frames: int) -> None:
    with pytest.raises(RequestError, match="frames from 2 to 64"):
        cycle(heart(), frames=frames)


def test_the_preview_is_small_and_keeps_proportions_and_lengths() -> None:
    small = smaller(heart())
    assert small.shape == (PREVIEW_SIDE, PREVIEW_SIDE)
    assert small.spacing_mm == pytest.approx((0.5 * 256 / PREVIEW_SIDE,) * 2)
    assert smaller(heart().resized(300, 600)).shape == (PREVIEW_SIDE // 2, PREVIEW_SIDE)
    assert smaller(small) == small


def test_the_preview_begins_with_the_heart_and_ends_where_it_is_painted() -> None:
    shaped = cycle(heart())
    assert shaped.ids.shape == (12, PREVIEW_SIDE, PREVIEW_SIDE)
    assert np.mean(shaped.ids[0] == smaller(heart()).ids) > 0.97
    painted = end_systole(heart(), Motion(ef=30), "4CH")
    by_hand = cycle(heart(), painted, Motion())
    assert np.mean(by_hand.ids[by_hand.es] == smaller(painted).ids) > 0.97


def test_keyframes_of_two_sizes_do_not_fit() -> None:
    with pytest.raises(LabelMapError):
        cycle(heart(), LabelMap(heart().ids[:200], (0.5, 0.5)))
