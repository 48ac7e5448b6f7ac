"""The generator: the same request gives the same frame, whatever else is made with it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.anatomy.sector.geometry import Sector, with_sector
from echo_studio.errors import Cancelled, CheckpointError, RequestError, UnknownNameError
from echo_studio.generate.catalog import catalog, load_cards, load_generator
from echo_studio.generate.checkpoint import read_card, write_card
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage
from tests.generate.tiny import changed, grain_checkpoints, tiny_checkpoints

SECTOR_SHAPE = Sector((31.5, 2.0), -0.6, 0.6, 0.0, 58.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def generator(folder: Path) -> Generator:
    return load_generator("tiny", folder)


def heart(shift: int = 0) -> LabelMap:
    y, x = np.mgrid[0:64, 0:64]
    ids = np.zeros((64, 64), np.uint8)
    ids[((x - 32 - shift) / 12) ** 2 + ((y - 28) / 18) ** 2 < 1] = 2
    ids[((x - 32 - shift) / 8) ** 2 + ((y - 28) / 14) ** 2 < 1] = 1
    return LabelMap(with_sector(ids, SECTOR_SHAPE.mask(64, 64)), (0.5, 0.4))


def ask(**changes: object) -> GenerationRequest:
    return changed(GenerationRequest(heart(), Sampling("tiny", "heun", 4), seed=1), **changes)


def test_the_same_request_gives_the_same_frame_and_record(generator: Generator) -> None:
    first, second = generator.generate(ask()), generator.generate(ask())
    assert np.array_equal(first.image, second.image)
    assert first.record == second.record


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"view": "2CH"},
        {"phase": "ES"},
        {"nfe": 5},
        {"solver": "euler"},
        {"label_map": heart(4)},
        {"schedule": "exponential"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_that_is_asked_for_changes_the_frame(change: dict[str, object], generator: Generator) -> None:
    assert not np.array_equal(generator.generate(ask()).image, generator.generate(ask(**change)).image)


def test_the_look_is_part_of_the_frame_and_its_record(tmp_path: Path, generator: Generator) -> None:
    grainy = load_generator("grainy", grain_checkpoints(tmp_path))
    drawn, chosen, again = (grainy(heart(), seed=1, grain=grain) for grain in (None, 2.0, 2.0))
    assert np.array_equal(chosen.image, again.image)
    assert not np.array_equal(chosen.image, drawn.image)
    assert [one.record.to_json()["grain"] for one in (drawn, chosen)] == [None, 2.0]
    assert set(chosen.record.sampling.weights) == {"grainy", "tiny-grain"}
    with pytest.raises(RequestError, match="got grain 2 and coarseness 0"):
        generator(heart(), grain=2.0, coarseness=0.0)
    assert catalog(tmp_path).with_look() == {"grainy"}


@pytest.mark.parametrize("solver", ["heun", "heun-stochastic"])
def test_a_sample_alone_is_what_it_is_in_a_batch(solver: str, generator: Generator) -> None:
    requests = [ask(seed=seed, solver=solver, label_map=heart(seed)) for seed in range(3)]
    together = generator.generate_batch(requests)
    for request, made in zip(requests, together, strict=True):
        alone = generator.generate(request)
        assert alone.record == made.record
        # One grey level, because convolutions round differently at another batch size.
        assert np.abs(alone.image.astype(int) - made.image.astype(int)).max() <= 1


def test_a_batch_of_unlike_requests_is_refused(generator: Generator) -> None:
    with pytest.raises(RequestError, match="share all but label map"):
        generator.generate_batch([ask(), ask(schedule="exponential")])


def test_steps_are_counted_and_previews_are_frames(generator: Generator) -> None:
    seen: list[tuple[int, int]] = []

    def on_step(done: int, total: int, preview: Callable[[], GrayImage]) -> None:
        seen.append((done, total))
        assert preview().shape == (64, 64)

    generator.generate(ask(nfe=6), on_step)
    assert seen == [(k, 6) for k in range(1, 7)]


def test_cancelling_stops_between_two_evaluations(generator: Generator) -> None:
    seen: list[int] = []

    def on_step(done: int, total: int, preview: object) -> None:
        seen.append(done)
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        generator.generate(ask(nfe=20), on_step)
    assert seen == [1, 2, 3]


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


def test_the_record_names_all_that_took_part(generator: Generator, folder: Path) -> None:
    record = generator.generate(ask()).record.to_json()
    assert record["label_map_sha256"] == heart().digest
    assert record["checkpoints"] == {name: read_card(folder / name).sha256 for name in ("tiny", "tiny-vae")}
    assert (record["solver"], record["nfe"], record["seed"], record["view"]) == ("heun", 4, 1, "4CH")
    assert record["notice"] == "synthetic, not for diagnosis"


def test_the_catalog_lists_generators_and_not_their_parts(folder: Path) -> None:
    assert list(load_cards(folder)) == ["tiny"]
    with pytest.raises(UnknownNameError, match="tiny"):
        load_generator("sdm", folder)
    with pytest.raises(CheckpointError, match="folder of checkpoints"):
        load_cards(folder / "none")


def test_a_codec_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = tiny_checkpoints(tmp_path)
    card = read_card(folder / "tiny")
    write_card(folder / "tiny", dataclasses.replace(card, needs={"tiny-vae": "0" * 64}))
    with pytest.raises(CheckpointError, match="tiny-vae"):
        load_generator("tiny", folder)


@pytest.mark.parametrize(
    "change",
    [
        {"nfe": 0},
        {"nfe": 1_000_000},
        {"seed": -1},
        {"seed": 2**63},
        {"solver": "magic"},
        {"schedule": "magic"},
        {"view": "3CH"},
        {"phase": "MID"},
        {"label_map": LabelMap(np.zeros((64, 64), np.uint8))},
    ],
)
def test_an_impossible_request_is_refused_in_one_line(change: dict[str, object]) -> None:
    with pytest.raises((RequestError, UnknownNameError)) as caught:
        ask(**change)
    assert "\n" not in str(caught.value)


def test_a_label_map_of_sector_alone_is_enough(generator: Generator) -> None:
    label_map = LabelMap(np.full((64, 64), SECTOR, np.uint8))
    assert generator.generate(ask(label_map=label_map)).image.any()
