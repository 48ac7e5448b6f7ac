"""The engine over real, tiny checkpoints: what is loaded, what is imported, and what leaves."""

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest

from echo_studio.errors import UnknownNameError
from echo_studio.generate.catalog import Catalog
from echo_studio.generate.checkpoint import CARD, read_card
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.engine.model_cache import LoadState
from echo_studio.types import Json
from tests.generate.test_generator import ask
from tests.generate.tiny import tiny_checkpoints, tiny_generator

SECONDS = 120


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(Catalog(tiny_checkpoints(tmp_path / "bundled"), tmp_path / "own"))


@pytest.fixture
def source(engine: Engine, tmp_path: Path) -> Path:
    tiny_generator(tmp_path / "mine", read_card(engine.catalog.bundled / "tiny-vae"))
    return tmp_path / "mine"


def model(engine: Engine, name: str) -> Json:
    return next(one for one in engine.models() if one["name"] == name)


def test_models_tell_what_they_are_and_take(engine: Engine) -> None:
    tiny, codec = model(engine, "tiny"), model(engine, "tiny-vae")
    assert {(one["name"], one["own"], one["fault"]) for one in engine.models()} >= {
        ("tiny", False, ""),
        ("segmenter", False, ""),
    }
    assert tiny["card"]
    assert (tiny["card"]["advised_nfe"], tiny["one_call"]) == (4, False)
    assert tiny["memory_bytes"] == 4 * (tiny["parameters"] + codec["parameters"])
    assert tiny["file_bytes"] > 2 * tiny["parameters"]


def test_a_model_is_loaded_when_asked_for_or_by_a_frame_and_unloaded(engine: Engine) -> None:
    assert model(engine, "tiny")["state"] is LoadState.ABSENT
    engine.load("tiny")
    assert model(engine, "tiny")["state"] is LoadState.LOADED
    engine.unload("tiny")
    assert model(engine, "tiny")["state"] is LoadState.ABSENT
    first = engine.generate(ask()).image
    assert model(engine, "tiny")["state"] is LoadState.LOADED
    engine.unload("tiny")
    assert np.array_equal(engine.generate(ask()).image, first)
    with pytest.raises(UnknownNameError, match="tiny"):
        engine.load("nowhere")


def test_unloading_waits_for_the_run_in_progress(engine: Engine) -> None:
    states = []

    def on_step(done: int, total: int, preview: object) -> None:
        engine.unload("tiny")
        states.append(model(engine, "tiny")["state"])

    assert engine.generate(ask(), on_step).image.any()
    assert set(states) == {LoadState.LEAVING}
    assert model(engine, "tiny")["state"] is LoadState.ABSENT


def test_an_import_is_offered_and_used_without_a_restart(engine: Engine, source: Path) -> None:
    assert [card.name for card in engine.cards()] == ["tiny"]
    engine.import_model(source)
    assert [card.name for card in engine.cards()] == ["tiny", "mine"]
    assert model(engine, "mine")["own"]
    assert engine.generate(ask(generator="mine")).record.sampling.generator == "mine"
    engine.remove_model("mine")
    assert [card.name for card in engine.cards()] == ["tiny"]
    with pytest.raises(UnknownNameError):
        engine.generate(ask(generator="mine"))


def test_an_import_under_a_name_that_was_loaded_before_brings_its_own_weights(engine: Engine, source: Path) -> None:
    engine.import_model(source)
    before = engine.generate(ask(generator="mine"))
    engine.remove_model("mine")
    card, network = read_card(source), engine.catalog.open(source).denoiser.network  # type: ignore[attr-defined]
    from echo_studio.generate.checkpoint import write_checkpoint

    for parameter in network.parameters():
        parameter.data.mul_(1.5)
    write_checkpoint(source, card, network)
    engine.import_model(source)
    after = engine.generate(ask(generator="mine"))
    assert after.record.sampling.weights != before.record.sampling.weights
    assert not np.array_equal(after.image, before.image)


def test_a_damaged_import_is_listed_with_its_fault(engine: Engine, source: Path) -> None:
    engine.import_model(source)
    assert engine.catalog.own
    (engine.catalog.own / "mine" / CARD).write_text("{")
    damaged = model(engine, "mine")
    assert damaged["card"] is None
    assert "card" in damaged["fault"]
    assert [card.name for card in engine.cards()] == ["tiny"]
    engine.remove_model("mine")
    assert all(one["name"] != "mine" for one in engine.models())


def test_runs_loads_and_unloads_from_many_threads_end_well(engine: Engine) -> None:
    request = ask()
    wanted = engine.generate(request).image
    problems: list[Exception] = []

    def work(number: int) -> None:
        try:
            for turn in range(4):
                if (number + turn) % 3 == 0:
                    engine.unload("tiny")
                else:
                    made = engine.generate(dataclasses.replace(request))
                    assert np.array_equal(made.image, wanted)
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert problems == []
