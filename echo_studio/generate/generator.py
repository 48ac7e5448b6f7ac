"""Generators of frames: editor, command line and batch all make frames through them, by diffusion or in one call."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.diffusion.denoiser import Bound, Condition, NoiseMap, Preconditioned
from echo_studio.diffusion.inversion import Inpainting, invert
from echo_studio.diffusion.solvers import NextNoise, OnEvaluation, SampleNoise, noise_levels, solver
from echo_studio.errors import CheckpointError, RequestError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.codec import Codec, GrainCodec
from echo_studio.generate.inversions import Inversions, Inverted, LatentEdit
from echo_studio.generate.precision import arithmetic
from echo_studio.generate.request import Generated, GenerationRequest, record_of
from echo_studio.generate.sampling import Look, Precision, Sampling, advised_sampling
from echo_studio.generate.source import Source, own_label_map, with_grain
from echo_studio.nets.cyclegan import CycleGAN
from echo_studio.nets.grain_decoder import high_pass_strength, inner_sector
from echo_studio.types import PHASES, VIEWS, GrayImage, Phase, View

T = TypeVar("T", np.uint8, np.float32)

# The grain of an edited frame is brought to its source's, as far as that is believable.
GRAIN_SIGMA, MAX_GRAIN = 1.0, 2.0  # pixels at the generator's resolution, times

# on_step(i, n, preview): evaluation i of n is done; preview() decodes the present estimates to frames.
OnStep = Callable[[int, int, Callable[[], list[GrayImage]]], None]
# The same with preview() in [-1, 1], float32 (b, 1, h, w) at the generator's resolution.
OnEstimate = Callable[[int, int, Callable[[], Tensor]], None]


@dataclass(frozen=True)
class Generator(ABC):
    """Makes frames from label maps: by diffusion (`SampledGenerator`) or in one call (`DirectGenerator`).

    Label maps of any size are taken: they are resized to the generator's resolution (without
    keeping the aspect, as in the papers) and the frame is resized back.
    """

    card: Card
    device: torch.device
    codec: Codec

    def __call__(
        self,
        label_map: LabelMap,
        *,
        view: View = "4CH",
        phase: Phase = "ED",
        seed: int = 0,
        nfe: int | None = None,
        solver: str | None = None,
        guidance: float | None = None,
        schedule: str = "",
        grain: float | None = None,
        coarseness: float | None = None,
        precision: Precision = "float32",
        source: Source | None = None,
    ) -> Generated:
        """One frame, made as the card advises wherever nothing else is chosen.

        Args:
            label_map, view, phase, seed: see `GenerationRequest`.
            nfe, solver, guidance, schedule: see `generate.sampling.Sampling`; None or empty for the advised one.
            grain, coarseness: see `generate.sampling.Look`; None to draw them for the seed.
            precision: `float32`, or `bfloat16`; `generate.precision.quickest` says which of them a device is good at.
            source: a real frame whose look is kept; None for a synthetic frame.

        Returns:
            `.image` uint8 (h, w) of the label map's size, `.record`, and `.seconds`.

        Raises:
            RequestError, UnknownNameError: an impossible value, or one that this generator cannot carry out.
        """
        look = Look(grain, coarseness)
        sampling = advised_sampling(
            self.card, solver=solver, nfe=nfe, guidance=guidance, schedule=schedule, precision=precision, look=look
        )
        return self.generate(GenerationRequest(label_map, sampling, view, phase, seed, source))

    def generate(
        self, request: GenerationRequest, on_step: Callable[[int, int, Callable[[], GrayImage]], None] | None = None
    ) -> Generated:
        """One frame.

        Args:
            request: what to make; its generator must be this one.
            on_step: called after each evaluation with (i, n, preview); preview() decodes the present
                estimate to uint8 (h, w). Raising `Cancelled` from it stops the run.
        """

        def one(done: int, total: int, preview: Callable[[], list[GrayImage]]) -> None:
            if on_step is not None:
                on_step(done, total, lambda: preview()[0])

        return self.generate_batch([request], one)[0]

    @torch.inference_mode()
    def generate_batch(self, requests: Sequence[GenerationRequest], on_step: OnStep | None = None) -> list[Generated]:
        """Frames of several requests in one batch; each is what it would be alone, to rounding.

        Args:
            requests: of this generator, all with the same sampling.
            on_step: see `generate`; preview() gives one frame a request.

        Raises:
            RequestError: requests that cannot share a batch, or that this generator cannot carry out.
        """
        first = requests[0]
        alone = len(requests) == 1
        if first.sampling.generator != self.card.name or any(
            r.sampling != first.sampling or (r.source is not None and not alone) for r in requests
        ):
            raise RequestError(
                expected=f"requests for {self.card.name} that share all but label map, view, phase and seed, or one "
                "that edits a real frame",
                got="a mixture",
                remedy="split them",
            )
        self.check(first)
        if first.source is not None:
            return [self._edited(first, first.source, on_step)]
        started = time.perf_counter()

        def frames(pixels: Tensor) -> list[GrayImage]:
            return [_fitted(image, r.label_map) for image, r in zip(grey_of(pixels), requests, strict=True)]

        def on_estimate(done: int, total: int, estimate: Callable[[], Tensor]) -> None:
            if on_step is not None:
                on_step(done, total, lambda: frames(estimate()))

        with arithmetic(self.device.type, first.sampling.precision):
            images = frames(self._pixels(requests, first.sampling.look, on_estimate))
        seconds = time.perf_counter() - started
        return [
            Generated(image, record_of(request, self.card.weights, torch.__version__, self.device.type), seconds)
            for image, request in zip(images, requests, strict=True)
        ]

    def _edited(self, request: GenerationRequest, source: Source, on_step: OnStep | None) -> Generated:
        """A real frame with another label map: generated where the map changed, the source's own elsewhere."""
        started = time.perf_counter()
        around, label_map = source.cropped(request.label_map)
        within = replace(request, label_map=label_map, source=around)
        weight = around.weight(label_map)

        def whole(inner: GrayImage) -> GrayImage:
            image = np.zeros_like(source.image)
            image[source.box] = around.composed(inner, weight)
            return image

        def frame(pixels: Tensor) -> GrayImage:
            return whole(resized_image(with_grain(grey_of(pixels)[0], inverted.grain), around.image.shape))

        def on_estimate(done: int, total: int, estimate: Callable[[], Tensor]) -> None:
            if on_step is not None:
                on_step(done, total, lambda: [frame(estimate())])

        inverted = self.inverted(within, around)  # also where nothing is edited yet: the first edit does not wait then
        image = whole(around.image)
        if weight.any():
            at_side = torch.from_numpy(resized_image(weight, (self.card.resolution,) * 2))[None, None]
            edit = LatentEdit.of(inverted, at_side.to(self.device), source.keep)
            with arithmetic(self.device.type, request.sampling.precision):
                image = frame(self._pixels([within], request.sampling.look.over(inverted.look), on_estimate, edit))
        record = record_of(request, self.card.weights, torch.__version__, self.device.type)
        return Generated(image, record, time.perf_counter() - started)

    def inverted(self, request: GenerationRequest, source: Source) -> Inverted:  # noqa: ARG002
        """The source's latents and noise."""
        raise RequestError(
            expected="a diffusion generator, or one that is distilled from one, to keep the look of a real frame",
            got=self.card.name,
            remedy="choose edm-l64",
        )

    def seen_ids(self, requests: Sequence[GenerationRequest]) -> Tensor:
        """Label ids uint8 (b, side, side) that the generator sees: structures end at the sector."""
        side = self.card.resolution
        maps = [
            within_sector(r.label_map.resized(side, side).ids)
            if r.source is None
            else r.source.guide(r.label_map).resized(side, side).ids
            for r in requests
        ]
        return torch.from_numpy(np.stack(maps)).to(self.device)

    def check(self, request: GenerationRequest) -> None:
        """Raise RequestError where this generator cannot do what a request asks for; its label map plays no part."""
        chosen = [f"{name} {value:g}" for name, value in vars(request.sampling.look).items() if value is not None]
        if chosen and not self.has_look:
            raise RequestError(
                expected=f"no grain and coarseness, since the decoder of {self.card.name} has no noise of its own",
                got=" and ".join(chosen),
                remedy="leave them out, or choose a generator with gamma-vae-64-grain",
            )

    def look_of(self, image: GrayImage) -> Look:
        """The look of a real frame uint8 (h, w), for `Sampling.look`.

        Raises:
            RequestError: this generator has none to choose.
            ImageError: no lit sector is found.
        """
        if not isinstance(self.codec, GrainCodec):
            raise RequestError(
                expected="a generator whose grain can be chosen", got=self.card.name, remedy="choose edm-l64"
            )
        bare = own_label_map(image, LabelMap(np.zeros(image.shape, np.uint8)))
        around, bare = Source(image, bare).cropped(bare)
        side = self.card.resolution
        inside = torch.from_numpy(bare.resized(side, side).inside)[None, None].float()
        return self.codec.measured(resized_image(around.image, (side, side)), inside)

    @property
    def has_look(self) -> bool:
        """Whether grain and coarseness can be chosen."""
        return isinstance(self.codec, GrainCodec)

    def _pixels(
        self, requests: Sequence[GenerationRequest], look: Look, on_estimate: OnEstimate, edit: LatentEdit | None = None
    ) -> Tensor:
        """Frames float32 (b, 1, side, side) in [-1, 1], -1 outside the sector."""
        ids, seeds = self.seen_ids(requests), [request.seed for request in requests]
        decode = self.codec.decoding((ids > 0).float().unsqueeze(1), seeds, look)
        condition = condition_of(requests, ids, self.codec, self.card.label_count)
        return decode(
            self.diffused(
                condition,
                requests[0].sampling,
                SampleNoise(seeds, (1, *condition.one_hot.shape[2:])),
                lambda done, total, estimate: on_estimate(done, total, lambda: decode(estimate)),
                edit,
            )
        )

    @abstractmethod
    def diffused(
        self,
        condition: Condition,
        sampling: Sampling,
        noise: NextNoise,
        on_evaluation: OnEvaluation,
        edit: LatentEdit | None = None,
    ) -> Tensor:
        """What the codec decodes, float32 (b, 1, h / factor, w / factor), on the condition's device.

        Args:
            noise: standard normal, of that shape; the first is what sampling starts from.
            on_evaluation: called after each evaluation.
            edit: of the latents of a real frame, where `inverted` gives some; None for samples from noise alone.
        """


