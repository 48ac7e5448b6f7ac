"""Everything that is measured of a video generator, as one line of a table in the papers' layout.

How a clip changes from frame to frame is measured too: flicker against a real one, and whether the loop closes.

References are *interpolated cycles* (`data.clips.interpolated`), made from a real ED and a real ES frame, or recordings
(`evaluate.video.recorded`). The clips measured are made from the label maps of the same two frames.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from scipy.stats import rankdata

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.anatomy.labels import OUTSIDE
from echo_studio.anatomy.motion.cycle import check_volumes
from echo_studio.anatomy.motion.motion import LIMITS, Motion, usual_motion
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.data.datasets.recorded import RecordedClip, RecordedClips
from echo_studio.errors import DataError, EchoStudioError, LabelMapError, RequestError
from echo_studio.evaluate.frames.distances import (
    Clip,
    Features,
    RealFrames,
    echo_features,
    frechet_distance,
    psnr,
    spread,
    ssim,
)
from echo_studio.evaluate.frames.paper_features import PaperFeatures
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers
from echo_studio.evaluate.video.lv_curve import clip_labels, lv_curve
from echo_studio.evaluate.video.memory import Memory, mean_memory, memory_of
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.generator import VideoGenerator
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from echo_studio.types import BoolMask, FloatArray, Json, LabelIds, View

# (ED frame, ES frame, frames) to a clip and its labels, both uint8 (t, side, side):
# `data.clips.interpolated.interpolated_cycle`.
Interpolate = Callable[[CamusFrame, CamusFrame, int], tuple[Clip, Clip]]


@dataclass(frozen=True, eq=False)
class Beat:
    """One reference heartbeat.

    Attributes:
        clip, ids: uint8 (t, h, w), end diastole first.
        end_diastole, end_systole: label maps of the clip's size, with its pixel spacing where that is known.
        heart_rate: beats a minute.
    """

    view: View
    clip: Clip
    ids: Clip
    end_diastole: LabelMap
    end_systole: LabelMap
    heart_rate: float = Motion.heart_rate

    @classmethod
    def of_recording(cls, one: RecordedClip) -> "Beat":
        """From a recording with a label map for every frame.

        Raises:
            LabelMapError: its ventricle does not beat.
        """
        maps = one.frame(0), one.frame(one.es)
        check_volumes(*maps)
        low, high, _ = LIMITS["heart_rate"]
        rate = float(np.clip(one.heart_rate, low, high)) if one.heart_rate else Motion.heart_rate
        return cls(one.view, one.clip, one.ids, *maps, rate)

    @classmethod
    def of(cls, end_diastole: CamusFrame, end_systole: CamusFrame, frames: int, interpolate: Interpolate) -> "Beat":
        """From the two true frames of a patient and view."""
        clip, ids = interpolate(end_diastole, end_systole, frames)
        first, last = (frame.label_map.resized(*clip.shape[1:]) for frame in (end_diastole, end_systole))
        return cls(end_diastole.frame_id.view, clip, ids, first, last)


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


def recorded_beats(clips: RecordedClips, split: str, frames: int, side: int, view: View) -> list[Beat]:
    """The recordings of one view of a split as reference beats; those whose ventricle does not beat are passed over.

    Raises:
        DataError: fewer than two are left.
    """
    beats = []
    for one in clips(split, frames, side):
        if one.view == view:
            with contextlib.suppress(LabelMapError):
                beats.append(Beat.of_recording(one))
    if len(beats) < 2:
        raise DataError(
            expected=f"two {split} recordings or more of the {view} view that can be used",
            got=str(len(beats)),
            remedy="take another split, view or folder, or a larger limit",
        )
    return beats


@dataclass(frozen=True)
class ScoredBeats:
    """Reference beats as one network sees them: echo features of their frames and of the differences between these."""

    segmenter: FrameSegmenter
    frames: RealFrames
    motion: RealFrames

    @classmethod
    def of(cls, segmenter: FrameSegmenter, clips: Sequence[Clip]) -> "ScoredBeats":
        return cls(
            segmenter, RealFrames(frame_features(segmenter, clips)), RealFrames(motion_features(segmenter, clips))
        )

    def distances(self, clips: Sequence[Clip]) -> Json:
        """Fréchet distances of clips, one a beat, to the reference clips, by the names of `VideoScores`.

        Features count in units of their deviation over the reference, see `RealFrames.distance`.
        """
        frames, motion = frame_features(self.segmenter, clips), motion_features(self.segmenter, clips)
        return {
            "frechet_frames": round(self.frames.distance(frames, self.frames.features), 3),
            "frechet_motion": round(self.motion.distance(motion, self.motion.features), 3),
        }


class VideoReference:
    """Reference beats with their features.

    Args:
        paper: None leaves FID and FVD out.
        name: of what the reference beats are, as the table's first column has it.
    """

    def __init__(
        self,
        scorers: Scorers,
        beats: Sequence[Beat],
        paper: PaperFeatures | None = None,
        name: str = "interpolated cycles",
    ) -> None:
        self.beats, self.name = beats, name
        clips = [beat.clip for beat in beats]
        self._judge, self._labeller = (ScoredBeats.of(one, clips) for one in (scorers.judge, scorers.labeller))
        self._paper = paper
        self._inception = paper.frames(clips) if paper else None
        self._films = paper.clips(clips) if paper else None

    def score(self, figures: Callable[[ScoredBeats], Json]) -> Json:
        """The judge's figures, and under `labeller` the same of the labeller."""
        return {**figures(self._judge), "labeller": figures(self._labeller)}

    def paper_distances(self, clips: Sequence[Clip]) -> Json:
        """FID and FVD of clips, one a beat, by the names of `VideoScores`; nothing without the papers' networks."""
        if not self._paper or self._inception is None or self._films is None:
            return {}
        return {
            "fid": round(frechet_distance(self._paper.frames(clips), self._inception), 2),
            "fvd": round(frechet_distance(self._paper.clips(clips), self._films), 2),
        }


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


