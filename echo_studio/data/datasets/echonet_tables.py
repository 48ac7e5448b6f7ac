"""EchoNet-Dynamic's two tables. They come from outside: a file name in them is believed to be a name only."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from echo_studio.errors import DataError
from echo_studio.types import FloatArray

LIST_COLUMNS = ("FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")
TRACE_COLUMNS = ("FileName", "X1", "Y1", "X2", "Y2", "Frame")
# No folders, no addresses, no ffmpeg options.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
SPLITS = {"TRAIN": "training", "VAL": "validation", "TEST": "testing"}

Traces = dict[str, dict[int, FloatArray]]


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


def read_file_list(path: Path) -> list[EchonetVideo]:
    """The rows of FileList.csv, in order.

    Raises:
        DataError: no such file, no text, a column is missing, or a row holds an impossible value or a name twice.
    """
    videos: dict[str, EchonetVideo] = {}
    for number, row in _rows(path, LIST_COLUMNS):
        try:
            split = SPLITS[row["Split"].strip().upper()]
            ef, esv, edv, fps, frames = (float(row[key]) for key in ("EF", "ESV", "EDV", "FPS", "NumberOfFrames"))
            video = EchonetVideo(_name(row["FileName"]), ef, esv, edv, fps, int(frames), split)
            if not all(math.isfinite(value) for value in (ef, esv, edv)) or not 0 < fps < 10_000 or frames < 0:
                raise ValueError("an impossible number")
        except (ValueError, KeyError, OverflowError) as error:
            raise _row_fault(path, number, error) from error
        if video.name in videos:
            raise _row_fault(path, number, ValueError(f"{video.name} a second time"))
        videos[video.name] = video
    return list(videos.values())


def read_tracings(path: Path) -> Traces:
    """Lines (n, 4) of x1, y1, x2, y2 by video and frame, in the order of VolumeTracings.csv.

    Raises:
        DataError: see `read_file_list`.
    """
    lines: dict[str, dict[int, list[list[float]]]] = {}
    for number, row in _rows(path, TRACE_COLUMNS):
        try:
            line = [float(row[key]) for key in ("X1", "Y1", "X2", "Y2")]
            frame = int(row["Frame"])
            if not all(map(math.isfinite, line)) or frame < 0:
                raise ValueError("an impossible number")
            lines.setdefault(_name(row["FileName"]), {}).setdefault(frame, []).append(line)
        except (ValueError, KeyError) as error:
            raise _row_fault(path, number, error) from error
    return {name: {frame: np.array(trace) for frame, trace in frames.items()} for name, frames in lines.items()}


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a table that has these columns."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise DataError(
                    expected=f"columns {', '.join(columns)} in {path.name}",
                    got=f"none named {', '.join(missing)}",
                    remedy="take the table as EchoNet-Dynamic publishes it",
                )
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            expected=f"a table {path}",
            got=getattr(error, "strerror", None) or "a file that is no CSV text",
            remedy="copy it from EchoNet-Dynamic again",
        ) from error


def _name(text: str) -> str:
    """The video's name: FileList.csv leaves `.avi` out, VolumeTracings.csv does not."""
    name = text.strip().removesuffix(".avi")
    if not NAME.fullmatch(name):
        raise ValueError(f"the file name {text[:60]!r}")
    return name


def _row_fault(path: Path, number: int, error: Exception) -> DataError:
    return DataError(
        expected=f"a name and numbers in every row of {path.name}",
        got=f"{' '.join(str(error).split())[:120]} in line {number}",
        remedy="mend or remove this row",
    )
