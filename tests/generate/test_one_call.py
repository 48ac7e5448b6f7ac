"""Generators of one call: the same interface and the same laws as the others, and NFE 1."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.data.template import template
from echo_studio.errors import Cancelled, RequestError
from echo_studio.generate.catalog import load_cards, load_generator
from echo_studio.generate.checkpoint import ONE_CALL, read_card
from echo_studio.generate.generator import DirectGenerator, Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.studio.engine.engine import Engine
from echo_studio.types import GrayImage
from tests.generate.test_generator import ask as ask_diffusion
from tests.generate.test_generator import heart
from tests.generate.tiny import tiny_cyclegan, tiny_scorers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny_cyclegan(folder / "gan")
    tiny_scorers(folder)
    return folder


@pytest.fixture(scope="module")
def generator(folder: Path) -> Generator:
    return load_generator("gan", folder)


def ask(**changes: object) -> GenerationRequest:
    return ask_diffusion(**{"generator": "gan", "nfe": 1, **changes})


def test_a_card_of_its_kind_is_loaded_as_a_one_call_generator(folder: Path, generator: Generator) -> None:
    assert isinstance(generator, DirectGenerator)
    assert load_cards(folder)["gan"].kind in ONE_CALL


def test_the_same_request_gives_the_same_frame_and_record(generator: Generator) -> None:
    first, second = generator.generate(ask()), generator.generate(ask())
    assert np.array_equal(first.image, second.image)
    assert first.record == second.record


@pytest.mark.parametrize("change", [{"seed": 2}, {"label_map": heart(4)}], ids=["seed", "label map"])
def test_seed_and_label_map_change_the_frame(change: dict[str, object], generator: Generator) -> None:
    assert not np.array_equal(generator.generate(ask()).image, generator.generate(ask(**change)).image)


@pytest.mark.parametrize(
    "change", [{"view": "2CH"}, {"phase": "ES"}, {"solver": "ipndm"}], ids=["view", "phase", "solver"]
)
def test_what_the_network_is_not_told_changes_the_record_alone(change: dict[str, object], generator: Generator) -> None:
    plain, other = generator.generate(ask()), generator.generate(ask(**change))
    assert np.array_equal(plain.image, other.image)
    (name, value), *_ = change.items()
    assert other.record.to_json()[name] == value != plain.record.to_json()[name]


def test_a_sample_alone_is_what_it_is_in_a_batch(generator: Generator) -> None:
    requests = [ask(seed=seed, label_map=heart(seed)) for seed in range(3)]
    for request, made in zip(requests, generator.generate_batch(requests), strict=True):
        alone = generator.generate(request)
        assert alone.record == made.record
        assert np.abs(alone.image.astype(int) - made.image.astype(int)).max() <= 1


@pytest.mark.parametrize("shape", [(64, 64), (128, 96), (40, 50)])
def test_a_frame_has_its_label_maps_size_and_is_black_outside_the_sector(
    shape: tuple[int, int], generator: Generator
) -> None:
    label_map = heart().resized(*shape)
    image = generator.generate(ask(label_map=label_map)).image
    assert image.dtype == np.uint8
    assert image.shape == shape
    assert not image[~label_map.inside].any()
    assert image[label_map.inside].any()


def test_a_label_map_of_sector_alone_is_enough(generator: Generator) -> None:
    assert generator.generate(ask(label_map=LabelMap(np.full((64, 64), SECTOR, np.uint8)))).image.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nfe": 20}, "NFE 1, .*gan .* one call, got NFE 20; set NFE to 1"),
        ({"guidance": 2.0}, "guidance 0, .*got guidance 2; set guidance to 0"),
        ({"generator": "other"}, "requests for gan"),
    ],
    ids=["nfe", "guidance", "generator"],
)
def test_what_one_call_cannot_do_is_refused_in_one_line(
    change: dict[str, object], message: str, generator: Generator
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        generator.generate(ask(**change))
    assert "\n" not in str(caught.value)


def test_its_one_step_is_told_with_a_preview_and_can_be_cancelled(generator: Generator) -> None:
    seen: list[tuple[int, int]] = []

    def on_step(done: int, total: int, preview: Callable[[], GrayImage]) -> None:
        seen.append((done, total))
        assert np.array_equal(preview(), plain)

    plain = generator.generate(ask()).image
    generator.generate(ask(), on_step)
    assert seen == [(1, 1)]

    def cancel(done: int, total: int, preview: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        generator.generate(ask(), cancel)


def test_the_record_names_what_took_part(generator: Generator, folder: Path) -> None:
    record = generator.generate(ask()).record.to_json()
    assert record["checkpoints"] == {"gan": read_card(folder / "gan").sha256}
    assert (record["generator"], record["nfe"], record["seed"], record["view"]) == ("gan", 1, 1, "4CH")


def test_the_page_s_engine_and_the_measure_of_adherence_take_it(folder: Path) -> None:
    from echo_studio.data.datasets.camus import CamusFrame, FrameId
    from echo_studio.evaluate.frames.adherence import measure_adherence
    from echo_studio.evaluate.frames.segmentation import Scorers

    engine = Engine(folder)
    assert engine.generate(ask(label_map=template("4ch-ed"))).image.any()
    image = np.zeros((64, 64), np.uint8)
    frames = [CamusFrame(FrameId("patient0001", "4CH", "ED"), image, heart())] * 2
    generator, scorers = load_generator("gan", folder), Scorers.load(folder)
    assert measure_adherence(generator, scorers, frames, Sampling(generator.card.name, "euler", 1), 0).n == 2
    with pytest.raises(RequestError, match="NFE 1"):
        measure_adherence(generator, scorers, frames, Sampling(generator.card.name, "heun", 20), 0)
