"""A heartbeat from a generator of frames: each frame from its label map, and from noise that moves with the heart."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_ef
from echo_studio.anatomy.motion.motion import volume_curve
from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.solvers import SampleNoise
from echo_studio.errors import RequestError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.codec import GrainCodec
from echo_studio.generate.generator import Generator
from echo_studio.generate.precision import arithmetic
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.source import Source
from echo_studio.generate.video.edited_recording import edit_recording
from echo_studio.generate.video.generator import (
    OnFrames,
    OnVideoStep,
    VideoGenerator,
    cycle_of,
    fitted,
    making_order,
    shrunk,
    within_first_sector,
)
from echo_studio.generate.video.life import gain, sway
from echo_studio.generate.video.moving_noise import BeatNoise, NoiseStream
from echo_studio.generate.video.moving_source import MovingSource
from echo_studio.generate.video.request import GeneratedVideo, GrayClip, VideoRequest, video_record
from echo_studio.types import VIEWS, FloatArray, GrayImage, LabelIds

# Frames that are computed at once: more are slower on a processor, whose caches they outgrow, and take more memory.
BATCH = {"cpu": 4}
OTHER_BATCH = 32
# Waves of the sampler's noise that are renewed with no frame: they decide how bright whole regions are.
STEADY = 12.0  # cycles a picture
# The networks draw small cavities too large and large ones too small: the cavity that guides a frame is so much
# smaller along its wall. A line over the cavity's width, both in 256ths of the picture, chosen on training hearts
# with the labeller: `training/fit_border.py`.
BORDER = (3.4, -0.1)
GRAIN_STREAMS = 10_000  # noise streams from here on are the codec's; those before are the sampler's, one a draw


@dataclass(frozen=True)
class BeatGenerator(VideoGenerator):
    """Makes clips with a generator of frames.

    Args:
        frames: the generator of frames.
        refiner: makes the frames where the NFE is above 1 and `frames` makes them in one call; else None.
    """

    frames: Generator
    refiner: Generator | None = None

    @torch.inference_mode()
    def generate(
        self, request: VideoRequest, on_step: OnVideoStep | None = None, on_frames: OnFrames | None = None
    ) -> GeneratedVideo:
        """See `VideoGenerator.generate`. Every third frame comes first, so that the whole beat is soon seen."""
        model = self._check(request)
        started = time.perf_counter()
        if request.recording is not None:
            made = edit_recording(model, request, request.recording, on_step, on_frames)
        elif request.source is None:
            made = self._beating(model, request, on_step, on_frames)
        else:
            made = self._beating_source(model, request, request.source, on_step, on_frames)
        return dataclasses.replace(made, seconds=time.perf_counter() - started)

    def _beating_source(
        self,
        model: Generator,
        request: VideoRequest,
        source: Source,
        on_step: OnVideoStep | None,
        on_frames: OnFrames | None,
    ) -> GeneratedVideo:
        """A clip of a real frame: edited first where its label map was, then made to beat within its sector's box."""
        if request.label_map != source.label_map:
            sampling = dataclasses.replace(request.sampling, generator=model.card.name)
            still = GenerationRequest(request.label_map, sampling, request.view, "ED", request.seed, source)
            image = model.generate(still).image
            guide = source.guide(request.label_map)
            source = dataclasses.replace(source, image=image, label_map=guide, made_from=source.origin)
        around, first = source.cropped(source.label_map)
        last = request.end_systole and source.cropped(request.end_systole)[1]
        box, whole = source.box, np.zeros((request.frames, *source.image.shape), np.uint8)

        def pasted(places: Sequence[int], frames: GrayClip) -> None:
            whole[(list(places), *box)] = frames
            if on_frames is not None:
                on_frames(places, whole[list(places)])

        inner = dataclasses.replace(request, label_map=first, end_systole=last, source=around)
        made = self._beating(model, inner, on_step, pasted)
        ids = np.zeros(whole.shape, np.uint8)
        ids[(slice(None), *box)] = made.cycle.ids
        corner = np.array([box[1].start, box[0].start])
        points = None if made.cycle.points is None else made.cycle.points + corner
        cycle = dataclasses.replace(made.cycle, ids=ids, points=points)
        assert request.source is not None
        record = dataclasses.replace(
            made.record,
            label_map_sha256=request.label_map.digest,
            end_systole_sha256=request.end_systole.digest if request.end_systole else "",
            size=request.label_map.shape,
            source=request.source.note(),
        )
        return dataclasses.replace(made, clip=whole, cycle=cycle, record=record)

    def _beating(
        self, model: Generator, request: VideoRequest, on_step: OnVideoStep | None, on_frames: OnFrames | None
    ) -> GeneratedVideo:
        started = time.perf_counter()
        beat = _Beat.of(model, cycle_of(request), request)
        count, inside = len(beat.cycle), within_first_sector(beat.cycle.ids) > 0
        clip = np.zeros(inside.shape, np.uint8)
        order = making_order(count)
        size = BATCH.get(self.device.type, OTHER_BATCH)
        batches = [order[k : k + size] for k in range(0, count, size)]
        nfe, calls = request.sampling.nfe, 0
        moving: MovingSource | None = None

        def stepped(preview: Callable[[], GrayImage]) -> None:
            nonlocal calls
            calls += 1
            if on_step is not None:
                on_step(calls, nfe * len(batches), preview)

        def evaluated(places: Sequence[int], done: int, estimate: Tensor) -> None:
            if done < nfe:  # after the last one the frames themselves are shown
                stepped(lambda: fitted(beat.pictures(estimate, places)[0], inside[places[0]]))

        for places in batches:
            with arithmetic(self.device.type, request.sampling.precision):
                made = beat.diffused(places, lambda done, total, estimate, at=places: evaluated(at, done, estimate))
                pictures = beat.pictures(made, places)
            frames = [fitted(picture, inside[k]) for k, picture in zip(places, pictures, strict=True)]
            if request.source is not None:
                moving = moving or MovingSource(request.source, beat.cycle, frames[0])  # end diastole comes first
                frames = [moving(k, frame) for k, frame in zip(places, frames, strict=True)]
            clip[places] = frames
            if on_frames is not None:
                on_frames(places, clip[places])
            stepped(lambda at=places[0]: clip[at])  # type: ignore[misc]
        record = video_record(
            request, nfe, cycle_ef(beat.cycle), model.card.weights, torch.__version__, self.device.type
        )
        return GeneratedVideo(clip, beat.cycle, record, time.perf_counter() - started)

    def _check(self, request: VideoRequest) -> Generator:
        """The generator of frames that makes a request.

        Raises:
            RequestError: what none of the two can do.
        """
        if request.start_step:
            raise RequestError(
                expected=f"start step 0: {self.entry.name} starts from noise alone",
                got=str(request.start_step),
                remedy="choose 0, or take free-echo or sdedit",
            )
        model = self.refiner if self.refiner and request.sampling.nfe > 1 else self.frames
        sampling = dataclasses.replace(request.sampling, generator=model.card.name)
        model.check(GenerationRequest(request.label_map, sampling, request.view, "ED", request.seed))
        return model


