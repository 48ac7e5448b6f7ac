"""Generators of clips: one heartbeat from the label map at end diastole."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import OUTSIDE, TISSUE
from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_ef, label_cycle
from echo_studio.anatomy.motion.motion import end_systole, usual_motion
from echo_studio.anatomy.sector.geometry import sector_of
from echo_studio.diffusion.denoiser import Bound, Condition, Preconditioned
from echo_studio.diffusion.schedule import levels_below, schedule
from echo_studio.diffusion.solvers import SampleNoise, noise_levels, solver
from echo_studio.errors import RequestError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.codec import Codec
from echo_studio.generate.precision import arithmetic
from echo_studio.generate.sampling import advised_sampling
from echo_studio.generate.video.pseudo_video import Pseudo, pseudo_video
from echo_studio.generate.video.request import STEPS, GeneratedVideo, GrayClip, VideoRequest, video_record
from echo_studio.types import VIEWS, BoolMask, GrayImage, LabelIds, View

# on_step(i, n, preview): evaluation i of n is done; preview() decodes the present estimate of the middle frame.
OnVideoStep = Callable[[int, int, Callable[[], GrayImage]], None]
# on_frames(places, frames): frames uint8 (k, h, w) that will not change any more, and where in the beat they are.
OnFrames = Callable[[Sequence[int], GrayClip], None]


@dataclass(frozen=True)
class VideoEntry:
    """A generator as a list shows it.

    Attributes:
        name: under which it is requested.
        checkpoint: name of the checkpoint that denoises: of clips, or of frames where they are made one by one.
        pseudo: what its start step starts from; empty where it has none.
        conditional: whether the network sees the label maps. One without sees them through the start step alone.
        guidance: whether it takes classifier-free guidance.
        advised_nfe, advised_solver, advised_start_step, advised_guidance: what it is best used with.
        weights: sha256 of every checkpoint that takes part or can take part, by name.
        licence: of what it makes, as its checkpoint has it.
        size: side of the square frames that the network makes.
        refines_with: name of the checkpoint that makes the frames where the NFE is above 1; empty where it is the same.
        refined_nfe: what that one is best used with; 0 where there is none.
        frame_by_frame: whether frames are made one after another, from noise that moves with the heart.
        has_look: whether grain and coarseness can be chosen.
    """

    name: str
    title: str
    description: str
    checkpoint: str
    pseudo: Pseudo
    conditional: bool
    guidance: bool
    advised_nfe: int
    advised_solver: str
    weights: dict[str, str]
    advised_start_step: int = 0
    advised_guidance: float = 0.0
    licence: str = ""
    size: int = 0
    refines_with: str = ""
    refined_nfe: int = 0
    frame_by_frame: bool = False
    has_look: bool = False

    makes = "video"

    @property
    def starts(self) -> bool:
        """Whether it has a start step."""
        return bool(self.pseudo)

    @property
    def follows_labels(self) -> bool:
        """Whether clips show what the label map of every frame says, as sets need it."""
        return self.conditional or self.pseudo in ("coloured", "transported")


@dataclass(frozen=True)
class VideoGenerator(ABC):
    """Makes clips: of networks that learned clips (`ClipGenerator`), or frame by frame (`beat.BeatGenerator`).

    Args:
        entry: of the catalog: its name, and what it starts from.
        device: of the networks.
    """

    entry: VideoEntry
    device: torch.device

    def __call__(
        self,
        label_map: LabelMap,
        *,
        ef: float = 55.0,
        heart_rate: float = 70.0,
        end_systole: LabelMap | None = None,
        view: View = "4CH",
        frames: int = 24,
        seed: int = 0,
        nfe: int | None = None,
        solver: str | None = None,
        guidance: float | None = None,
        schedule: str = "",
        start_step: int | None = None,
    ) -> GeneratedVideo:
        """One heartbeat, made as the generator's entry advises wherever nothing else is chosen.

        Args:
            label_map: the heart at end diastole.
            ef: ejection fraction in percent, with the shortening and thickening that are usual at it; not used where
                there is an `end_systole`.
            heart_rate: beats a minute.
            end_systole, view, frames, seed, start_step: see `VideoRequest`.
            nfe, solver, guidance, schedule: see `generate.sampling.Sampling`; None or empty for the advised one.

        Returns:
            `.clip` uint8 (frames, h, w) of the label map's size, `.cycle` (its label maps), `.record`, `.seconds`.

        Raises:
            EchoStudioError: see `generate`.
        """
        sampling = advised_sampling(self.entry, solver=solver, nfe=nfe, guidance=guidance, schedule=schedule)
        step = self.entry.advised_start_step if start_step is None else start_step
        motion = usual_motion(ef, heart_rate)
        return self.generate(VideoRequest(label_map, sampling, end_systole, motion, view, frames, step, seed))

    @abstractmethod
    def generate(
        self, request: VideoRequest, on_step: OnVideoStep | None = None, on_frames: OnFrames | None = None
    ) -> GeneratedVideo:
        """One clip.

        Args:
            request: what to make; its generator must be this one.
            on_step: called after each evaluation. Raising `Cancelled` from it stops the run.
            on_frames: called with frames as they are ready; all at once where the generator makes the clip as a whole.

        Raises:
            RequestError: what this generator cannot do.
            EchoStudioError: a heart that cannot move as requested; see `anatomy.motion.cycle.label_cycle`.
        """

    def pseudo_clip(self, request: VideoRequest) -> GrayClip:  # noqa: ARG002
        """What a start step starts from, uint8 (t, side, side): milliseconds, for a preview.

        Raises:
            RequestError: a generator without one.
        """
        raise RequestError(
            expected="a generator with a start step", got=self.entry.name, remedy="choose free-echo or sdedit"
        )


@dataclass(frozen=True)
class ClipGenerator(VideoGenerator):
    """Makes clips by diffusion: guided by label maps (002), or from a pseudo-video (SDEdit, and Free-Echo of 004).

    Args:
        card: of the checkpoint that denoises.
        denoiser, codec: of that checkpoint.
    """

    card: Card
    denoiser: Preconditioned
    codec: Codec

    @torch.inference_mode()
    def generate(
        self, request: VideoRequest, on_step: OnVideoStep | None = None, on_frames: OnFrames | None = None
    ) -> GeneratedVideo:
        """See `VideoGenerator.generate`."""
        self._check(request)
        started = time.perf_counter()
        cycle = cycle_of(request)
        seen, ids = within_first_sector(cycle.ids) > 0, shrunk(cycle.ids, self.card.resolution)
        inside = torch.from_numpy(ids > 0).float().unsqueeze(1).to(self.device)
        condition = self._condition(ids, request)

        def grey(pixels: Tensor) -> GrayClip:
            return np.asarray(((pixels.float() + 1) * 127.5).round().to(torch.uint8)[:, 0].cpu().numpy())

        middle = len(ids) // 2

        def stepped(done: int, total: int, estimate: Tensor) -> None:
            if on_step is not None:
                on_step(done, total, lambda: fitted(self._frames(estimate, inside, middle, grey), seen[middle]))

        sampling = request.sampling
        integrate, family = solver(sampling.solver), self.denoiser.family
        nfe = nfe_run(request)
        shape = (1, len(ids), *condition.one_hot.shape[-2:])
        noise = SampleNoise([request.seed], shape)
        sigmas = noise_levels(integrate, family, sampling.nfe, sampling.schedule)
        start = noise() * float(sigmas[0])
        if request.start_step:
            level = float(schedule(family.schedule)(STEPS)[request.start_step])
            sigmas = levels_below(sigmas, min(max(level, float(sigmas[-2])), float(sigmas[0])), integrate.steps(nfe))
            start = self._encoded(request, cycle, ids, inside) + noise() * float(sigmas[0])
        with arithmetic(self.device.type, sampling.precision):
            bound = Bound.of(self.denoiser, condition, sampling.guidance)
            latent = integrate(bound, start.to(self.device), sigmas, nfe, noise, stepped)
            clip = np.stack([fitted(self._frames(latent, inside, k, grey), seen[k]) for k in range(len(ids))])
        if on_frames is not None:
            on_frames(range(len(clip)), clip)
        return GeneratedVideo(
            clip,
            cycle,
            video_record(
                request,
                nfe,
                cycle_ef(cycle),
                self.card.weights,
                torch.__version__,
                self.device.type,
            ),
            time.perf_counter() - started,
        )

    def pseudo_clip(self, request: VideoRequest) -> GrayClip:
        """See `VideoGenerator.pseudo_clip`."""
        if not self.entry.pseudo:
            return super().pseudo_clip(request)
        cycle = cycle_of(request)
        image = pseudo_video(
            self.entry.pseudo,
            shrunk(cycle.ids, self.card.resolution),
            request.view,
            cycle,
            self.card.intensities,
            request.seed,
        )
        return np.asarray((image * 255).round().astype(np.uint8))

    def _check(self, request: VideoRequest) -> None:
        if request.source is not None:
            raise RequestError(
                expected="a generator that makes each frame from noise, to let a real frame beat",
                got=self.entry.name,
                remedy="choose beat-l64",
            )
        if request.sampling.guidance and not self.card.settings.get("label_dropout"):
            raise RequestError(
                expected="a generator trained with label dropout, which guidance needs",
                got=self.entry.name,
                remedy="choose guidance 0",
            )
        if request.start_step and not self.entry.pseudo:
            raise RequestError(
                expected=f"start step 0: {self.entry.name} starts from noise alone",
                got=str(request.start_step),
                remedy="choose 0, or take free-echo or sdedit",
            )

    def _condition(self, ids: LabelIds, request: VideoRequest) -> Condition:
        if self.card.settings.get("first_map_alone"):
            ids = np.broadcast_to(ids[:1], ids.shape).copy()
        one_hot = soft_one_hot(torch.from_numpy(ids).to(self.device), self.codec.factor, self.card.label_count)
        time_of = torch.arange(len(ids), device=self.device) / len(ids)
        view = torch.tensor([VIEWS.index(request.view)], device=self.device)
        return Condition(one_hot.transpose(0, 1)[None], view, torch.zeros_like(view), time_of[None])

    def _encoded(self, request: VideoRequest, cycle: LabelCycle, ids: LabelIds, inside: Tensor) -> Tensor:
        image = pseudo_video(self.entry.pseudo, ids, request.view, cycle, self.card.intensities, request.seed)
        pixels = torch.from_numpy(image).to(self.device)[:, None] * 2 - 1
        return self.codec.encode(pixels, inside).transpose(0, 1)[None].cpu()

    def _frames(self, latent: Tensor, inside: Tensor, k: int, grey: Callable[[Tensor], GrayClip]) -> GrayImage:
        frame = latent[:, :, k].to(torch.float32)
        return np.asarray(grey(self.codec.decoding(inside[k : k + 1], [k])(frame))[0])


def making_order(frames: int) -> list[int]:
    """Every third frame first: a third of the time shows the whole beat."""
    return [k for first in range(3) for k in range(first, frames, 3)]


def fitted(image: GrayImage, inside: BoolMask) -> GrayImage:
    """A frame at the size of a mask (h, w), black where that is False."""
    if image.shape != inside.shape:
        interpolation = cv2.INTER_AREA if inside.shape[0] < image.shape[0] else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, inside.shape[::-1], interpolation=interpolation), np.uint8)
    return np.where(inside, image, np.uint8(0))


def within_first_sector(ids: LabelIds) -> LabelIds:
    """uint8 (t, h, w) the label maps of a beat without what lies beyond the sector of the first, which never moves."""
    sector = sector_of(ids[0])
    if sector is None:
        return ids
    return np.where(sector.mask(*ids.shape[1:]) | np.isin(ids, TISSUE), ids, np.uint8(OUTSIDE))


def shrunk(ids: LabelIds, side: int) -> LabelIds:
    """uint8 (t, side, side) the label maps of a beat for a network, without what lies beyond the sector."""
    if ids.shape[1:] != (side, side):
        small = [cv2.resize(frame, (side, side), interpolation=cv2.INTER_NEAREST_EXACT) for frame in ids]
        ids = np.stack(small).astype(np.uint8)
    return within_first_sector(ids)


def cycle_of(request: VideoRequest) -> LabelCycle:
    """The label maps that a request asks for, at the size of its own."""
    last = request.end_systole or end_systole(request.label_map, request.motion, request.view)
    return label_cycle(request.label_map, last, request.frames, request.motion, request.view)


def nfe_run(request: VideoRequest) -> int:
    """Calls of the network that are made: the share of `nfe` that a start step leaves, at least one."""
    return max(1, round(request.sampling.nfe * (1 - request.start_step / STEPS)))
