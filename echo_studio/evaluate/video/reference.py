"""Reference heartbeats, and how far generated clips are from them on echo features and on the papers' own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.distances import Clip, Features, frechet_distance
from echo_studio.evaluate.frames.echo_features import RealFrames, echo_features, spread
from echo_studio.evaluate.frames.paper_features import PaperFeatures
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import Json, View

# (ED frame, ES frame, frames) to a clip and its labels, both uint8 (t, side, side):
# `data.clips.interpolated.interpolated_cycle`.
Interpolate = Callable[[CamusFrame, CamusFrame, int], tuple[Clip, Clip]]


@dataclass(frozen=True, eq=False)
class Beat:
    """One reference heartbeat.

    Attributes:
        clip, ids: uint8 (t, h, w), end diastole first.
        end_diastole, end_systole: label maps of the clip's size, with its pixel spacing where that is known.
    """

    view: View
    clip: Clip
    ids: Clip
    end_diastole: LabelMap
    end_systole: LabelMap

    @classmethod
    def of(cls, end_diastole: CamusFrame, end_systole: CamusFrame, frames: int, interpolate: Interpolate) -> "Beat":
        """From the two true frames of a patient and view."""
        clip, ids = interpolate(end_diastole, end_systole, frames)
        maps = [frame.label_map.resized(*clip.shape[1:]) for frame in (end_diastole, end_systole)]
        return cls(end_diastole.frame_id.view, clip, ids, *maps)


def beat_pairs(
    data: CamusFolder, split: str, view: View = "2CH", limit: int = 0
) -> list[tuple[CamusFrame, CamusFrame]]:
    """ED and ES frames of one view of a split's patients; `limit` patients spread evenly, 0 for all.

    Raises:
        DataError: fewer than two patients have both frames. And what `CamusFolder.split` and `read` raise.
    """
    there = set(data.frame_ids(patients := data.split(split)))
    pairs = [(FrameId(patient, view, "ED"), FrameId(patient, view, "ES")) for patient in patients]
    whole = spread([pair for pair in pairs if there.issuperset(pair)], limit)
    if len(whole) < 2:
        raise DataError(
            expected=f"two {split} patients or more with {view} frames at ED and ES",
            got=str(len(whole)),
            remedy="take another split or view, or a larger limit",
        )
    return [(data.read(first), data.read(second)) for first, second in whole]


class VideoReference:
    """Reference beats with their features.

    Args:
        paper: None leaves FID and FVD out.
    """

    def __init__(self, segmenter: FrameSegmenter, beats: Sequence[Beat], paper: PaperFeatures | None = None) -> None:
        self.segmenter = segmenter
        self.beats = beats
        clips = [beat.clip for beat in beats]
        self._paper = paper
        self._frames = RealFrames(frame_features(segmenter, clips))
        self._motion = RealFrames(motion_features(segmenter, clips))
        self._inception = paper.frames(clips) if paper else None
        self._films = paper.clips(clips) if paper else None

    def distances(self, clips: Sequence[Clip]) -> Json:
        """Fréchet distances of clips, one a beat, to the reference clips, by the names of `VideoScores`.

        Echo features count in units of their deviation over the reference, see `RealFrames.distance`.
        """
        frames, motion = frame_features(self.segmenter, clips), motion_features(self.segmenter, clips)
        found: Json = {
            "frechet_frames": round(self._frames.distance(frames, self._frames.features), 3),
            "frechet_motion": round(self._motion.distance(motion, self._motion.features), 3),
        }
        if self._paper and self._inception is not None and self._films is not None:
            found["fid"] = round(frechet_distance(self._paper.frames(clips), self._inception), 2)
            found["fvd"] = round(frechet_distance(self._paper.clips(clips), self._films), 2)
        return found


def frame_features(segmenter: FrameSegmenter, clips: Sequence[Clip]) -> Features:
    """Echo features of every frame: (frames of all clips, d)."""
    return echo_features(segmenter, [frame for clip in clips for frame in clip])


def motion_features(segmenter: FrameSegmenter, clips: Sequence[Clip]) -> Features:
    """Echo features of every difference between a frame and the next, of the last one to the first as well.

    Grey 128 stands for no change; differences beyond -128 and 127 are cut.
    """
    return echo_features(segmenter, [step for clip in clips for step in differences(clip)])


def differences(clip: Clip) -> Clip:
    """uint8 (t, h, w): what each next frame adds, about 128."""
    steps = np.roll(clip, -1, axis=0).astype(np.int16) - clip
    return np.asarray((steps + 128).clip(0, 255), dtype=np.uint8)
