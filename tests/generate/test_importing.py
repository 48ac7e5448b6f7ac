"""Imports: what is whole is taken in and can be used at once, everything else is refused and leaves nothing behind."""

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from echo_studio.errors import (
    CheckpointError,
    EchoStudioError,
    NameTakenError,
    OutputError,
    RequestError,
    UnknownNameError,
)
from echo_studio.generate import importing
from echo_studio.generate.catalog import Catalog
from echo_studio.generate.checkpoint import CARD, WEIGHTS, read_card
from echo_studio.generate.importing import import_checkpoint, remove_checkpoint
from tests.generate.test_checkpoint import sealed
from tests.generate.test_generator import ask
from tests.generate.tiny import grain_checkpoints, tiny_checkpoints, tiny_generator, tiny_vae


@pytest.fixture
def places(tmp_path: Path) -> Catalog:
    return Catalog(tiny_checkpoints(tmp_path / "bundled"), tmp_path / "data" / "own")


@pytest.fixture
def source(places: Catalog, tmp_path: Path) -> Path:
    """A folder of the person with a generator `mine`."""
    tiny_generator(tmp_path / "mine", read_card(places.bundled / "tiny-vae"))
    return tmp_path / "mine"


def rewrite(folder: Path, **changes: Any) -> None:
    entries = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**entries, **changes}))


def left(places: Catalog) -> list[str]:
    assert places.own
    return sorted(path.name for path in places.own.iterdir()) if places.own.is_dir() else []