def grey_of(pixels: Tensor) -> npt.NDArray[np.uint8]:
    """uint8 (b, h, w) of images float (b, 1, h, w) in [-1, 1]."""
    grey: npt.NDArray[np.uint8] = ((pixels.float() + 1) * 127.5).round().to(torch.uint8)[:, 0].cpu().numpy()
    return grey


def _fitted(image: GrayImage, label_map: LabelMap) -> GrayImage:
    """The frame at its label map's size, black outside the sector there too."""
    if image.shape == label_map.shape:
        return image
    return np.where(within_sector(label_map.ids) > 0, resized_image(image, label_map.shape), 0).astype(np.uint8)


def resized_image(image: npt.NDArray[T], size: tuple[int, ...]) -> npt.NDArray[T]:
    """An image at another size (height, width)."""
    height, width = size
    interpolation = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return cast(npt.NDArray[T], cv2.resize(image, (width, height), interpolation=interpolation))


@dataclass(frozen=True)
class SampledGenerator(Generator):
    """Any family, on pixels or latents, with any solver."""

    denoiser: Preconditioned
    inversions: Inversions = field(default_factory=Inversions)

    def check(self, request: GenerationRequest) -> None:
        """See `Generator.check`."""
        super().check(request)
        if request.sampling.guidance and not self.card.settings.get("label_dropout"):
            raise RequestError(
                expected="a generator trained with label dropout, which guidance needs",
                got=f"{self.card.name}",
                remedy="choose guidance 0",
            )

    def diffused(
        self,
        condition: Condition,
        sampling: Sampling,
        noise: NextNoise,
        on_evaluation: OnEvaluation,
        edit: LatentEdit | None = None,
    ) -> Tensor:
        """See `Generator.diffused`."""
        return sample(self.denoiser, condition, sampling, noise, on_evaluation, edit)

    @torch.inference_mode()
    def inverted(self, request: GenerationRequest, source: Source) -> Inverted:
        """Found once for each source, view and phase."""

        def make() -> Inverted:
            ids = self.seen_ids([replace(request, label_map=source.label_map)])
            image = resized_image(source.image, tuple(ids.shape[1:]))
            pixels = torch.from_numpy(image.astype(np.float32) / 127.5 - 1)[None, None].to(self.device)
            inside = (ids > 0).float().unsqueeze(1)
            latent = self.codec.encode(pixels, inside)
            look = self.codec.measured(image, inside) if isinstance(self.codec, GrainCodec) else Look()
            decoded = grey_of(self.codec.decoding(inside, [request.seed], look)(latent))[0]
            within = inner_sector(ids[0].cpu().numpy() > 0)
            grain = 1.0
            if within.any():
                theirs, ours = (high_pass_strength(one, within, GRAIN_SIGMA) for one in (image, decoded))
                grain = float(np.clip(theirs / max(ours, 1e-3), 1 / MAX_GRAIN, MAX_GRAIN))
            condition = condition_of([request], ids, self.codec, self.card.label_count)
            return Inverted(latent, invert(Bound.of(self.denoiser, condition), latent), grain, look)

        return self.inversions.get(source, (self.card.sha256, request.view, request.phase), make)