def cavity_width(ids: LabelIds) -> float:
    """Pixels: the cavity's area over half its border's length, that is about its width; 0 without one."""
    contours, _ = cv2.findContours((ids == LV_CAVITY).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    border = sum(cv2.arcLength(contour, True) for contour in contours)
    return 2 * float((ids == LV_CAVITY).sum()) / border if border else 0.0


def border_shift(width: FloatArray) -> FloatArray:
    """By how much the cavity that guides a frame is smaller along its wall than that of the label map, by its width;
    both in 256ths of the picture."""
    start, slope = BORDER
    return np.where(width > 0, start + slope * width, 0.0)


def with_cavity(one_hot: Tensor, ids: LabelIds, shifts: FloatArray) -> Tensor:
    """One-hot labels float32 (b, labels, h / factor, w / factor) with the ventricle's border moved.

    Args:
        one_hot: of the label maps, averaged over cells.
        ids: uint8 (b, h, w) the label maps.
        shifts: (b,) pixels by which the cavity shrinks, its wall taking the place; negative ones widen it.
    """
    factor = ids.shape[-1] // one_hot.shape[-1]
    more = np.zeros(ids.shape, np.float32)
    for frame, shift, own in zip(ids, shifts, more, strict=True):
        cavity = (frame == LV_CAVITY).astype(np.uint8)
        if not cavity.any() or cavity.all():
            continue
        outside, inside = (
            cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for mask in (1 - cavity, cavity)
        )
        distance = np.where(cavity > 0, 0.5 - inside, outside - 0.5)  # of a pixel's middle to the border
        # Only where the wall is the neighbour: the mitral valve stays where it is.
        wall = cv2.dilate((frame == LV_MYOCARDIUM).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        own[:] = np.where(wall, np.clip(0.5 - distance - shift, 0, 1) - cavity, 0)
    change = F.avg_pool2d(torch.from_numpy(more)[:, None], factor).to(one_hot.device)[:, 0]
    moved = one_hot.clone()
    change = change.minimum(moved[:, LV_MYOCARDIUM]).maximum(-moved[:, LV_CAVITY])
    moved[:, LV_CAVITY] += change
    moved[:, LV_MYOCARDIUM] -= change
    return moved


@dataclass(frozen=True)
class _Beat:
    """One clip under way: everything about all of its frames but the frames themselves.

    Attributes:
        ids: uint8 (t, side, side) at the generator's resolution, nothing beyond the sector.
        phase: (t,) how far each frame is from end diastole, 0, to end systole, 1.
        noise: of the beat.
        start: the noise from which sampling starts.
        grain: what the codec is given: noise at each doubling, and looks (2,); None where it takes none.
        gains: (t,) of the brightness.
    """

    model: Generator
    cycle: LabelCycle
    request: VideoRequest
    ids: LabelIds
    phase: Tensor
    noise: BeatNoise
    start: NoiseStream
    grain: tuple[list[NoiseStream], Tensor] | None
    gains: Tensor

    @classmethod
    def of(cls, model: Generator, cycle: LabelCycle, request: VideoRequest) -> "_Beat":
        ids, seed, codec = shrunk(cycle.ids, model.card.resolution), request.seed, model.codec
        noise = BeatNoise(cycle, ids, seed, sway(len(cycle), seed))
        phase = torch.from_numpy(1 - volume_curve(len(cycle), cycle.heart_rate)).float()
        side = model.card.resolution // codec.factor
        still, look = SampleNoise([seed], (1, side, side))(), request.sampling.look
        if request.source is not None:
            frame = GenerationRequest(request.label_map, request.sampling, request.view, "ED", seed, request.source)
            inverted = model.inverted(frame, request.source)
            still, look = inverted.start(still.to(model.device), request.source.keep).cpu(), look.over(inverted.look)
        start = noise.stream(still[0], 0, STEADY)
        grain = None
        if isinstance(codec, GrainCodec):
            looks, drawn = codec.grain(seed, look, ids.shape[1:])
            grain = [noise.stream(still, GRAIN_STREAMS + k) for k, still in enumerate(drawn)], looks
        gains = torch.from_numpy(gain(cycle, seed)).float().to(model.device)
        return cls(model, cycle, request, ids, phase, noise, start, grain, gains)

    def diffused(self, places: Sequence[int], on_evaluation: object) -> Tensor:
        """What the codec decodes, of some frames."""
        ids = torch.from_numpy(self.ids[list(places)]).to(self.model.device)
        side = self.model.card.resolution // self.model.codec.factor
        still = SampleNoise([self.request.seed], (1, side, side))
        draws = iter(range(GRAIN_STREAMS))

        def moving() -> Tensor:
            """The next noise of these frames; solvers that ask more than once go on drawing."""
            first, draw = still()[0], next(draws)
            return (self.noise.stream(first, draw, STEADY) if draw else self.start)(places)

        views = torch.full((len(ids),), VIEWS.index(self.request.view), device=ids.device)
        phase = self.phase[list(places)].to(ids.device)
        one_hot = soft_one_hot(ids, self.model.codec.factor, self.model.card.label_count)
        guides = self.ids[list(places)]
        unit = guides.shape[-1] / 256
        shifts = unit * border_shift(np.array([cavity_width(one) for one in guides]) / unit)
        condition = Condition(with_cavity(one_hot, guides, shifts), views, phase)
        return self.model.diffused(condition, self.request.sampling, moving, on_evaluation)  # type: ignore[arg-type]

    def pictures(self, made: Tensor, places: Sequence[int]) -> GrayClip:
        """uint8 (k, side, side) of what the codec decodes."""
        at, codec = list(places), self.model.codec
        inside = torch.from_numpy(self.ids[at] > 0).float().unsqueeze(1).to(self.model.device)
        if isinstance(codec, GrainCodec) and self.grain is not None:
            noise, looks = self.grain
            decode = codec.decoding_from([own(at) for own in noise], looks.expand(len(at), -1), inside)
        else:
            decode = codec.decoding(inside, at)
        grey = (decode(made).float() + 1) * 127.5 * self.gains[at, None, None, None]
        return np.asarray(grey.clamp(0, 255).round().to(torch.uint8)[:, 0].cpu().numpy())