def other_weights(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file({key: tensor * 1.5 for key, tensor in tensors.items()}, folder / WEIGHTS)
    sealed(folder)


def test_an_import_can_be_used_at_once_and_its_source_stays(places: Catalog, source: Path) -> None:
    assert list(places.generators()) == ["tiny"]
    card = import_checkpoint(places, source)
    assert card == read_card(source)
    assert list(places.generators()) == ["tiny", "mine"]
    assert places.load("mine").generate(ask(generator="mine")).image.any()
    assert left(places) == ["mine"]


def test_a_name_that_is_taken_is_refused_and_another_one_can_be_given(places: Catalog, source: Path) -> None:
    other_weights(source)
    rewrite(source, name="tiny")
    with pytest.raises(NameTakenError, match="tiny, which is bundled with other weights; import it under another name"):
        import_checkpoint(places, source)
    assert import_checkpoint(places, source, "Mine").name == "Mine"
    with pytest.raises(CheckpointError, match="a new checkpoint, got mine, which you imported"):
        import_checkpoint(places, source, "mine")  # one folder, where letters' case does not count
    assert left(places) == ["Mine"]


def test_a_generator_that_leans_on_an_own_codec_is_imported_after_it(places: Catalog, tmp_path: Path) -> None:
    tiny_vae(tmp_path / "my-vae")
    other_weights(tmp_path / "my-vae")
    tiny_generator(tmp_path / "mine", read_card(tmp_path / "my-vae"))
    with pytest.raises(CheckpointError, match="import that my-vae first"):
        import_checkpoint(places, tmp_path / "mine")
    assert import_checkpoint(places, tmp_path / "my-vae").makes == ""
    import_checkpoint(places, tmp_path / "mine")
    with pytest.raises(RequestError, match="mine needs"):
        remove_checkpoint(places, "my-vae")
    remove_checkpoint(places, "mine")
    remove_checkpoint(places, "my-vae")
    assert left(places) == []


def test_a_decoder_with_grain_is_imported_beside_its_encoder(places: Catalog, tmp_path: Path) -> None:
    grain_checkpoints(tmp_path / "theirs")
    card = import_checkpoint(places, tmp_path / "theirs" / "tiny-grain")
    assert card.kind == "grain-decoder"
    import_checkpoint(places, tmp_path / "theirs" / "grainy")
    assert places.with_look() == {"grainy"}
    assert left(places) == ["grainy", "tiny-grain"]


HOSTILE: dict[str, dict[str, Any]] = {
    "a path as its name": {"name": "../../mine"},
    "a hidden name": {"name": ".mine"},
    "a long name": {"name": "m" * 65},
    "no title": {"title": " "},
    "codes for a terminal": {"title": "a\x1b[31m"},
    "a book": {"description": "x" * 5000},
    "an unknown kind": {"kind": "magic"},
    "a kind with other weights": {"kind": "sdm"},
    "a segmenter": {"kind": "segmenter", "makes": ""},
    "no maker of frames": {"makes": ""},
    "wide layers": {"network": {"widths": [10**9, 10**9]}},
    "many layers": {"network": {"widths": [8, 16], "blocks": 10**9}},
    "many levels": {"network": {"widths": [8] * 1000}},
    "another network": {"network": {"widths": [4096] * 4}},
    "a network of words": {"network": {"widths": "8, 16"}},
    "heads of no channel": {"network": {"widths": [8, 16], "attention_levels": [1], "head_channels": 0}},
    "no level": {"network": {"widths": []}},
    "three channels": {"network": {"widths": [8, 16], "attention_levels": [1], "mask_channels": 4, "channels": 3}},
    "no settings": {"settings": {}},
    "no background": {"settings": {"sigma_data": 0.5}},
    "a huge frame": {"resolution": 10**6},
    "a crooked frame": {"resolution": 250},
    "a path as a need": {"needs": {"../../etc": "0" * 64}},
    "a generator as its codec": {"needs": {"tiny": "THE BUNDLED ONE"}},
    "two codecs": {"needs": {"tiny-vae": "0" * 64, "other": "1" * 64}},
    "no advice": {"advised_nfe": 0},
    "an unknown solver": {"advised_solver": "magic"},
    "no hash": {"sha256": ""},
    "another hash": {"sha256": "0" * 64},
    "another schema": {"label_schema": "other/1"},
    "an unknown entry": {"colour": "red"},
    "a number as text": {"resolution": "64"},
    "not a number": {"settings": {"sigma_data": float("nan"), "background": -0.7}},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_card_is_refused_in_one_line(what: str, places: Catalog, source: Path) -> None:
    changes = HOSTILE[what]
    if what == "a generator as its codec":
        changes = {"needs": {"tiny": read_card(places.bundled / "tiny").sha256}}
    rewrite(source, **changes)
    with pytest.raises(EchoStudioError) as caught:
        import_checkpoint(places, source)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert left(places) == []


def test_an_unknown_kind_lists_those_that_there_are(places: Catalog, source: Path) -> None:
    rewrite(source, kind="magic")
    with pytest.raises(UnknownNameError, match=r"choose one of: .*edm.*vp"):
        import_checkpoint(places, source)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def pickle_instead(path: Path) -> None:
    torch.save({"w": torch.zeros(2)}, path)


def not_finite(path: Path) -> None:
    tensors = load_file(path)
    next(iter(tensors.values())).view(-1)[0] = float("inf")
    save_file(tensors, path)


def boast(path: Path) -> None:
    """A head that announces more than there is."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4 * 10**18]}}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head)


@pytest.mark.parametrize("harm", [truncate, pickle_instead, not_finite, boast, Path.unlink])
def test_harmed_weights_are_refused_though_their_hash_is_right(
    harm: Callable[[Path], None], places: Catalog, source: Path
) -> None:
    harm(source / WEIGHTS)
    if (source / WEIGHTS).exists():
        sealed(source)
    with pytest.raises(CheckpointError) as caught:
        import_checkpoint(places, source)
    assert "\n" not in str(caught.value)
    assert left(places) == []


def test_weights_over_the_limit_are_refused_unread(
    places: Catalog, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_WEIGHTS", 1000)
    with pytest.raises(CheckpointError, match="MiB of weights"):
        import_checkpoint(places, source)


def test_a_folder_that_cannot_be_written_is_told(places: Catalog, source: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="that can be written"):
        import_checkpoint(places, source)


def test_what_a_killed_import_left_behind_goes_with_the_next_one(places: Catalog, source: Path) -> None:
    assert places.own
    for name, age in ((".old.tmp", 0), (".young.tmp", None)):
        shutil.copytree(source, places.own / name)
        if age is not None:
            os.utime(places.own / name, (age, age))
    import_checkpoint(places, source)
    assert left(places) == [".young.tmp", "mine"]


def test_bundled_checkpoints_cannot_be_removed(places: Catalog, source: Path) -> None:
    import_checkpoint(places, source)
    for name in ("tiny", "../own/mine", "..", ""):
        with pytest.raises(UnknownNameError, match="mine"):
            remove_checkpoint(places, name)
    remove_checkpoint(places, "mine")
    assert left(places) == []
    assert (places.bundled / "tiny" / WEIGHTS).is_file()


def test_a_damaged_import_can_be_removed(places: Catalog, source: Path) -> None:
    import_checkpoint(places, source)
    assert places.own
    (places.own / "mine" / CARD).write_text("{")
    remove_checkpoint(places, "mine")
    assert left(places) == []


def test_one_folder_alone_takes_no_imports(places: Catalog, source: Path) -> None:
    with pytest.raises(RequestError, match="folder for imported checkpoints"):
        import_checkpoint(dataclasses.replace(places, own=None), source)
