"""Recordings labelled frame by frame: what their speckle remembers, and heartbeats to learn from and compare with."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.borders import smoothed
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.datasets.heartbeat import Heartbeat, check_recorded
from echo_studio.data.datasets.recorded import RecordedClip, RecordedFolder, from_end_diastole
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.errors import DataError, EchoStudioError
from echo_studio.evaluate.frames.distances import Clip, spread
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.evaluate.video.lv_curve import clip_labels
from echo_studio.evaluate.video.memory import Memory, memory_of
from echo_studio.generate.video.real_beat import USUAL_FPS
from echo_studio.types import BoolMask, LabelIds, View

MOST = 64  # frames: two seconds at 30 fps, about two beats


def recorded_memory(path: Path, labeller: FrameSegmenter) -> Memory:
    """Measure a recording.

    Args:
        path: MP4, AVI or DICOM.
        labeller: finds the ventricle in each frame.

    Raises:
        ImageError: the file cannot be read, or no frame has a lit sector.
        DataError: a still.
        RequestError: fewer than 3 frames.
    """
    recording = read_recording(path)
    check_recorded(len(recording.frames), recording.total, path.name)
    clip = np.asarray(recording.frames[:MOST])
    if (clip == clip[:1]).all():
        raise DataError(expected="a recording that moves", got=f"{len(clip)} equal frames", remedy="leave it out")
    # What a frame leaves dark is dark in one frame or another: the sector is that of all together.
    sector = sector_of_image(np.asarray(clip.max(axis=0)))
    ids = _smoothed(labeller, clip, sector)
    pace = recording.seconds_per_frame
    return memory_of(
        clip, np.where(sector, ids, 0).astype(np.uint8), 1 / pace if pace else USUAL_FPS, recording.spacing_mm
    )


@dataclass(frozen=True)
class LabelledRecordings:
    """The recordings of a folder as clips with a label map for every frame; called as `RecordedClips` are.

    Args:
        folder: of any layout.
        labeller: finds the ventricle in each frame that the data set has no complete labels of.
        limit: so many recordings of a split, spread evenly over it; 0 for all.

    Attributes:
        faults: what was left out and why, as the clips are read: a recording that cannot be read, whose traces are
            missing, or in which no ventricle beats.
    """

    folder: RecordedFolder
    labeller: FrameSegmenter
    limit: int = 0
    faults: list[str] = field(default_factory=list)

    def __call__(self, split: str, frames: int, side: int) -> Iterator[RecordedClip]:
        """Clips uint8 (frames, side, side), one after another.

        Raises:
            DataError: none of the split can be used.
        """
        listed, used = spread(self.folder.recordings(split), self.limit), 0
        for name, view, read in listed:
            try:
                clip = labelled(read(frames), view, self.labeller, side)
            except EchoStudioError as error:
                self.faults.append(f"{name}: {error}")
                continue
            used += 1
            yield clip
        if not used:
            raise DataError(
                expected=f"a recording of the {split} split that can be used in {self.folder.root}",
                got=f"none of {len(listed)}" + (f" ({self.faults[-1]})" if listed else ""),
                remedy="run `echo-studio check-data`, or name another folder",
            )

    @property
    def key(self) -> str:
        """Changes where the folder's files, the labeller or the number of recordings do."""
        files = sorted(path for path in self.folder.root.rglob("*") if path.is_file())
        stamps = [f"{path.relative_to(self.folder.root)}:{path.stat().st_size}" for path in files]
        text = "\n".join([self.folder.view, str(self.limit), self.labeller.card.sha256, *stamps])
        return hashlib.sha256(text.encode()).hexdigest()


def labelled(heartbeat: Heartbeat, view: View, labeller: FrameSegmenter, side: int) -> RecordedClip:
    """A heartbeat with a label map for every frame, uint8 (t, side, side), end diastole first.

    Labels of every frame, as half sequences have them, are taken as they are. Where there are two traces or none, the
    labeller labels every frame and the labels are evened out over time, round the loop; the sector stands still.

    Raises:
        ImageError: no frame has a lit sector.
        DataError: no ventricle that beats.
    """
    frames = heartbeat.frames
    if len(heartbeat.labels) == len(frames):
        ids = np.stack([heartbeat.labels[k].ids for k in range(len(frames))])
    else:
        traced = heartbeat.labels.get(0)
        sector = traced.inside if traced is not None else sector_of_image(np.asarray(frames.max(axis=0)))
        ids = np.where(sector, _smoothed(labeller, frames, sector, closed=True), 0).astype(np.uint8)
    small = np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in frames])
    maps = [LabelMap(one, heartbeat.spacing_mm).resized(side, side) for one in ids]
    clip = RecordedClip(
        view,
        np.where(np.stack([one.ids for one in maps]), small, 0).astype(np.uint8),
        np.stack([one.ids for one in maps]),
        heartbeat.es or 0,
        maps[0].spacing_mm,
        60 / heartbeat.seconds if heartbeat.seconds else None,
    )
    return clip if heartbeat.es else from_end_diastole(clip)


def _smoothed(labeller: FrameSegmenter, clip: Clip, sector: BoolMask, closed: bool = False) -> LabelIds:
    """uint8 (t, h, w) what the labeller finds in each frame, within one sector, evened out over time."""
    found = [LabelMap(with_sector(one.ids, sector)) for one in clip_labels(labeller, clip)]
    return np.stack([one.ids for one in smoothed(found, closed)])