def changes(clip: Clip, inside: BoolMask) -> FloatArray:
    """(t,) mean absolute difference in grey levels from each frame to the next; of the last one to the first.

    Args:
        inside: (h, w) where to look: the sector.

    Raises:
        RequestError: fewer than 3 frames, or nothing inside.
    """
    if len(clip) < 3 or not inside.any():
        raise RequestError(
            expected="a clip of 3 frames or more and a sector", got=f"{len(clip)} frames", remedy="make a longer clip"
        )
    pixels = clip[:, inside].astype(np.float64)
    return np.asarray(np.abs(np.roll(pixels, -1, axis=0) - pixels).mean(axis=1))


def flicker(clip: Clip, reference: Clip, inside: BoolMask) -> float:
    """Mean change from frame to frame over the reference's: 1 is as real, above flickers, 0 stands still.

    Raises:
        RequestError: see `changes`; or a reference that stands still.
    """
    real = changes(reference, inside)[:-1].mean()
    if real == 0:
        raise RequestError(expected="a reference that moves", got="equal frames", remedy="take another reference")
    return float(changes(clip, inside)[:-1].mean() / real)


def loop_closure(clip: Clip, inside: BoolMask) -> float:
    """Change from the last frame to the first over the mean change between neighbours: about 1 where the loop closes.

    Raises:
        RequestError: see `changes`.
    """
    steps = changes(clip, inside)
    between = steps[:-1].mean()
    if between == 0:
        return 0.0 if steps[-1] == 0 else float("inf")
    return float(steps[-1] / between)


@dataclass(frozen=True)
class VideoSetting:
    """How clips are made: fields of `VideoRequest`."""

    sampling: Sampling
    frames: int = 24
    start_step: int = 0

    def request(self, beat: Beat, seed: int, ef: float | None = None) -> VideoRequest:
        """The clip of a beat's label maps; with an `ef` its ED map alone, contracted to that EF in percent."""
        return VideoRequest(
            label_map=beat.end_diastole,
            sampling=self.sampling,
            end_systole=beat.end_systole if ef is None else None,
            motion=Motion(heart_rate=beat.heart_rate) if ef is None else usual_motion(ef, beat.heart_rate),
            view=beat.view,
            frames=self.frames,
            start_step=self.start_step,
            seed=seed,
        )


