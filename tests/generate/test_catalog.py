"""Checkpoints of several folders: the bundled ones first, a person's own beside them, which may lean on them."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.generate.build import load_network
from echo_studio.generate.catalog import Catalog, catalog, own_checkpoints
from echo_studio.generate.checkpoint import CARD, WEIGHTS, read_card, write_card
from tests.generate.test_generator import ask
from tests.generate.tiny import changed, tiny_checkpoints


@pytest.fixture
def places(tmp_path: Path) -> Catalog:
    """`tiny` and its parts are bundled; `mine`, with the same weights, is the person's own."""
    bundled, own = tiny_checkpoints(tmp_path / "bundled"), tmp_path / "own"
    shutil.copytree(bundled / "tiny", own / "mine")
    write_card(own / "mine", dataclasses.replace(read_card(own / "mine"), name="mine"))
    return Catalog(bundled, own)


def test_bundled_checkpoints_come_first_and_own_ones_are_marked(places: Catalog) -> None:
    assert [(c.folder.name, c.own) for c in places.checkpoints()] == [
        ("judge", False),
        ("segmenter", False),
        ("tiny", False),
        ("tiny-vae", False),
        ("mine", True),
    ]
    assert list(places.generators()) == ["tiny", "mine"]


def test_an_own_generator_uses_the_bundled_codec_with_the_hash_that_it_was_trained_with(places: Catalog) -> None:
    request = ask(generator="mine")
    made = places.load("mine").generate(request)
    bundled = places.load("tiny").generate(changed(request, generator="tiny"))
    assert np.array_equal(made.image, bundled.image)
    assert made.record.sampling.weights["mine"] == bundled.record.sampling.weights["tiny"]


def test_a_codec_with_another_hash_is_refused_and_both_sides_are_named(places: Catalog) -> None:
    assert places.own
    card = read_card(places.own / "mine")
    write_card(places.own / "mine", dataclasses.replace(card, needs={"tiny-vae": "ab" * 32}))
    with pytest.raises(CheckpointError) as caught:
        places.load("mine")
    there = read_card(places.bundled / "tiny-vae").sha256
    for part in ("tiny-vae", "abababababab", "mine", there[:12], str(places.bundled)):
        assert part in str(caught.value)
    write_card(places.own / "mine", dataclasses.replace(card, needs={"nowhere": "ab" * 32}))
    with pytest.raises(CheckpointError, match=r"none of that name in .*bundled or .*own"):
        places.load("mine")


def test_a_renamed_codec_is_found_by_its_hash(places: Catalog) -> None:
    assert places.own
    shutil.move(places.bundled / "tiny-vae", places.own / "renamed")
    write_card(places.own / "renamed", dataclasses.replace(read_card(places.own / "renamed"), name="renamed"))
    assert places.load("tiny").card.name == "tiny"


def test_a_damaged_own_card_spoils_nothing_else(places: Catalog) -> None:
    assert places.own
    (places.own / "mine" / CARD).write_text("{")
    faulty = places.checkpoints()[-1]
    assert faulty.card is None
    assert "card" in faulty.fault
    assert list(places.generators()) == ["tiny"]


def test_an_own_checkpoint_with_a_bundled_name_is_told_and_not_used(places: Catalog) -> None:
    assert places.own
    write_card(places.own / "mine", dataclasses.replace(read_card(places.own / "mine"), name="tiny"))
    assert "tiny" in places.checkpoints()[-1].fault
    assert places.generators()["tiny"].folder == places.bundled / "tiny"
    with pytest.raises(UnknownNameError, match="choose one of: tiny"):
        places.load("mine")


def test_a_changed_card_is_seen_at_once_and_an_unfinished_import_never(places: Catalog) -> None:
    assert places.own
    card = read_card(places.own / "mine")
    assert places.generators()["mine"].card == card
    write_card(places.own / "mine", dataclasses.replace(card, title="Tinx"))
    found = places.generators()["mine"].card
    assert found
    assert found.title == "Tinx"
    shutil.copytree(places.own / "mine", places.own / ".1234.tmp")
    assert [c.folder.name for c in places.checkpoints() if c.own] == ["mine"]


def test_size_and_parameters_come_from_the_file(places: Catalog) -> None:
    tiny = places.generators()["tiny"]
    assert tiny.file_bytes == (tiny.folder / WEIGHTS).stat().st_size
    _, network = load_network(tiny.folder)
    assert tiny.parameters == sum(parameter.numel() for parameter in network.parameters())
    (tiny.folder / WEIGHTS).unlink()
    assert (tiny.parameters, tiny.file_bytes) == (0, 0)


def test_a_named_folder_is_the_only_one(tmp_path: Path) -> None:
    assert catalog(tmp_path).own is None
    assert catalog().own == own_checkpoints()


def test_a_card_with_a_number_that_is_not_finite_is_refused(places: Catalog) -> None:
    folder = places.bundled / "tiny"
    entries = json.loads((folder / CARD).read_text())
    for text in ("NaN", "1e999", "9" * 400):
        settings = json.dumps({**entries, "minutes": 12345}).replace("12345", text)
        (folder / CARD).write_text(settings)
        with pytest.raises(CheckpointError, match="finite"):
            read_card(folder)
