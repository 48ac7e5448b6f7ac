"""Checkpoints: what is written comes back, and every alteration is refused with both sides named."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from echo_studio.errors import CheckpointError, EchoStudioError
from echo_studio.generate.build import load_network
from echo_studio.generate.checkpoint import CARD, WEIGHTS, Card, read_card, read_weights, write_card, write_checkpoint
from tests.generate.tiny import tiny_vae


def sealed(folder: Path) -> None:
    """Make the card agree with weights that were changed on purpose."""
    import hashlib

    content = (folder / WEIGHTS).read_bytes()
    write_card(folder, dataclasses.replace(read_card(folder), sha256=hashlib.sha256(content).hexdigest()))


def test_weights_come_back_to_half_precision(tmp_path: Path) -> None:
    card, network = tiny_vae(tmp_path / "vae")
    again_card, again = load_network(tmp_path / "vae")
    assert again_card == card
    for key, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[key], tensor.half().float())


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    card, network = tiny_vae(tmp_path / "a")
    again = write_checkpoint(tmp_path / "b", card, network)
    assert again.sha256 == card.sha256


@pytest.mark.parametrize("fault", ["truncated", "flipped byte", "missing", "empty"])
def test_altered_weights_are_refused(fault: str, tmp_path: Path) -> None:
    folder = tmp_path / "vae"
    tiny_vae(folder)
    path = folder / WEIGHTS
    content = bytearray(path.read_bytes())
    if fault == "truncated":
        path.write_bytes(content[:-100])
    elif fault == "flipped byte":
        content[-1] ^= 1
        path.write_bytes(content)
    elif fault == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    with pytest.raises(CheckpointError) as caught:
        load_network(folder)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused_though_their_hash_is_right(tmp_path: Path) -> None:
    folder = tmp_path / "vae"
    tiny_vae(folder)
    tensors = load_file(folder / WEIGHTS)
    next(iter(tensors.values())).view(-1)[0] = float("nan")
    save_file(tensors, folder / WEIGHTS)
    sealed(folder)
    with pytest.raises(CheckpointError, match="NaN"):
        load_network(folder)


def test_a_mismatch_of_keys_or_shapes_names_what_differs(tmp_path: Path) -> None:
    folder = tmp_path / "vae"
    card, _ = tiny_vae(folder)
    write_card(folder, dataclasses.replace(card, network={"channels": [8, 8], "blocks": 1}))
    with pytest.raises(CheckpointError, match=r"differences .* instead of"):
        load_network(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"label_schema": "other/2"},
        {"colour": "red"},
        {"kind": "magic"},
        {"network": {"chanels": 3}},
    ],
)
def test_a_card_that_says_something_else_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    folder = tmp_path / "vae"
    card, _ = tiny_vae(folder)
    (folder / CARD).write_text(json.dumps({**dataclasses.asdict(card), **change}))
    with pytest.raises(EchoStudioError) as caught:
        load_network(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"'])
def test_a_card_that_is_no_card_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / CARD).write_text(text)
    with pytest.raises(CheckpointError):
        read_card(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        read_card(tmp_path / "none")
    with pytest.raises(CheckpointError, match="no such file"):
        read_weights(tmp_path, Card("a", "edm", "", "", "", {}, {}, 64))
