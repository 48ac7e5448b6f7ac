"""The oracle data of the page's unit tests is what Python gives now, and Python replays what the page's tools did."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from tests.anatomy.replay import replay
from tests.js import write_data


def stored(name: str) -> write_data.Json:
    return json.loads((write_data.DATA / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ["edits", "past"])
def test_the_stored_edits_are_what_python_leaves(name: str) -> None:
    assert json.loads(json.dumps(write_data.FILES[name]())) == stored(name)


def test_the_stored_warps_are_what_python_leaves() -> None:
    now, then = json.loads(json.dumps(write_data.warps())), stored("warps")
    assert now["maps"] == then["maps"]
    assert len(now["cases"]) == len(then["cases"])
    for one, other in zip(now["cases"], then["cases"], strict=True):
        # Sums may be rounded otherwise on another processor, which moves a pixel now and then.
        assert (write_data.unpacked(one.pop("ids")) != write_data.unpacked(other.pop("ids"))).mean() <= 0.001
        assert one == other


def test_run_lengths_come_back() -> None:
    ids = np.random.default_rng(0).integers(0, 5, (9, 7)).astype(np.uint8)
    assert np.array_equal(write_data.unpacked(write_data.packed(ids)).reshape(9, 7), ids)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node, which runs the page's scripts")
@pytest.mark.parametrize("seed", [21, 25])
def test_two_hundred_random_operations_of_the_page_are_replayed_byte_by_byte(seed: int) -> None:
    command = ["node", str(write_data.DATA.parent / "random_history.js"), str(seed)]
    history = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    shape, spacing = (history["side"], history["side"]), tuple(history["spacing"])
    sector = write_data.unpacked(history["sector"]).reshape(shape) > 0
    states = [write_data.unpacked(runs).reshape(shape) for runs in history["states"]]
    for number, op in enumerate(history["ops"]):
        after = replay(LabelMap(states[number], spacing), sector, op).ids
        assert np.array_equal(after, states[number + 1]), f"step {number}: {op['tool']}"
    tools = {op["tool"] for op in history["ops"]}
    assert {"brush", "eraser", "fill", "polygon", "lasso", "transform", "paste", "deform"} <= tools