@dataclass(frozen=True)
class VideoScores:
    """One line of the table; None where a value was not asked for or cannot be given. Networks' figures: the judge's.

    Attributes:
        n: clips.
        ssim, psnr: means over clips; PSNR in dB, None where infinite.
        fid, fvd: Fréchet distances on the papers' features.
        frechet_frames, frechet_motion: the same on echo features of frames and of differences between frames.
        flicker, loop: means over clips, see `flicker` and `loop_closure`.
        memory: how speckle is remembered, see `evaluate.video.memory.Memory`; of the frames' own label maps.
        lv_dice: of the cavity in the first frame, between label map and what is found.
        ef_error: mean absolute difference between EF asked and EF measured, in points, of `ef_n` clips.
        ef_rank: Spearman's rank correlation of the two.
        seconds: a clip.
        labeller: the labeller's Fréchet distances on echo features, `lv_dice` and EF figures.
    """

    generator: str
    frames: int
    n: int
    solver: str = ""
    nfe: int = 0
    guidance: float = 0.0
    start_step: int = 0
    ssim: float | None = None
    psnr: float | None = None
    fid: float | None = None
    fvd: float | None = None
    frechet_frames: float | None = None
    frechet_motion: float | None = None
    flicker: float | None = None
    loop: float | None = None
    lv_dice: float | None = None
    ef_error: float | None = None
    ef_rank: float | None = None
    ef_n: int = 0
    seconds: float | None = None
    labeller: Json = field(default_factory=dict)
    memory: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        return asdict(self)


def measure_video(
    generator: VideoGenerator,
    setting: VideoSetting,
    reference: VideoReference,
    seed: int = 0,
    efs: Sequence[float] = (),
    samples: int = 1,
    on_clip: Callable[[int, int], None] = lambda done, total: None,
) -> VideoScores:
    """Make a clip of every reference beat and take all figures of them.

    Args:
        seed: clip k is made with seed + k; with several samples the second clip of the first beat comes after the
            first clip of the last one.
        efs: EFs in percent to ask for. A second clip of each beat is then made from its ED map alone, the EFs taken in
            turn, and the EF figures are theirs; an EF that a heart cannot reach is left out. Without them, the EF
            figures are of the first clips, whose label maps have the patient's own EF.
        samples: clips of every beat; all figures are over all of them.
        on_clip: called with (done, total) after each clip.
    """
    beats, made = list(reference.beats) * samples, []
    asked: list[tuple[float | None, Beat, GeneratedVideo]] = []
    total = len(beats) * (2 if efs else 1)
    for k, beat in enumerate(beats):
        made.append(generator.generate(setting.request(beat, seed + k)))
        on_clip(k + 1, total)
    for k, beat in enumerate(beats if efs else ()):
        with contextlib.suppress(EchoStudioError):  # this heart cannot contract so far
            ef = efs[k % len(efs)]
            asked.append((ef, beat, generator.generate(setting.request(beat, seed + k, ef))))
        on_clip(len(beats) + k + 1, total)
    if not efs:
        asked = [(one.record.ef_drawn, beat, one) for beat, one in zip(beats, made, strict=True)]
    clips = [one.clip for one in made]

    def figures(scored: ScoredBeats) -> Json:
        pairs = [
            (ef, lv_curve(clip_labels(scored.segmenter, one.clip, beat.end_diastole.spacing_mm), one.cycle.es))
            for ef, beat, one in asked
        ]
        firsts = [clip_labels(scored.segmenter, clip[:1])[0] for clip in clips]
        return {
            **scored.distances(clips),
            **_ef_scores([(ef, curve.ef_percent) for ef, curve in pairs]),
            "lv_dice": _lv_dice(firsts, beats),
        }

    return VideoScores(
        generator=setting.sampling.generator,
        frames=setting.frames,
        solver=setting.sampling.solver,
        nfe=setting.sampling.nfe,
        guidance=setting.sampling.guidance,
        start_step=setting.start_step,
        n=len(clips),
        **_likeness(clips, beats),
        **reference.paper_distances(clips),
        **_temporal(clips, beats),
        **reference.score(figures),
        seconds=round(float(np.mean([one.seconds for one in made])), 2),
        memory=mean_memory(
            [
                _memory(one.clip, one.cycle.ids, beat, one.cycle.heart_rate)
                for one, beat in zip(made, beats, strict=True)
            ]
        ).to_json(),
    )


