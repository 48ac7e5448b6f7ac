"""Clips on the shared device, over real, tiny checkpoints: they give way, stop between two NFE, and are measured."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import Cancelled, RequestError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.request import VideoRequest
from echo_studio.studio.engine.device_lock import DeviceLock
from echo_studio.studio.engine.videos import VideoEngine
from tests.generate.video.test_generator import checkpoints, heart  # noqa: F401 (fixtures)


class Segmenter:
    """Finds the ventricle where the frame is darker than grey 1, which is nowhere on a frame of 1s."""

    def label(self, frames: list[Any]) -> list[Any]:
        return [SimpleNamespace(ids=(frame < 1).astype(np.uint8)) for frame in frames]


@pytest.fixture
def device_lock() -> DeviceLock:
    return DeviceLock()


@pytest.fixture
def engine(checkpoints: Path, device_lock: DeviceLock) -> VideoEngine:  # noqa: F811
    return VideoEngine(checkpoints, "cpu", device_lock, Segmenter)  # type: ignore[arg-type]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def ask(heart: LabelMap, generator: str = "video-spade", start_step: int = 0) -> VideoRequest:  # noqa: F811
    return VideoRequest(heart, Sampling(generator, "euler", 4), frames=6, start_step=start_step, seed=3)


def test_a_frame_goes_between_two_nfe_of_a_clip_and_its_time_is_not_counted(
    engine: VideoEngine,
    device_lock: DeviceLock,
    heart: LabelMap,  # noqa: F811
) -> None:
    seen: list[str] = []

    def frame() -> None:
        with device_lock.take():
            time.sleep(0.5)
            seen.append("frame")

    def on_step(done: int, total: int, preview: Callable[[], Any]) -> None:
        seen.append(f"NFE {done}")
        if done == 1:
            threading.Thread(target=frame, daemon=True).start()
            until(lambda: device_lock.waiting == 1)

    began = time.perf_counter()
    made = engine.generate(ask(heart), on_step)
    assert seen == ["NFE 1", "frame", "NFE 2", "NFE 3", "NFE 4"]
    assert made.seconds <= time.perf_counter() - began - 0.5


def test_a_cancel_stops_between_two_nfe_and_leaves_the_device_free(
    engine: VideoEngine,
    device_lock: DeviceLock,
    heart: LabelMap,  # noqa: F811
) -> None:
    done: list[int] = []

    def on_step(nfe: int, *_: object) -> None:
        done.append(nfe)
        if nfe == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.generate(ask(heart), on_step)
    assert done == [1, 2]
    with device_lock.take():
        pass


def test_a_starting_frame_is_there_for_methods_with_a_start_step_alone(
    engine: VideoEngine,
    heart: LabelMap,  # noqa: F811
) -> None:
    image = engine.starting_frame(ask(heart, "free-echo", start_step=35))
    assert image.dtype == np.uint8
    assert image.ndim == 2
    assert image.max() > 0
    with pytest.raises(RequestError, match="a start step"):
        engine.starting_frame(ask(heart))
    with pytest.raises(UnknownNameError, match="free-echo"):
        engine.entry("video-x")


def test_the_ventricle_is_measured_on_the_frames(engine: VideoEngine, heart: LabelMap) -> None:  # noqa: F811
    made = engine.generate(ask(heart), lambda *_: None)
    curve = engine.lv_curve(made)
    dark = [float((frame < 1).sum()) for frame in made.clip]
    assert len(curve["areas_px"]) == 6
    assert curve["areas_px"] == pytest.approx(dark, abs=1), "fewer than eight frames are given as they are"
