"""Training of a decoder whose grain is noise (`nets.grain_decoder`) on a frozen encoder, against a critic of grain.

Right grain at the wrong pixel is no error here: pixels are compared below 8 pixels of wavelength alone, grain by its
local strength, by how it hangs together along and across the beam, and by what a critic sees of it.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.anatomy.sector.geometry import beam_maps
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import RecipeError
from echo_studio.generate.codec import latent_codec
from echo_studio.nets.grain_decoder import GrainCritic, GrainDecoder, blur, look_of
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.frames import Frames
from echo_studio.train.task import loss_settings, picture
from echo_studio.train.tasks.adversarial import AdversarialTask
from echo_studio.types import GrayImage, Json

LAGS = (1, 2, 3)  # pixels


@dataclass(frozen=True)
class GrainLoss:
    """`recipe.loss`.

    Attributes:
        shape: weight of the mean absolute difference below the grain.
        strength: of the difference of the logarithm of local grain strength, at two scales.
        correlation: of the difference of the grain's autocorrelation at `LAGS`, along and across the beam.
        adversarial: of the critic.
        crop: latents a side.
        covered: least share of a crop inside the sector.
    """

    shape: float = 20.0
    strength: float = 0.5
    correlation: float = 0.5
    adversarial: float = 0.5
    crop: int = 24
    covered: float = 0.6


class GrainDecoderTask(AdversarialTask):
    """`task.Task` for kind `grain-decoder`."""

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: GrainDecoder,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        super().__init__(recipe, data, model, device)
        self.model = model
        self.weights = loss_settings(GrainLoss, recipe)
        if not recipe.needs:
            raise RecipeError(expected="needs = [a gamma-vae] whose encoder is kept", got="none", remedy="name one")
        self.encoder_card, self.codec = latent_codec(checkpoints / recipe.needs[0])
        if self.codec.factor != model.config.factor:
            raise RecipeError(
                expected=f"channels for a doubling of the side {int(math.log2(self.codec.factor))} times",
                got=f"{len(model.config.channels) - 1}",
                remedy="give [network] as many channels as the autoencoder has levels",
            )
        self.add_critic("critic", GrainCritic(), init)

    def load_data(self, cache: Path) -> int:
        super().load_data(cache)
        self.latent, self.beams = self._encoded(self.frames)
        raw = _looks_of(self.frames)
        self.look_mean, self.look_deviation = raw.mean(0), raw.std(0)
        self.looks = (raw - self.look_mean) / self.look_deviation
        return len(self.frames)

    def model_loss(self, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        weights = self.weights
        image, latent, beams, inside, looks = (part.to(self.device) for part in self._crops(index))
        noise = [
            torch.randn(len(index), *shape, device=self.device) for shape in self.model.noise_shapes(*latent.shape[-2:])
        ]
        made = torch.where(inside > 0, self.model(latent, beams, noise, looks).float(), -1.0)
        shape = (blur(made, 3.0) - blur(image, 3.0)).abs().mean()
        strength = torch.stack(
            [((_strength(made, s) - _strength(image, s)) * inside).abs().mean() for s in (1.0, 2.5)]
        ).sum()
        correlation = (_correlations(made, beams, inside) - _correlations(image, beams, inside)).abs().mean()
        scores = self.parts["critic"](made, latent, looks)
        fooled = -torch.stack([score.float().mean() for score in scores]).sum()
        self.unscored.append((made.detach(), image, latent, looks))
        total = (
            weights.shape * shape
            + weights.strength * strength
            + weights.correlation * correlation
            + weights.adversarial * fooled
        )
        figures = {"shape": shape, "strength": strength, "correlation": correlation, "fooled": fooled}
        return total, {name: float(value.detach()) for name, value in figures.items()}

    def critic_loss(self, made: Tensor, real: Tensor, latent: Tensor, looks: Tensor) -> tuple[Tensor, dict[str, float]]:
        critic = self.parts["critic"]
        hinge = [
            F.relu(1 - true.float()).mean() + F.relu(1 + false.float()).mean()
            for true, false in zip(critic(real, latent, looks), critic(made, latent, looks), strict=True)
        ]
        return torch.stack(hinge).sum(), {}

    def _crops(self, index: Tensor) -> list[Tensor]:
        """Images, latents, beams, insides and looks of a crop of each frame, half of them mirrored."""
        side, factor = self.weights.crop, self.model.config.factor
        parts: list[list[Tensor]] = [[] for _ in range(4)]
        for k in index.tolist():
            inside = self.frames.ids[k] > 0
            for _ in range(20):  # a sector fills most of a frame: a few tries find it
                y, x = (int(torch.randint(0, self.latent.shape[-1] - side + 1, ())) for _ in range(2))
                big = slice(factor * y, factor * (y + side)), slice(factor * x, factor * (x + side))
                if float(inside[big].float().mean()) >= self.weights.covered:
                    break
            small = slice(y, y + side), slice(x, x + side)
            image = torch.where(inside[big], self.frames.image[k][big].float() / 127.5 - 1, -1.0)
            cut = [image[None], self.latent[k][:, *small], self.beams[k][:, *small], inside[big].float()[None]]
            if torch.rand(()) < 0.5:
                cut = [part.flip(-1) for part in cut]
                cut[2][0] = -cut[2][0]  # the beam's sine
            for many, one in zip(parts, cut, strict=True):
                many.append(one)
        return [*[torch.stack(many) for many in parts], self.looks[index]]

    @torch.no_grad()
    def _encoded(self, frames: Frames) -> tuple[Tensor, Tensor]:
        """Latents (n, 1, h, w) and beams (n, 3, h, w)."""
        latents = []
        for index in torch.arange(len(frames)).split(8):
            inside = (frames.ids[index] > 0).float().unsqueeze(1)
            latents.append(self.codec.encode(frames.pixels(index), inside))
        factor = self.model.config.factor
        beams = [torch.from_numpy(beam_maps(ids.numpy() > 0, factor)) for ids in frames.ids]
        return torch.cat(latents), torch.stack(beams)

    @torch.no_grad()
    def painted(self, model: GrainDecoder, frames: Frames, index: Tensor) -> Tensor:
        """float32 (b, 1, h, w): frames through the codec and back, with noise of their own and their own looks."""
        latent, beams = self._encoded(Frames(*(getattr(frames, name)[index] for name in vars(frames))))
        looks = (_looks_of(frames, index) - self.look_mean) / self.look_deviation
        noise = [torch.randn(len(index), *shape) for shape in model.noise_shapes(*latent.shape[-2:])]
        made = model(*(part.to(self.device) for part in (latent, beams)), [n.to(self.device) for n in noise], looks)
        return torch.where(frames.ids[index].unsqueeze(1) > 0, made.float().cpu().clamp(-1, 1), -1.0)

    def samples(self, model: nn.Module) -> GrayImage:
        assert isinstance(model, GrainDecoder)
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        return picture([self.validation.pixels(index), self.painted(model, self.validation, index)])

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Grain of real validation frames and of the same through the codec: mean and spread over frames."""
        assert isinstance(model, GrainDecoder)
        index = torch.arange(0, len(self.validation), 2)
        made = [((self.painted(model, self.validation, some) + 1) * 127.5).round().byte() for some in index.split(10)]
        scores: dict[str, float] = {}
        for name, image in (("real", self.validation.image[index]), ("painted", torch.cat(made)[:, 0])):
            raw = _looks_of(
                Frames(image, *(getattr(self.validation, part)[index] for part in ("ids", "view", "phase")))
            )
            fine = raw[:, 0].exp()
            scores |= {f"grain_{name}": float(fine.mean()), f"grain_spread_{name}": float(fine.std())}
            scores |= {f"coarseness_{name}": float(raw[:, 1].exp().mean())}
        return {key: round(value, 3) for key, value in scores.items()}

    def card_entries(self, model: nn.Module) -> Json:
        """Shift and scale of the encoder's latents; mean and deviation of the looks over the training frames."""
        looks = {
            f"{name}_{what}": float(values[place])
            for what, values in (("mean", self.look_mean), ("deviation", self.look_deviation))
            for place, name in enumerate(("grain", "coarseness"))
        }
        settings = {"shift": self.codec.shift, "scale": self.codec.scale, **looks}
        return {"settings": settings, "needs": {self.encoder_card.name: self.encoder_card.sha256}}