def measure_reference(reference: VideoReference) -> VideoScores:
    """The reference beats themselves: how well EF is measured on them, and how their loops close."""

    def figures(scored: ScoredBeats) -> Json:
        firsts, efs = [], []
        for beat in reference.beats:
            labels = clip_labels(scored.segmenter, beat.clip, beat.end_diastole.spacing_mm)
            truth = lv_curve([LabelMap(ids, beat.end_diastole.spacing_mm) for ids in beat.ids])
            efs.append((truth.ef_percent, lv_curve(labels, truth.es or None).ef_percent))
            firsts.append(labels[0])
        return {**_ef_scores(efs), "lv_dice": _lv_dice(firsts, reference.beats)}

    clips = [beat.clip for beat in reference.beats]
    return VideoScores(
        generator=reference.name,
        frames=len(clips[0]),
        n=len(clips),
        ssim=1.0,
        **_temporal(clips, reference.beats),
        **reference.score(figures),
        memory=mean_memory([_memory(beat.clip, beat.ids, beat, beat.heart_rate) for beat in reference.beats]).to_json(),
    )


def _memory(clip: Clip, ids: LabelIds, beat: Beat, heart_rate: float) -> Memory:
    return memory_of(clip, ids, len(clip) * heart_rate / 60, beat.end_diastole.spacing_mm)


def _lv_dice(firsts: Sequence[LabelMap], beats: Sequence[Beat]) -> float | None:
    pairs = zip(firsts, beats, strict=True)
    return _mean([structure_dice(found, beat.end_diastole)["lv_endo"] for found, beat in pairs])


def _likeness(clips: Sequence[Clip], beats: Sequence[Beat]) -> Json:
    pairs = [(clip, beat.clip) for clip, beat in zip(clips, beats, strict=True)]
    decibels = float(np.mean([psnr(*pair) for pair in pairs]))
    return {
        "ssim": round(float(np.mean([ssim(*pair) for pair in pairs])), 4),
        "psnr": round(decibels, 2) if np.isfinite(decibels) else None,
    }


def _temporal(clips: Sequence[Clip], beats: Sequence[Beat]) -> Json:
    sectors = [np.asarray((beat.ids != OUTSIDE).all(axis=0)) for beat in beats]
    ratios = [flicker(clip, beat.clip, sector) for clip, beat, sector in zip(clips, beats, sectors, strict=True)]
    return {
        "flicker": _mean(ratios),
        "loop": _mean([loop_closure(clip, sector) for clip, sector in zip(clips, sectors, strict=True)]),
    }


def _ef_scores(pairs: Sequence[tuple[float | None, float | None]]) -> Json:
    """Error and rank correlation of (asked, measured); pairs with a gap are left out."""
    known = np.array([(asked, found) for asked, found in pairs if asked is not None and found is not None])
    if not len(known):
        return {"ef_error": None, "ef_rank": None, "ef_n": 0}
    ranks = rankdata(known, axis=0)
    varies = (ranks.std(axis=0) > 0).all()
    return {
        "ef_error": round(float(np.abs(known[:, 0] - known[:, 1]).mean()), 2),
        "ef_rank": round(float(np.corrcoef(ranks.T)[0, 1]), 3) if varies else None,
        "ef_n": len(known),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known and finite."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    return round(float(np.mean(known)), 4) if known else None
