"""EchoNet-Dynamic (Ouyang et al., Nature 580, 2020), read from its published layout.

The layout:

    ROOT/FileList.csv          a video a row: EF, volumes, pace, length, split
    ROOT/VolumeTracings.csv    long axis and chords of the cavity at two frames of a video
    ROOT/Videos/NAME.avi       apical four-chamber recordings of 112 x 112 pixels
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from skimage.draw import polygon

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.datasets.heartbeat import (
    Heartbeat,
    beat_times,
    check_count,
    check_recorded,
    cycle_length,
    frames_at,
    within_recording,
)
from echo_studio.data.datasets.table import Row, read_rows, whole
from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.folder import named_in
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.types import BoolMask, FloatArray, LabelIds

LIST_COLUMNS = ("FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")
TRACE_COLUMNS = ("FileName", "X1", "Y1", "X2", "Y2", "Frame")
# No folders, no addresses, no ffmpeg options.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
ENDING = re.compile(r"\.avi$", re.IGNORECASE)
SPLITS = {"TRAIN": "training", "VAL": "validation", "TEST": "testing"}
Traces = dict[str, dict[int, FloatArray]]

MIN_CHORDS = 3
MARGIN = 1.0  # pixels that a trace may reach beyond the picture

DARK = 6  # mean grey level up to which a pixel is background: compression lifts black a little


@dataclass(frozen=True)
class EchonetVideo:
    """A row of FileList.csv.

    Attributes:
        name: of the video, without `.avi`.
        ef: percent.
        esv, edv: mL.
        fps: frames a second.
        frames: in the file.
        split: training, validation or testing.
    """

    name: str
    ef: float
    esv: float
    edv: float
    fps: float
    frames: int
    split: str


def read_file_list(path: Path, lenient: bool = False) -> list[EchonetVideo]:
    """The rows of FileList.csv, in order.

    Raises:
        DataError: no such file, no text, a column is missing, or a row holds an impossible value or a name twice.
    """
    return read_rows(path, LIST_COLUMNS, video_parser(), lenient)


def video_parser() -> Callable[[Row], EchonetVideo]:
    """Makes a video of a row; remembers which names were there."""
    names: set[str] = set()

    def parse(row: Row) -> EchonetVideo:
        name, split = _name(row["FileName"]), SPLITS[row["Split"].strip().upper()]
        ef, esv, edv, fps = (float(row[key]) for key in ("EF", "ESV", "EDV", "FPS"))
        frames = whole(row["NumberOfFrames"])
        if not all(math.isfinite(value) for value in (ef, esv, edv)) or not 0 < fps < 10_000 or frames < 0:
            raise ValueError("an impossible number")
        if name in names:
            raise ValueError(f"{name} a second time")
        names.add(name)
        return EchonetVideo(name, ef, esv, edv, fps, frames, split)

    return parse


def read_tracings(path: Path, lenient: bool = False) -> Traces:
    """Lines (n, 4) of x1, y1, x2, y2 by video and frame, in the order of VolumeTracings.csv.

    Raises:
        DataError: see `read_file_list`.
    """
    lines: dict[str, dict[int, list[list[float]]]] = {}
    for name, frame, line in read_rows(path, TRACE_COLUMNS, trace_line, lenient):
        lines.setdefault(name, {}).setdefault(frame, []).append(line)
    return {name: {frame: np.array(trace) for frame, trace in frames.items()} for name, frames in lines.items()}


def trace_line(row: Row) -> tuple[str, int, list[float]]:
    """Video, frame and line of a row of VolumeTracings.csv."""
    line = [float(row[key]) for key in ("X1", "Y1", "X2", "Y2")]
    frame = whole(row["Frame"])
    if not all(map(math.isfinite, line)) or frame < 0:
        raise ValueError("an impossible number")
    return _name(row["FileName"]), frame, line


def _name(text: str) -> str:
    """The video's name: FileList.csv leaves `.avi` out, VolumeTracings.csv does not."""
    name = ENDING.sub("", text.strip())
    if not NAME.fullmatch(name):
        raise ValueError(f"the file name {text[:60]!r}")
    return name