def _looks_of(frames: Frames, index: Tensor | None = None) -> Tensor:
    which = range(len(frames)) if index is None else index.tolist()
    return torch.tensor([look_of(frames.image[k].numpy(), frames.ids[k].numpy() > 0) for k in which])


def _strength(image: Tensor, sigma: float) -> Tensor:
    """Logarithm of the local deviation of what is finer than `sigma`."""
    return (blur((image - blur(image, sigma)) ** 2, 5.0) + 1e-4).sqrt().log()


def _correlations(image: Tensor, beams: Tensor, inside: Tensor) -> Tensor:
    """(b, 2, lags): autocorrelation of the grain along the beam at the crop's middle, and across it."""
    fine = (image - blur(image, 2.5)) * inside
    middle = beams[:, :2, beams.shape[-2] // 2, beams.shape[-1] // 2]
    along = middle / middle.norm(dim=1, keepdim=True)
    across = torch.stack([along[:, 1], -along[:, 0]], 1)
    power = (fine**2).mean((1, 2, 3)) + 1e-6
    size = torch.tensor([fine.shape[-1], fine.shape[-2]], device=fine.device)
    rows = []
    for direction in (along, across):
        for lag in LAGS:
            shift = 2 * lag * direction / size
            affine = torch.eye(2, 3, device=fine.device).repeat(len(fine), 1, 1)
            affine[:, :, 2] = shift
            grid = F.affine_grid(affine, list(fine.shape), align_corners=False)
            moved = F.grid_sample(fine, grid, mode="bilinear", align_corners=False)
            rows.append((fine * moved).mean((1, 2, 3)) / power)
    return torch.stack(rows, 1).reshape(len(fine), 2, len(LAGS))