def sample(
    denoiser: Preconditioned,
    condition: Condition,
    sampling: Sampling,
    noise: NextNoise | Sequence[int],
    on_evaluation: OnEvaluation = lambda done, total, estimate: None,
    edit: LatentEdit | None = None,
) -> Tensor:
    """Samples float32 (b, 1, h, w), or (b, 1, t, h, w) of clips, on the condition's device: what a codec decodes.

    Args:
        denoiser: unguided; the sampling says whether guidance is added.
        noise: standard normal of that shape; or seeds, one a sample: each sample is then what it would be alone, to
            rounding.
        on_evaluation: called after each evaluation.
        edit: of the latents of a real frame; None for samples from noise alone.
    """
    if not callable(noise):
        noise = SampleNoise(noise, (1, *condition.one_hot.shape[2:]))
    integrate = solver(sampling.solver)
    sigmas = noise_levels(integrate, denoiser.family, sampling.nfe, sampling.schedule)
    start = noise().to(condition.one_hot.device)
    bound = Bound.of(denoiser, condition, sampling.guidance)
    if edit is not None:
        start = edit.start(start)
        bound = Inpainting(bound.denoiser, bound.prepared, edit.inverted.latent, edit.weight)
    return integrate(bound, start * float(sigmas[0]), sigmas, sampling.nfe, noise, on_evaluation)