def trace_mask(trace: FloatArray, height: int, width: int, name: str) -> BoolMask:
    """(height, width) True inside the traced cavity.

    Args:
        trace: (n, 4) of x1, y1, x2, y2 in pixels, the long axis first, then the chords from one end of it to the
            other: down the first ends and back up the second ones goes the outline (Ouyang et al., Nature 2020).
        name: of the frame, for messages.

    Raises:
        DataError: too few chords, an outline that crosses itself, leaves the picture, or holds no pixel.
    """
    chords = trace[1:]
    if len(chords) < MIN_CHORDS:
        raise _trace_fault(f"a long axis and at least {MIN_CHORDS} chords", f"{len(trace)} lines", name)
    outline = np.concatenate([chords[:, :2], chords[::-1, 2:]])
    limit = np.array([width - 1, height - 1]) + MARGIN
    if not np.isfinite(outline).all() or (outline < -MARGIN).any() or (outline > limit).any():
        raise _trace_fault(f"a trace within {width}x{height} pixels", "one that leaves the picture", name)
    if crosses_itself(outline):
        raise _trace_fault("chords that lie side by side", "a trace that crosses itself", name)
    mask = np.zeros((height, width), np.bool_)
    rows, columns = polygon(outline[:, 1], outline[:, 0], mask.shape)
    mask[rows, columns] = True
    if not mask.any():
        raise _trace_fault("a trace around some pixels", "one without any", name)
    return mask


def crosses_itself(outline: FloatArray) -> bool:
    """Whether two sides of the closed outline (n, 2) cross; sides that only touch do not."""
    start = outline[(outline != np.roll(outline, 1, axis=0)).any(axis=1)]
    end = np.roll(start, -1, axis=0)
    # side[i, j]: on which side of the line through side i the start (or the end) of side j lies.
    along = (end - start)[:, None]
    from_start, from_end = start[None] - start[:, None], end[None] - start[:, None]
    first = np.sign(along[..., 0] * from_start[..., 1] - along[..., 1] * from_start[..., 0])
    second = np.sign(along[..., 0] * from_end[..., 1] - along[..., 1] * from_end[..., 0])
    splits = first * second < 0
    return bool((splits & splits.T).any())


def _trace_fault(expected: str, got: str, name: str) -> DataError:
    return DataError(expected=expected, got=f"{got} ({name})", remedy="mend VolumeTracings.csv or leave this video out")


