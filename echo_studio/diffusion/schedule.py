"""Noise levels of a sampling run: float64 (steps + 1,), strictly falling from sigma_max, the last one exactly 0."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from echo_studio.errors import RequestError, UnknownNameError

Schedule = Callable[[int], Tensor]  # steps -> noise levels

VE_SIGMA_MIN, VE_SIGMA_MAX = 0.02, 100.0
VP_BETA_D, VP_BETA_MIN = 19.9, 0.1
COSINE_STEPS = 1000  # T of SDM (000) and of improved DDPM
COSINE_LEFT_OUT = 8  # the topmost steps, from sigma 92 to 20,291: j_0 of Karras et al. 2022, Table 1


def karras_sigmas(steps: int, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0) -> Tensor:
    """sigma_0 = sigma_max, ..., sigma_{n-1} = sigma_min, sigma_n = 0 (Karras et al. 2022, eq. 5).

    Raises:
        RequestError: fewer than one step.
    """
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return _down_to_zero((high + _ramp(steps) * (low - high)) ** rho)


def exponential_sigmas(steps: int, sigma_min: float = 0.002, sigma_max: float = 80.0) -> Tensor:
    """Equal ratios from sigma_max to sigma_min: equal steps in log SNR. Raises as `karras_sigmas` does."""
    low, high = math.log(sigma_min), math.log(sigma_max)
    return _down_to_zero(torch.exp(high + _ramp(steps) * (low - high)))


def few_sigmas(steps: int) -> Tensor:
    """For 5 to 10 evaluations with a multistep solver: nearly equal ratios, and a last level that a large last
    step can start from, 0.16 / steps but at least 0.002. All families know these levels.

    With so few evaluations one at 0.002 is lost: the sample hardly changes below the noise that is left anyway.
    """
    return karras_sigmas(steps, max(0.002, 0.16 / max(steps, 1)), rho=20.0)


def ve_sigmas(steps: int) -> Tensor:
    """The VE column of Karras et al. 2022, Table 1: sigma^2 in equal ratios from 100^2 to 0.02^2. Raises likewise."""
    return exponential_sigmas(steps, VE_SIGMA_MIN, VE_SIGMA_MAX)


def vp_sigma(t: Tensor) -> Tensor:
    """sigma(t) = sqrt(exp(beta_d t^2 / 2 + beta_min t) - 1) of the VP column of Table 1, t in (0, 1]."""
    return torch.expm1(VP_BETA_D * t**2 / 2 + VP_BETA_MIN * t).sqrt()


def vp_time(sigma: Tensor) -> Tensor:
    """The inverse of `vp_sigma`."""
    return ((VP_BETA_MIN**2 + 2 * VP_BETA_D * torch.log1p(sigma**2)).sqrt() - VP_BETA_MIN) / VP_BETA_D


def vp_sigmas(steps: int, epsilon_s: float = 1e-3) -> Tensor:
    """The VP column of Table 1: t in equal steps from 1 to epsilon_s. Raises as `karras_sigmas` does."""
    return _down_to_zero(vp_sigma(1 + _ramp(steps) * (epsilon_s - 1)))


def cosine_levels(count: int = COSINE_STEPS) -> Tensor:
    """sigma of each step of the cosine chain (Nichol and Dhariwal 2021, eq. 17), float64 (count,), rising.

    sigma_t = sqrt(1 / alpha_bar_t - 1) with alpha_bar the product of 1 - beta, and beta at most 0.999.
    """
    edges = torch.arange(count + 1, dtype=torch.float64) / count
    alpha_bar = torch.cos((edges + 0.008) / 1.008 * math.pi / 2) ** 2
    alphas = (alpha_bar[1:] / alpha_bar[:-1]).clamp(min=0.001)
    # Products near 1 lose the small sigmas to rounding; expm1 of the summed logarithms does not.
    return torch.expm1(-alphas.log().cumsum(0)).sqrt()


def cosine_sigmas(steps: int) -> Tensor:
    """Steps of the cosine chain, spread evenly (respacing); 1000 is all of them.

    Where they need not all be there, the topmost 8 are left out, as in the iDDPM column of Karras et al.
    2022, Table 1: at sigma = 80 nothing of the data is left to see, and one step of an ODE solver from
    20,291 down to 6 would multiply the error of its slope by thousands.

    Raises:
        RequestError: fewer than one step, or more than the chain has.
    """
    if steps > COSINE_STEPS:
        raise RequestError(
            expected=f"at most the {COSINE_STEPS} steps of the chain", got=str(steps), remedy="choose fewer"
        )
    top = COSINE_STEPS - 1 - (COSINE_LEFT_OUT if steps <= COSINE_STEPS - COSINE_LEFT_OUT else 0)
    kept = (top * (1 - _ramp(steps))).round().long()
    return _down_to_zero(cosine_levels()[kept])


SCHEDULES: dict[str, Schedule] = {
    "karras": karras_sigmas,
    "exponential": exponential_sigmas,
    "few": few_sigmas,
    "ve": ve_sigmas,
    "vp": vp_sigmas,
    "cosine": cosine_sigmas,
}


def schedule(name: str) -> Schedule:
    """The schedule of that name; raises UnknownNameError with the choices otherwise."""
    if name not in SCHEDULES:
        raise UnknownNameError("schedule", name, SCHEDULES)
    return SCHEDULES[name]


def levels_below(levels: Tensor, start: float, steps: int) -> Tensor:
    """The part of a run's noise levels that is left when it starts at `start`: SDEdit's (Meng et al. 2022).

    Args:
        levels: float64 (n + 1,), as a schedule gives them.
        start: the first level of what is left; between the first and the last but one of `levels`.
        steps: how many levels the rest has before its 0.

    Returns:
        float64 (steps + 1,), spaced along the same curve.
    """
    log = levels[:-1].clamp(min=1e-12).log()
    place = torch.arange(len(log), dtype=torch.float64)
    first = float(np.interp(-math.log(start), -log.numpy(), place.numpy()))
    at = first + _ramp(steps) * (len(log) - 1 - first)
    left = torch.from_numpy(np.interp(at.numpy(), place.numpy(), log.numpy())).exp()
    left[0] = start
    return _down_to_zero(left)


def _ramp(steps: int) -> Tensor:
    if steps < 1:
        raise RequestError(expected="at least 1 step", got=str(steps), remedy="choose more function evaluations")
    return torch.linspace(0, 1, steps, dtype=torch.float64)


def _down_to_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas, torch.zeros(1, dtype=torch.float64)])
