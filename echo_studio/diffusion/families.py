"""The families of the papers: EDM, VE, VP (003; Karras et al. 2022, Table 1) and SDM's improved DDPM (000).

What sets one family apart from another are its preconditioning, noise levels and weights, all in sigma-space.
"""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from echo_studio.diffusion.schedule import COSINE_STEPS, VE_SIGMA_MAX, VE_SIGMA_MIN, cosine_levels, vp_sigma, vp_time
from echo_studio.errors import UnknownNameError


class Coefficients(NamedTuple):
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise) (Karras et al. 2022, eq. 7), each (b,)."""

    skip: Tensor
    out: Tensor
    into: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Family(ABC):
    """Preconditioning, and the noise levels and weights of training.

    Attributes:
        label: for people.
        schedule: the name in `schedule.SCHEDULES` of its own noise levels for sampling.
        heads: what the network answers for each channel: 1, or 2 where it learns the variance too.
        noise_unit: brings `Coefficients.noise`, which is as in the papers, to the few units that a
            backbone's sinusoids are made for; for sinusoids it is no more than a choice of frequencies.
        clamped: whether estimates are clamped to the range of the data while sampling, which families need
            that predict the noise at every level: an error of the network is multiplied by sigma there.
    """

    label: ClassVar[str]
    schedule: ClassVar[str]
    heads: ClassVar[int] = 1
    noise_unit: ClassVar[float] = 1 / 400
    clamped: ClassVar[bool] = True

    @abstractmethod
    def coefficients(self, sigma: Tensor) -> Coefficients:
        """For sigma > 0, float32 (b,)."""

    @abstractmethod
    def sample_sigma(self, count: int, device: torch.device) -> Tensor:
        """Noise levels to train on, float32 (count,), from torch's global generator."""

    def weight(self, sigma: Tensor) -> Tensor:
        """lambda(sigma), the weight of |D - clean|^2 in the loss, (b,)."""
        return 1 / sigma**2


VP_EPSILON_T = 1e-5


@dataclass(frozen=True)
class Edm(Family):
    """The column "Ours" of Table 1: inputs and targets of unit variance at every noise level.

    Attributes:
        sigma_data: standard deviation of the data inside the sector.
        p_mean, p_std: ln sigma ~ N(p_mean, p_std^2) in training.
    """

    sigma_data: float
    p_mean: float = -1.2
    p_std: float = 1.2

    label: ClassVar[str] = "EDM"
    schedule: ClassVar[str] = "karras"
    noise_unit: ClassVar[float] = 1.0
    clamped: ClassVar[bool] = False

    def coefficients(self, sigma: Tensor) -> Coefficients:
        variance = sigma**2 + self.sigma_data**2
        return Coefficients(
            skip=self.sigma_data**2 / variance,
            out=sigma * self.sigma_data / variance.sqrt(),
            into=1 / variance.sqrt(),
            noise=sigma.log() / 4,
        )

    def sample_sigma(self, count: int, device: torch.device) -> Tensor:
        return torch.exp(self.p_mean + self.p_std * torch.randn(count, device=device))

    def weight(self, sigma: Tensor) -> Tensor:
        return (sigma**2 + self.sigma_data**2) / (sigma * self.sigma_data) ** 2


@dataclass(frozen=True)
class VarianceExploding(Family):
    """The VE column: the network sees the noisy image as it is and predicts the noise with its sign changed."""

    label: ClassVar[str] = "VE"
    schedule: ClassVar[str] = "ve"
    noise_unit: ClassVar[float] = 0.25

    def coefficients(self, sigma: Tensor) -> Coefficients:
        one = torch.ones_like(sigma)
        return Coefficients(skip=one, out=sigma, into=one, noise=(sigma / 2).log())

    def sample_sigma(self, count: int, device: torch.device) -> Tensor:
        low, high = math.log(VE_SIGMA_MIN), math.log(VE_SIGMA_MAX)
        return torch.exp(low + (high - low) * torch.rand(count, device=device))


@dataclass(frozen=True)
class VariancePreserving(Family):
    """The VP column: the network sees x / sqrt(sigma^2 + 1) and predicts the noise; t is uniform in training."""

    label: ClassVar[str] = "VP"
    schedule: ClassVar[str] = "vp"

    def coefficients(self, sigma: Tensor) -> Coefficients:
        return _noise_prediction(sigma, noise=(COSINE_STEPS - 1) * vp_time(sigma))

    def sample_sigma(self, count: int, device: torch.device) -> Tensor:
        return vp_sigma(VP_EPSILON_T + (1 - VP_EPSILON_T) * torch.rand(count, device=device))


