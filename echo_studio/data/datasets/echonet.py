"""EchoNet-Dynamic (Ouyang et al., Nature 580, 2020), read from its published layout.

The layout:

    ROOT/FileList.csv          a video a row: EF, volumes, pace, length, split
    ROOT/VolumeTracings.csv    long axis and chords of the cavity at two frames of a video
    ROOT/Videos/NAME.avi       apical four-chamber recordings of 112 x 112 pixels
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.datasets.cycle_length import cycle_length
from echo_studio.data.datasets.echonet_tables import SPLITS, EchonetVideo, Traces, read_file_list, read_tracings
from echo_studio.data.datasets.echonet_trace import trace_mask
from echo_studio.data.datasets.heartbeat import (
    Heartbeat,
    beat_times,
    check_count,
    check_recorded,
    frames_at,
    within_recording,
)
from echo_studio.data.decoding.recordings import Recording, read_recording
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.types import BoolMask, FloatArray, LabelIds

DARK = 6  # mean grey level up to which a pixel is background: compression lifts black a little


@dataclass(frozen=True)
class EchonetFolder:
    """A folder in EchoNet-Dynamic's layout.

    Args:
        root: the folder that holds `FileList.csv`; `EchoNet-Dynamic/` below it is found too.

    Raises:
        DataError: there is no `FileList.csv`.
    """

    root: Path

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
        return {video.name: video for video in read_file_list(self.root / "FileList.csv")}

    @cached_property
    def traces(self) -> Traces:
        """Traces by video and frame; DataError where VolumeTracings.csv is faulty or missing."""
        return read_tracings(self.root / "VolumeTracings.csv")

    def split(self, name: str) -> list[str]:
        """The names of the `training`, `validation` or `testing` videos."""
        if name not in SPLITS.values():
            raise UnknownNameError("split", name, SPLITS.values())
        return [video.name for video in self.videos.values() if video.split == name]

    def path(self, name: str) -> Path:
        """The file of a video.

        Raises:
            UnknownNameError: FileList.csv has no such row.
            DataError: the file is missing.
        """
        if name not in self.videos:
            raise UnknownNameError("video", name, list(self.videos)[:5])
        path = self.root / "Videos" / f"{name}.avi"
        if not path.is_file():
            raise DataError(
                expected=f"Videos/{path.name}, a row of FileList.csv",
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
        footage = read_recording(path)
        check_recorded(len(footage.frames), footage.total, path.name)
        masks = self._masks(name, footage)
        ed, es = (pick(masks, key=lambda frame: masks[frame].sum()) for pick in (max, min))
        video = self.videos[name]
        period = cycle_length(footage.frames, 1.0 / video.fps)
        times, index = _times(ed, es, period, len(footage.frames), frames)
        lit = footage.frames.mean(axis=0)
        sector = sector_of_image(np.where(lit > DARK, np.maximum(lit, 1.0), 0.0).astype(np.uint8))
        length = period or 2.0 * abs(es - ed)
        return Heartbeat(
            frames_at(footage.frames, times),
            {0: _labels(masks[ed], sector), index: _labels(masks[es], sector)},
            index,
            seconds=length / video.fps,
            mirrored=period is None,
            info={"EF": f"{video.ef:g}", "ESV": f"{video.esv:g}", "EDV": f"{video.edv:g}", "Split": video.split},
        )

    def _masks(self, name: str, footage: Recording) -> dict[int, BoolMask]:
        traced = self.traces.get(name, {})
        if len(traced) < 2:
            raise DataError(
                expected=f"traces of two frames of {name} in VolumeTracings.csv",
                got=str(len(traced)),
                remedy="leave this video out",
            )
        kept = len(footage.frames)
        if max(traced) >= kept:
            what = f"the first {kept} frames, which are read" if footage.shortened else f"the {kept} frames there are"
            raise DataError(
                expected=f"traces of {name} within {what}", got=f"frame {max(traced)}", remedy="leave this video out"
            )
        height, width = footage.frames.shape[1:]
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