@dataclass(frozen=True)
class EchonetFolder:
    """A folder in EchoNet-Dynamic's layout.

    Args:
        root: the folder that holds `FileList.csv`; `EchoNet-Dynamic/` below it is found too.
        lenient: leave out rows of the tables that cannot be read, instead of refusing the tables.

    Raises:
        DataError: there is no `FileList.csv`.
    """

    root: Path
    lenient: bool = False

    def __post_init__(self) -> None:
        for root in (self.root, self.root / "EchoNet-Dynamic"):
            if (root / "FileList.csv").is_file():
                object.__setattr__(self, "root", root)
                return
        raise DataError(
            expected="a folder in EchoNet-Dynamic's layout (FileList.csv, VolumeTracings.csv, Videos/)",
            got=f"{self.root}, without FileList.csv",
            remedy="give the folder that holds FileList.csv",
        )

    @cached_property
    def videos(self) -> dict[str, EchonetVideo]:
        """The rows of FileList.csv by name; DataError where it is faulty."""
        return {video.name: video for video in read_file_list(self.root / "FileList.csv", self.lenient)}

    @cached_property
    def traces(self) -> Traces:
        """Traces by video and frame; DataError where VolumeTracings.csv is faulty or missing."""
        return read_tracings(self.root / "VolumeTracings.csv", self.lenient)

    def path(self, name: str) -> Path:
        """The file of a video.

        Raises:
            UnknownNameError: FileList.csv has no such row.
            DataError: the file is missing.
        """
        if name not in self.videos:
            raise UnknownNameError("video", name, list(self.videos)[:5])
        path = named_in(self.root / "Videos", f"{name}.avi")
        if path is None:
            raise DataError(
                expected=f"Videos/{name}.avi, a row of FileList.csv",
                got="no such file",
                remedy="copy it there or remove the row",
            )
        return path

    def read(self, name: str, frames: int = 24) -> Heartbeat:
        """One cycle of a video, from the traced end diastole, with the cavity at ED and ES.

        The larger of the traces is end diastole. The cycle ends where the picture of ED comes back
        (`cycle_length`); frames before or after the recording are taken from its neighbouring beat. Where no
        beat comes back within the recording, ED to ES is mirrored and the result says so.

        Raises:
            UnknownNameError: FileList.csv has no such row.
            RequestError: fewer than 2 frames or more than 512.
            DataError, ImageError: the video or its traces are missing, damaged or contradict each other.
        """
        check_count(frames)
        path = self.path(name)
        recording = read_recording(path)
        check_recorded(len(recording.frames), recording.total, path.name)
        masks = self._masks(name, recording)
        ed, es = (pick(masks, key=lambda frame: masks[frame].sum()) for pick in (max, min))
        video = self.videos[name]
        period = cycle_length(recording.frames, 1.0 / video.fps)
        times, index = _times(ed, es, period, len(recording.frames), frames)
        lit = recording.frames.mean(axis=0)
        sector = sector_of_image(np.where(lit > DARK, np.maximum(lit, 1.0), 0.0).astype(np.uint8))
        length = period or 2.0 * abs(es - ed)
        return Heartbeat(
            frames_at(recording.frames, times),
            {0: _labels(masks[ed], sector), index: _labels(masks[es], sector)},
            index,
            seconds=length / video.fps,
            mirrored=period is None,
            info={"EF": f"{video.ef:g}", "ESV": f"{video.esv:g}", "EDV": f"{video.edv:g}", "Split": video.split},
        )

    def _masks(self, name: str, recording: Recording) -> dict[int, BoolMask]:
        traced = self.traces.get(name, {})
        if len(traced) < 2:
            raise DataError(
                expected=f"traces of two frames of {name} in VolumeTracings.csv",
                got=str(len(traced)),
                remedy="leave this video out",
            )
        kept = len(recording.frames)
        if max(traced) >= kept:
            what = f"the first {kept} frames, which are read" if recording.shortened else f"the {kept} frames there are"
            raise DataError(
                expected=f"traces of {name} within {what}", got=f"frame {max(traced)}", remedy="leave this video out"
            )
        height, width = recording.frames.shape[1:]
        return {frame: trace_mask(lines, height, width, f"{name}, frame {frame}") for frame, lines in traced.items()}


def _times(ed: int, es: int, period: float | None, recorded: int, frames: int) -> tuple[FloatArray, int]:
    """When the frames are taken, and which of them is end systole."""
    if period is None:
        times, index = beat_times(0.0, 1.0, 2.0, frames)
        there = 1.0 - np.abs(times - 1.0)  # 0 at ED, 1 at ES, 0 again
        return ed + (es - ed) * there, index
    # ES may be traced in another beat than ED.
    late = (es - ed) % period
    late = float(np.clip(late, 0.5, period - 0.5))
    start = float(ed) if es > ed or ed - period < 0 else ed - period
    times, index = beat_times(start, start + late, start + period, frames)
    times = within_recording(times, period, recorded)
    # The traced frames themselves, so that masks and pictures belong together.
    times[0], times[index] = ed, es
    return times, index


def _labels(mask: BoolMask, sector: BoolMask) -> LabelMap:
    ids: LabelIds = np.where(mask, np.uint8(LV_CAVITY), np.uint8(0))
    return LabelMap(with_sector(ids, sector))