@dataclass(frozen=True)
class Sdm(Family):
    """Improved DDPM (Nichol and Dhariwal 2021), as SDM trains it (000, 2.1): 1000 cosine steps, noise
    prediction, and a second head that places the logarithm of the reverse step's variance between that of
    the posterior and that of beta.

    Between two steps of the chain the network gets a step between them, so that the denoiser is
    continuous in sigma and can be evaluated anywhere (Karras et al. 2022 round instead).

    Attributes:
        kl_weight: of the variational bound, the sum over all steps, beside the mean square of the noise.
    """

    kl_weight: float = 0.001

    label: ClassVar[str] = "SDM"
    schedule: ClassVar[str] = "cosine"
    heads: ClassVar[int] = 2

    def coefficients(self, sigma: Tensor) -> Coefficients:
        return _noise_prediction(sigma, noise=step_of(sigma))

    def sample_sigma(self, count: int, device: torch.device) -> Tensor:
        step = torch.randint(COSINE_STEPS, (count,), device=device)
        return cosine_levels().to(device, torch.float32)[step]


def step_of(sigma: Tensor) -> Tensor:
    """Where sigma lies on the cosine chain, 0 to 999: linear in ln sigma between two steps, the ends beyond them."""
    levels = cosine_levels().log().to(sigma.device)
    at = sigma.double().log().clamp(levels[0], levels[-1])
    above = torch.searchsorted(levels, at).clamp(1, COSINE_STEPS - 1)
    low, high = levels[above - 1], levels[above]
    return (above - 1 + (at - low) / (high - low)).to(sigma.dtype)


def _noise_prediction(sigma: Tensor, noise: Tensor) -> Coefficients:
    return Coefficients(skip=torch.ones_like(sigma), out=-sigma, into=1 / (sigma**2 + 1).sqrt(), noise=noise)


FAMILIES: dict[str, type[Edm | VarianceExploding | VariancePreserving | Sdm]] = {
    "edm": Edm,
    "ve": VarianceExploding,
    "vp": VariancePreserving,
    "sdm": Sdm,
}


def family(name: str, settings: Mapping[str, float]) -> Family:
    """The family of that name, with those of the settings that it has.

    Raises:
        UnknownNameError: no such family; lists the choices.
        TypeError: a number that it cannot do without is missing.
    """
    if name not in FAMILIES:
        raise UnknownNameError("diffusion family", name, FAMILIES)
    kind = FAMILIES[name]
    known = {field.name for field in dataclasses.fields(kind)}
    return kind(**{key: value for key, value in settings.items() if key in known})


# One reverse step of the chain, from noise level sigma_t down to sigma_s: exact in unscaled sigma-space. DDPM's x_t is
# ours divided by sqrt(1 + sigma_t^2), so alpha_bar = 1 / (1 + sigma^2); its formulas (Ho et al. 2020, eq. 7) become
# these for any two levels, neighbours or respaced.


def posterior_mean(x: Tensor, clean: Tensor, sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """Mean of q(x_s | x_t = x, clean); the levels broadcast against x."""
    return clean + (sigma_s / sigma_t) ** 2 * (x - clean)


def posterior_variance(sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """Variance of q(x_s | x_t, clean): DDPM's beta-tilde times 1 + sigma_s^2. 0 where sigma_s is."""
    return (sigma_s / sigma_t) ** 2 * (sigma_t**2 - sigma_s**2)


def beta_variance(sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """The other extreme, right for data that are noise themselves: DDPM's beta times 1 + sigma_s^2."""
    return (1 + sigma_s**2) / (1 + sigma_t**2) * (sigma_t**2 - sigma_s**2)


def learned_variance(place: Tensor, sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """exp(v ln beta + (1 - v) ln beta-tilde) (Nichol and Dhariwal 2021, eq. 15), for sigma_s > 0."""
    low, high = posterior_variance(sigma_t, sigma_s).log(), beta_variance(sigma_t, sigma_s).log()
    return torch.exp(low + place * (high - low))


def step_divergence(
    x: Tensor, clean: Tensor, estimate: Tensor, place: Tensor, sigma_t: Tensor, sigma_s: Tensor
) -> Tensor:
    """KL divergence of the learned reverse step from the posterior q(x_s | x_t = x, clean), in bits an element.

    Args:
        x, clean, estimate, place: (b, c, h, w).
        sigma_t, sigma_s: (b, 1, 1, 1), sigma_s > 0.
    """
    true = posterior_variance(sigma_t, sigma_s)
    ours = learned_variance(place, sigma_t, sigma_s)
    apart = posterior_mean(x, clean, sigma_t, sigma_s) - posterior_mean(x, estimate, sigma_t, sigma_s)
    nats = 0.5 * (true / ours + apart**2 / ours - 1 + (ours / true).log())
    return nats / torch.log(torch.tensor(2.0))