def condition_of(requests: Sequence[GenerationRequest], ids: Tensor, codec: Codec, labels: int) -> Condition:
    """What guides the samples of some requests, on the device of their label maps uint8 (b, h, w)."""
    return Condition(
        soft_one_hot(ids, codec.factor, labels),
        torch.tensor([VIEWS.index(r.view) for r in requests], device=ids.device),
        torch.tensor([PHASES.index(r.phase) for r in requests], device=ids.device),
    )


class OneCallGenerator(Generator):
    """A generator that makes a frame in one call. Solver and schedule play no part: the record keeps them."""

    def check(self, request: GenerationRequest) -> None:
        """See `Generator.check`."""
        super().check(request)
        if request.sampling.nfe != 1:
            raise RequestError(
                expected=f"NFE 1, since {self.card.name} makes a frame in one call",
                got=f"NFE {request.sampling.nfe}",
                remedy="set NFE to 1",
            )
        if request.sampling.guidance != 0:
            raise RequestError(
                expected=f"guidance 0, since {self.card.name} is no diffusion model",
                got=f"guidance {request.sampling.guidance:g}",
                remedy="set guidance to 0",
            )


@dataclass(frozen=True)
class DirectGenerator(OneCallGenerator):
    """A CycleGAN's way from label map to echo.

    The seed's noise is the one that pixel diffusion starts from. The network, as the paper's, does not see view and
    phase: the record keeps them too, and none changes the frame.
    """

    network: CycleGAN

    def diffused(
        self,
        condition: Condition,
        sampling: Sampling,  # noqa: ARG002
        noise: NextNoise,
        on_evaluation: OnEvaluation,
        edit: LatentEdit | None = None,  # noqa: ARG002
    ) -> Tensor:
        """See `Generator.diffused`."""
        pixels = self.network.to_echo(condition.one_hot, noise().to(self.device))
        on_evaluation(1, 1, pixels)
        return pixels


@dataclass(frozen=True)
class DistilledGenerator(OneCallGenerator):
    """The seed's noise is the teacher's, so that both make the same picture.

    Attributes:
        teacher: loads the generator that it was distilled from: a real frame is inverted by that one.
    """

    noise_map: NoiseMap
    teacher: Callable[[], SampledGenerator]

    def inverted(self, request: GenerationRequest, source: Source) -> Inverted:
        """See `Generator.inverted`."""
        return self.teacher().inverted(request, source)

    def diffused(
        self,
        condition: Condition,
        sampling: Sampling,  # noqa: ARG002
        noise: NextNoise,
        on_evaluation: OnEvaluation,
        edit: LatentEdit | None = None,
    ) -> Tensor:
        """See `Generator.diffused`."""
        start = noise().to(self.device)
        prepared = self.noise_map.prepare(condition)
        made = (
            self.noise_map(start, prepared)
            if edit is None
            else edit.joined(self.noise_map(edit.start(start), prepared))
        )
        on_evaluation(1, 1, made)
        return made


def noise_map_of(card: Card, network: nn.Module) -> NoiseMap:
    """The map of a distilled generator's card around its network.

    Raises:
        CheckpointError: a number that it needs is missing from the card's settings.
    """
    missing = {"scale", "background"} - card.settings.keys()
    if missing:
        raise CheckpointError(
            expected=f"{' and '.join(sorted(missing))} in the settings of {card.name}",
            got=f"{sorted(card.settings)}",
            remedy="restore the checkpoint folder",
        )
    return NoiseMap(network, card.settings["scale"], card.settings["background"])  # type: ignore[arg-type]
