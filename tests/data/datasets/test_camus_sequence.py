"""Half sequences in CAMUS's layout become mirrored cycles with labels; each fault is one clear line."""

from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.labels import LV_CAVITY, SECTOR
from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.export import write_clip
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.camus_sequence import half_sequences, read_half_sequence
from echo_studio.errors import EchoStudioError
from tests.data.beating import cavity, recording, write_nifti

PATIENT = "patient0001"
RECORDED = 11
PERIOD = 20.0  # the tenth step from ED is ES
IMAGES = recording(RECORDED, PERIOD)
IDS = np.stack([cavity(k, PERIOD).astype(np.uint8) for k in range(RECORDED)])
CFG = "ED: 1\nES: 11\nNbFrame: 11\nSex: F\nAge: 56\nImageQuality: Good\nEF: 51\nFrameRate: 50.0\n"


def half(root: Path, images: np.ndarray = IMAGES, ids: np.ndarray = IDS, cfg: str | None = CFG) -> CamusFolder:
    folder = root / PATIENT
    write_nifti(folder / f"{PATIENT}_4CH_half_sequence.nii.gz", images)
    write_nifti(folder / f"{PATIENT}_4CH_half_sequence_gt.nii.gz", ids)
    if cfg is not None:
        (folder / "Info_4CH.cfg").write_text(cfg)
    return CamusFolder(root)


def refused(folder: CamusFolder, frames: int = 24) -> str:
    with pytest.raises(EchoStudioError) as caught:
        read_half_sequence(folder, PATIENT, "4CH", frames)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_half_sequence_becomes_a_mirrored_cycle_with_labels_spacing_and_time(tmp_path: Path) -> None:
    folder = half(tmp_path)
    assert half_sequences(folder) == [(PATIENT, "4CH")]
    heartbeat = read_half_sequence(folder, PATIENT, "4CH", 24)
    assert heartbeat.mirrored
    assert heartbeat.es == 12
    assert heartbeat.frames.shape == (24, 112, 112)
    assert (heartbeat.frames[0] == IMAGES[0]).all()
    assert (heartbeat.frames[12] == IMAGES[10]).all()
    assert (heartbeat.frames[1:12] == heartbeat.frames[:12:-1]).all()
    assert heartbeat.spacing_mm == pytest.approx((0.3, 0.4))
    assert heartbeat.seconds == pytest.approx(0.4)  # ten steps there, ten back
    assert heartbeat.info["EF"] == "51"
    assert sorted(heartbeat.labels) == list(range(24))
    areas = np.array([(heartbeat.labels[k].ids == LV_CAVITY).sum() for k in range(24)])
    assert (areas[0], areas[12]) == (IDS[0].sum(), IDS[10].sum())
    assert (np.diff(areas[:13]) <= 0).all()
    sectors = [heartbeat.labels[k].ids != 0 for k in range(24)]
    assert all((sector == sectors[0]).all() for sector in sectors)
    assert (heartbeat.labels[5].ids == SECTOR).any()


@pytest.mark.parametrize("frames", [2, 3, 16, 25, 64])
def test_any_number_of_frames_is_the_same_heartbeat(frames: int, tmp_path: Path) -> None:
    heartbeat = read_half_sequence(half(tmp_path), PATIENT, "4CH", frames)
    assert len(heartbeat.frames) == frames
    assert (heartbeat.frames[0] == IMAGES[0]).all()
    assert (heartbeat.frames[heartbeat.es] == IMAGES[10]).all()


@pytest.mark.parametrize("cfg", ["ED: 11\nES: 1\n", None])
def test_a_sequence_that_starts_at_es_is_turned_round(cfg: str | None, tmp_path: Path) -> None:
    heartbeat = read_half_sequence(half(tmp_path, IMAGES[::-1], IDS[::-1], cfg), PATIENT, "4CH")
    assert (heartbeat.frames[0] == IMAGES[0]).all()
    assert (heartbeat.frames[heartbeat.es] == IMAGES[10]).all()
    assert heartbeat.seconds is None


def test_only_what_lies_between_ed_and_es_is_taken(tmp_path: Path) -> None:
    heartbeat = read_half_sequence(half(tmp_path, cfg="ED: 3\nES: 9\n"), PATIENT, "4CH")
    assert (heartbeat.frames[0] == IMAGES[2]).all()
    assert (heartbeat.frames[heartbeat.es] == IMAGES[8]).all()


def test_an_export_of_ours_is_a_half_sequence_for_others(tmp_path: Path) -> None:
    path = tmp_path / PATIENT / f"{PATIENT}_2CH_half_sequence.nii.gz"
    path.parent.mkdir()
    write_clip(path, Clip(IMAGES, 50.0, IDS, (0.3, 0.4)))
    heartbeat = read_half_sequence(CamusFolder(tmp_path), PATIENT, "2CH")
    assert (heartbeat.frames[0] == IMAGES[0]).all()


@pytest.mark.parametrize("cfg", ["ED: 0\nES: 11\n", "ED: 1\nES: 12\n", "ED: 4\nES: 4\n", "ED: one\nES: 2\n"])
def test_ed_and_es_outside_the_sequence_are_one_line(cfg: str, tmp_path: Path) -> None:
    assert "1 to 11" in refused(half(tmp_path, cfg=cfg))


def test_faulty_sequences_are_one_line(tmp_path: Path) -> None:
    assert "1 in " in refused(half(tmp_path / "still", IMAGES[:1], IDS[:1], None))
    assert "111x112" in refused(half(tmp_path / "sizes", IMAGES, IDS[:, :, 1:], None))
    assert "label ids 9" in refused(half(tmp_path / "ids", IMAGES, IDS * 9 + (IDS == 0), None))
    refused(half(tmp_path / "frames"), 1)
    refused(half(tmp_path / "frames"), 100_000)
    folder = half(tmp_path / "volume")
    image, labels = (folder.root / PATIENT / f"{PATIENT}_4CH_half_sequence{part}.nii.gz" for part in ("", "_gt"))
    content = image.read_bytes()
    for broken in (b"", content[: len(content) // 2], b"not NIfTI at all" * 40):
        image.write_bytes(broken)
        refused(folder)
    image.write_bytes(content)
    labels.unlink()
    assert "no labels" in refused(folder)
    image.unlink()
    assert "no frames" in refused(folder)


def test_a_hundred_thousand_frames_are_refused_before_they_are_read(tmp_path: Path) -> None:
    folder = half(tmp_path)
    image = folder.root / PATIENT / f"{PATIENT}_4CH_half_sequence"
    write_nifti(image.with_suffix(".nii"), IMAGES)
    image.with_suffix(".nii.gz").unlink()
    content = bytearray(image.with_suffix(".nii").read_bytes())
    # NIfTI-1 has 16 bits for a side: the sequence is announced over two of them, as (x, y, 25000, 4).
    content[40:50] = np.array([4, 112, 112, 25_000, 4], "<i2").tobytes()
    with image.with_suffix(".nii").open("wb") as file:
        file.write(content)
        file.truncate(352 + 112 * 112 * 100_000)  # a hole: 1.2 GB that no disk holds
    refused(folder)
    content[40:50] = np.array([3, 112, 112, 32_000, 1], "<i2").tobytes()
    image.with_suffix(".nii").write_bytes(content)
    assert "32000 frames" in refused(folder)
