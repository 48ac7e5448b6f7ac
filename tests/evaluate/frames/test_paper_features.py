"""FID's and FVD's networks: one clear line where something is missing, and nothing fetched."""

import importlib
import importlib.util
import socket
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from echo_studio.errors import CheckpointError, RequestError
from echo_studio.evaluate.frames.paper_features import INCEPTION, R2PLUS1D, PaperFeatures, film


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> None:
        raise AssertionError("nothing is fetched")

    monkeypatch.setattr(socket.socket, "connect", refused)


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch_fidelity" else real(name))
    with pytest.raises(CheckpointError, match=r"echo-studio\[paper\]") as raised:
        PaperFeatures(tmp_path)
    assert "\n" not in str(raised.value)


def test_missing_weights_are_named_with_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    (tmp_path / R2PLUS1D).touch()
    with pytest.raises(CheckpointError, match=INCEPTION) as raised:
        PaperFeatures(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert R2PLUS1D not in str(raised.value)


def test_a_file_that_is_more_than_tensors_is_not_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    for name in (INCEPTION, R2PLUS1D):
        torch.save({"path": Path("/")}, tmp_path / name)
    with pytest.raises(CheckpointError, match="tensors alone"):
        PaperFeatures(tmp_path)


def test_a_film_has_three_equal_colours_before_its_units() -> None:
    clip = np.random.default_rng(0).integers(0, 256, (9, 128, 128)).astype(np.uint8)
    seen = film(clip)
    assert seen.shape == (1, 3, 9, 112, 112)
    white = film(np.full_like(clip, 255))[0, :, 0, 0, 0]
    torch.testing.assert_close(
        white, (1 - torch.tensor([0.43216, 0.394666, 0.37645])) / torch.tensor([0.22803, 0.22145, 0.216989])
    )


def test_short_clips_are_refused() -> None:
    networks = PaperFeatures.__new__(PaperFeatures)
    with pytest.raises(RequestError, match="more than 8"):
        networks.clips([np.zeros((8, 32, 32), np.uint8)])


class Extractor(nn.Module):
    """In place of torch-fidelity's Inception."""

    def __init__(self, name: str, features: list[str], feature_extractor_weights_path: str) -> None:
        super().__init__()
        assert features == ["2048"]
        assert Path(feature_extractor_weights_path).name == INCEPTION

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor]:
        assert image.dtype == torch.uint8
        assert image.shape[1:] == (3, 32, 32)
        return (image.float().mean(dim=(2, 3)),)


class Films(nn.Module):
    """In place of torchvision's R(2+1)D."""

    def __init__(self) -> None:
        super().__init__()
        self.fc: nn.Module = nn.Linear(3, 2)

    def forward(self, film: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.fc(film.mean(dim=(2, 3, 4)))
        return out


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with weights for stand-ins of both networks, which are where the packages would have theirs."""
    inception = SimpleNamespace(FeatureExtractorInceptionV3=Extractor)
    video = SimpleNamespace(r2plus1d_18=lambda weights: Films())
    modules = {"torch_fidelity.feature_extractor_inceptionv3": inception, "torchvision.models.video": video}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(importlib, "import_module", modules.__getitem__)
    torch.save({}, tmp_path / INCEPTION)
    torch.save(Films().state_dict(), tmp_path / R2PLUS1D)
    return tmp_path


def test_every_frame_and_every_clip_gives_one_row(networks: Path) -> None:
    features = PaperFeatures(networks)
    clips = [np.full((10, 32, 32), 10 * k, np.uint8) for k in range(3)]
    assert features.frames(clips).tolist() == [[10.0 * k] * 3 for k in range(3) for _ in range(10)]
    assert features.clips(clips).shape == (3, 3)


def test_weights_of_another_network_are_refused_in_one_line(networks: Path) -> None:
    torch.save({"other": torch.zeros(1)}, networks / R2PLUS1D)
    with pytest.raises(CheckpointError, match="fetch the files again") as raised:
        PaperFeatures(networks)
    assert "\n" not in str(raised.value)
