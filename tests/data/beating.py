"""A heart that beats as it is told: recordings in the layouts of public data sets, without any patient."""

import csv
import functools
import tempfile
from pathlib import Path

import imageio_ffmpeg
import nibabel as nib
import numpy as np

from echo_studio.anatomy.sector.geometry import Sector
from echo_studio.data.datasets.echonet import LIST_COLUMNS, TRACE_COLUMNS

SIDE = 112
SECTOR_SHAPE = Sector(apex=(55.5, 1.0), angle_left=-0.6, angle_right=0.6, near=0.0, far=105.0)
CENTRE = (56.0, 50.0)  # x, y


def radii(time: float, period: float) -> tuple[float, float]:
    """(x, y) half axes of the cavity; largest where time is a multiple of the period, smallest half-way."""
    share = 1.0 - 0.3 * np.sin(np.pi * time / period) ** 2
    return 16.0 * share, 26.0 * share


def cavity(time: float, period: float) -> np.ndarray:
    """(h, w) True inside the cavity at that time."""
    x, y = radii(time, period)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    return ((columns - CENTRE[0]) / x) ** 2 + ((rows - CENTRE[1]) / y) ** 2 < 1


def recording(frames: int, period: float, start: float = 0.0) -> np.ndarray:
    """uint8 (n, h, w): speckle in a sector with a dark cavity; noise of its own in each frame."""
    random = np.random.default_rng(0)
    tissue = random.rayleigh(60.0, (SIDE, SIDE))
    sector = SECTOR_SHAPE.mask(SIDE, SIDE)
    clips = []
    for k in range(frames):
        image = np.where(cavity(start + k, period), 0.15, 1.0) * tissue + random.normal(0, 4, (SIDE, SIDE))
        clips.append(np.where(sector, np.clip(image, 1, 255), 0).astype(np.uint8))
    return np.stack(clips)


def write_video(path: Path, frames: np.ndarray, fps: float = 50, codec: str = "mjpeg") -> Path:
    """Grey frames as AVI or MP4."""
    path.write_bytes(_encoded(frames.tobytes(), frames.shape, fps, codec, path.suffix))
    return path


@functools.cache
def _encoded(content: bytes, shape: tuple[int, ...], fps: float, codec: str, suffix: str) -> bytes:
    _, height, width = shape
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        writer = imageio_ffmpeg.write_frames(
            str(path), (width, height), pix_fmt_in="gray", codec=codec, fps=fps, quality=10, macro_block_size=1
        )
        writer.send(None)
        for frame in np.frombuffer(content, np.uint8).reshape(shape):
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        return path.read_bytes()


def chords(time: float, period: float, count: int = 20) -> np.ndarray:
    """(1 + count, 4): the cavity's long axis and chords across it, as EchoNet-Dynamic traces them."""
    x, y = radii(time, period)
    axis = [CENTRE[0], CENTRE[1] - y, CENTRE[0], CENTRE[1] + y]
    height = np.linspace(-0.98, 0.98, count)
    half = x * np.sqrt(1 - height**2)
    across = np.stack([CENTRE[0] - half, CENTRE[1] + y * height, CENTRE[0] + half, CENTRE[1] + y * height], axis=1)
    return np.concatenate([[axis], across])


def write_echonet(
    root: Path, videos: dict[str, np.ndarray], traces: dict[str, dict[int, np.ndarray]], fps: float = 50
) -> Path:
    """A folder as EchoNet-Dynamic is published: names end in .avi in the traces and not in the list."""
    (root / "Videos").mkdir(parents=True)
    with (root / "FileList.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(LIST_COLUMNS)
        for name, frames in videos.items():
            table.writerow([name, 51.0, 49.0, 100.0, SIDE, SIDE, fps, len(frames), "TRAIN"])
            write_video(root / "Videos" / f"{name}.avi", frames, fps)
    with (root / "VolumeTracings.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(TRACE_COLUMNS)
        for name, traced in traces.items():
            for frame, drawn in traced.items():
                table.writerows([f"{name}.avi", *line, frame] for line in drawn)
    return root


def write_nifti(path: Path, frames: np.ndarray, spacing: tuple[float, float] = (0.3, 0.4)) -> None:
    """Frames (t, h, w) as CAMUS publishes half sequences: (x, y, t), spacing in mm."""
    y, x = spacing
    volume = nib.Nifti1Image(np.ascontiguousarray(frames.transpose(2, 1, 0)), np.diag([-x, -y, 1.0, 1.0]))
    volume.header.set_xyzt_units("mm")
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(volume, path)
