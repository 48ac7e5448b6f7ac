"""Generators of clips: one heartbeat from the label map at end diastole."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_volumes, label_cycle
from echo_studio.anatomy.motion.motion import end_systole, usual_motion
from echo_studio.anatomy.sector.geometry import within_sector
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
from echo_studio.types import VIEWS, GrayImage, LabelIds, View

# on_step(i, n, preview): evaluation i of n is done; preview() decodes the present estimate of the middle frame.
OnVideoStep = Callable[[int, int, Callable[[], GrayImage]], None]


@dataclass(frozen=True)
class VideoEntry:
    """A generator as a list shows it.

    Attributes:
        name: under which it is requested.
        checkpoint: name of the checkpoint that denoises.
        pseudo: what its start step starts from; empty where it has none.
        conditional: whether the network sees the label maps. One without sees them through the start step alone.
        guidance: whether it takes classifier-free guidance.
        advised_nfe, advised_solver, advised_start_step, advised_guidance: what it is best used with.
        weights: sha256 of every checkpoint that takes part, by name.
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

    makes = "video"

    @property
    def starts(self) -> bool:
        """Whether it has a start step."""
        return bool(self.pseudo)


@dataclass(frozen=True)
class VideoGenerator:
    """Makes clips by diffusion: guided by label maps (002), or from a pseudo-video (SDEdit, and Free-Echo of 004).

    Args:
        entry: of the catalog: its name, and what it starts from.
        card: of the checkpoint that denoises.
        device: of the networks.
        denoiser, codec: of that checkpoint.
    """

    entry: VideoEntry
    card: Card
    device: torch.device
    denoiser: Preconditioned
    codec: Codec

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

    @torch.inference_mode()
    def generate(self, request: VideoRequest, on_step: OnVideoStep | None = None) -> GeneratedVideo:
        """One clip.

        Args:
            request: what to make; its generator must be this one.
            on_step: called after each evaluation. Raising `Cancelled` from it stops the run.

        Raises:
            RequestError: what this generator cannot do.
            EchoStudioError: a heart that cannot move as requested; see `anatomy.motion.cycle.label_cycle`.
        """
        self._check(request)
        started = time.perf_counter()
        cycle = cycle_of(request)
        ids = self._shrunk(cycle.ids)
        inside = torch.from_numpy(ids > 0).float().unsqueeze(1).to(self.device)
        condition = self._condition(ids, request)

        def grey(pixels: Tensor) -> GrayClip:
            return np.asarray(((pixels.float() + 1) * 127.5).round().to(torch.uint8)[:, 0].cpu().numpy())

        middle = len(ids) // 2

        def stepped(done: int, total: int, estimate: Tensor) -> None:
            if on_step is not None:
                on_step(done, total, lambda: self._fitted(self._frames(estimate, inside, middle, grey), cycle, middle))

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
            frames = [self._fitted(self._frames(latent, inside, k, grey), cycle, k) for k in range(len(ids))]
        return GeneratedVideo(
            np.stack(frames),
            cycle,
            video_record(
                request,
                nfe,
                cycle_volumes(cycle)[1],
                self.card.weights,
                torch.__version__,
                self.device.type,
            ),
            time.perf_counter() - started,
        )

    def pseudo_clip(self, request: VideoRequest) -> GrayClip:
        """What a start step starts from, uint8 (t, side, side): milliseconds, for a preview.

        Raises:
            RequestError: a generator without one.
        """
        if not self.entry.pseudo:
            raise RequestError(
                expected="a generator with a start step", got=self.entry.name, remedy="choose free-echo or sdedit"
            )
        cycle = cycle_of(request)
        image = pseudo_video(
            self.entry.pseudo, self._shrunk(cycle.ids), request.view, cycle, self.card.intensities, request.seed
        )
        return np.asarray((image * 255).round().astype(np.uint8))

    def _check(self, request: VideoRequest) -> None:
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

    def _shrunk(self, ids: LabelIds) -> LabelIds:
        side = self.card.resolution
        shrunk = [cv2.resize(frame, (side, side), interpolation=cv2.INTER_NEAREST_EXACT) for frame in ids]
        return np.stack([within_sector(np.asarray(frame, np.uint8)) for frame in shrunk])

    def _condition(self, ids: LabelIds, request: VideoRequest) -> Condition:
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

    def _fitted(self, image: GrayImage, cycle: LabelCycle, k: int) -> GrayImage:
        """A frame at its label map's size, black outside the sector."""
        ids = cycle.ids[k]
        interpolation = cv2.INTER_AREA if ids.shape[0] < image.shape[0] else cv2.INTER_CUBIC
        sized = cv2.resize(image, ids.shape[::-1], interpolation=interpolation)
        return np.where(within_sector(ids) > 0, sized, 0).astype(np.uint8)


def cycle_of(request: VideoRequest) -> LabelCycle:
    """The label maps that a request asks for, at the size of its own."""
    last = request.end_systole or end_systole(request.label_map, request.motion, request.view)
    return label_cycle(request.label_map, last, request.frames, request.motion, request.view)


def nfe_run(request: VideoRequest) -> int:
    """Calls of the network that are made: the share of `nfe` that a start step leaves, at least one."""
    return max(1, round(request.sampling.nfe * (1 - request.start_step / STEPS)))
