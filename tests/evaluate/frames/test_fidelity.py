"""Fidelity: real frames are at their own reference, damage moves the figure that is about it, and pairs need names."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from echo_studio.data.datasets.camus import CamusFolder, CamusFrame
from echo_studio.errors import DataError, ImageError, RequestError
from echo_studio.evaluate.frames.fidelity import measure_fidelity
from echo_studio.evaluate.frames.made_frames import SIDE, MadeSet, found_in, made_now
from echo_studio.evaluate.frames.segmentation import Scorers
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage, Json
from tests.generate.tiny import tiny_checkpoints


@pytest.fixture
def scorers(tmp_path: Path) -> Scorers:
    return Scorers.load(tiny_checkpoints(tmp_path / "checkpoints"))


@pytest.fixture
def frames(camus_folder: Callable[..., Path]) -> list[CamusFrame]:
    folder = CamusFolder(camus_folder(patients=3))
    return [folder.read(frame_id) for frame_id in folder.frame_ids()]


def made(frames: list[CamusFrame], change: Callable[[GrayImage], GrayImage] = lambda image: image) -> MadeSet:
    return MadeSet([f.frame_id.stem for f in frames], [change(f.image) for f in frames], frames, {"images": "here"})


def blurred(image: GrayImage) -> GrayImage:
    return np.asarray(np.where(image > 0, cv2.GaussianBlur(image, (0, 0), 2), 0), dtype=np.uint8)


def report(scorers: Scorers, some: MadeSet, frames: list[CamusFrame]) -> Json:
    return measure_fidelity(scorers, some, frames[:8], frames[4:])


def test_the_real_frames_themselves_are_at_distance_0(scorers: Scorers, frames: list[CamusFrame]) -> None:
    found = report(scorers, made(frames[:8]), frames)
    assert found["n"] == {"made": 8, "real": 8, "other": 8}
    for scores in (found, found["labeller"]):
        assert scores["echo"]["frechet"] == 0
        assert scores["adherence"]["made"] == scores["adherence"]["real"]
    assert "judge" in found["echo"]["features"]
    assert "segmenter" in found["labeller"]["echo"]["features"]
    assert found["labeller"]["adherence"] != found["adherence"]
    assert found["ssim"] == 1
    assert found["psnr"] is None
    assert found["depth_profile"]["distance"] == 0
    assert all(entry["distance"] == 0 for key, entry in found["speckle"].items() if key != "n")
    assert found["inception"] is None


def test_blur_widens_the_grain_and_raises_the_distances(scorers: Scorers, frames: list[CamusFrame]) -> None:
    plain, worse = (report(scorers, made(frames[:8], change), frames) for change in (np.copy, blurred))
    assert worse["speckle"]["width_along_px"]["made"]["mean"] > 1.3 * plain["speckle"]["width_along_px"]["made"]["mean"]
    assert worse["speckle"]["width_across_deg"]["distance"] > 1
    assert worse["speckle"]["grain"]["made"]["mean"] < 0.5 * plain["speckle"]["grain"]["made"]["mean"]
    assert worse["echo"]["frechet"] > 0
    assert worse["ssim"] < 1
    assert worse["psnr"] < 40


def test_frames_of_a_folder_are_paired_by_their_names_or_their_folders(
    scorers: Scorers, frames: list[CamusFrame], tmp_path: Path
) -> None:
    flat, nested, strange = (tmp_path / name for name in ("flat", "nested", "strange"))
    for n, frame in enumerate(frames[:4]):
        for folder, name in ((flat, frame.frame_id.stem), (nested / frame.frame_id.stem, "frame"), (strange, f"a{n}")):
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(frame.image).save(folder / f"{name}.png")
            Image.fromarray(frame.label_map.ids).save(folder / f"{name}_labels.png")
    for folder in (flat, nested):
        assert [real.frame_id for real in found_in(folder, frames).real] == [f.frame_id for f in frames[:4]]
    unpaired = found_in(strange, frames)
    assert not unpaired.real
    assert len(unpaired.images) == 4
    found = report(scorers, unpaired, frames)
    assert found["adherence"] is found["labeller"]["adherence"] is found["ssim"] is found["psnr"] is None
    assert found["speckle"]["n"]["made"] == 4


def test_a_generator_makes_a_frame_from_every_map(frames: list[CamusFrame], tmp_path: Path) -> None:
    generator = load_generator("tiny", tiny_checkpoints(tmp_path / "checkpoints"))
    some = made_now(generator, frames[:3], Sampling("tiny", "heun", 2), 5)
    assert some.names == [f.frame_id.stem for f in frames[:3]]
    assert some.source == {"generator": "tiny", "solver": "heun", "nfe": 2, "seed": 5}
    assert len(some.images) == 3


def test_one_frame_is_too_few_and_black_frames_have_no_sector(scorers: Scorers, frames: list[CamusFrame]) -> None:
    with pytest.raises(RequestError, match="2 made frames"):
        report(scorers, made(frames[:1]), frames)
    with pytest.raises(ImageError, match="a sector in 2 made frames"):
        report(scorers, made(frames[:3], np.zeros_like), frames)


def test_folders_without_frames_and_of_mixed_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder"):
        found_in(tmp_path / "nowhere")
    (tmp_path / "set").mkdir()
    with pytest.raises(DataError, match="PNG frames"):
        found_in(tmp_path / "set")
    for name, side in (("a", SIDE), ("b", 128)):
        Image.fromarray(np.zeros((side, side), np.uint8)).save(tmp_path / "set" / f"{name}.png")
    with pytest.raises(DataError, match="128x128, 256x256"):
        found_in(tmp_path / "set")
