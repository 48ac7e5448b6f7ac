"""Any folder of MP4, AVI or DICOM loops, each read as one cardiac cycle."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from echo_studio.data.datasets.heartbeat import SLOWEST, Heartbeat, check_count, check_recorded, cycle_length, frames_at
from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.decoding.file_kind import HEAD, VIDEO, holds_no_picture
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.folder import files_in, kind_of
from echo_studio.errors import DataError

KINDS = (*VIDEO, "dicom")
SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".mpg", ".dcm", ".dicom")


@dataclass(frozen=True)
class LoopFolder:
    """A folder of recordings, those in folders below it and in linked ones included.

    Args:
        root: the folder.

    Raises:
        DataError: no folder, or no recording in it.
    """

    root: Path

    def __post_init__(self) -> None:
        if not self.root.is_dir() or not self.paths:
            raise DataError(
                expected="a folder with MP4, AVI or DICOM recordings",
                got=f"{self.root}, which {'holds none' if self.root.is_dir() else 'is no folder'}",
                remedy="give the folder that holds them",
            )

    @cached_property
    def paths(self) -> list[Path]:
        """The recordings in order: what is one by its content, and what claims to be one by its name.

        DICOM directories, reports and other files without a picture are none, whatever their names.
        """
        return [path for path in self._files if kind_of(path) in KINDS or self._claims(path)]

    @property
    def passed_over(self) -> int:
        """How many files there are beside the recordings."""
        return len(self._files) - len(self.paths)

    @cached_property
    def _files(self) -> list[Path]:
        return [*files_in(self.root)]

    @staticmethod
    def _claims(path: Path) -> bool:
        with path.open("rb") as file:
            return path.suffix.lower() in SUFFIXES and not holds_no_picture(file.read(HEAD))


def read_loop(path: Path, frames: int = 24) -> Heartbeat:
    """The first cycle of a recording; neither end diastole nor labels are known, so it starts where the file does.

    The cycle ends where the first picture comes back (`cycle_length`). A recording of at most two seconds in which
    none comes back is taken for one cycle as a whole: that is how scanners store a loop from R wave to R wave.

    Raises:
        RequestError: fewer than 2 frames or more than 512.
        DataError: a still, too many frames, nothing that moves, or no heartbeat that comes back.
        ImageError: the file cannot be read; see `read_recording`. Playlists and addresses are refused.
    """
    check_count(frames)
    recording = read_recording(path)
    check_recorded(len(recording.frames), recording.total, path.name)
    pace, recorded = recording.seconds_per_frame, len(recording.frames)
    if (recording.frames == recording.frames[:1]).all():
        raise _fault(f"{recorded} equal frames", path)
    period = cycle_length(recording.frames, pace)
    if period is None and _long(recording):
        raise _fault(f"none that comes back within {recorded} frames", path)
    length = period or float(recorded)
    times = np.linspace(0.0, length, frames, endpoint=False)
    return Heartbeat(
        frames_at(recording.frames, times, closed=period is None),
        spacing_mm=recording.spacing_mm,
        seconds=length * pace if pace else None,
    )


def _long(recording: Recording) -> bool:
    """Whether a recording holds more than the slowest heartbeat."""
    pace = recording.seconds_per_frame
    return recording.shortened or (pace is not None and len(recording.frames) * pace > 60.0 / SLOWEST)


def _fault(got: str, path: Path) -> DataError:
    return DataError(
        expected="a heartbeat that can be seen", got=f"{got} in {path.name}", remedy="cut out one heartbeat"
    )
