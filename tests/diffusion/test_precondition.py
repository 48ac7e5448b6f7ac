"""EDM preconditioning and loss: the identities of Karras et al. 2022, Appendix B.6."""

from typing import Any

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.loss import EdmLoss, sector_mean
from echo_studio.diffusion.precondition import EdmDenoiser

SIGMA_DATA = 0.5


class Fixed:
    """A network that returns a fixed field and keeps what it was given."""

    def __init__(self, answer: Tensor) -> None:
        self.answer = answer
        self.inputs: list[Tensor] = []
        self.prepared = 0

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor) -> Any:
        self.prepared += 1
        return None

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor:
        self.inputs.append(x)
        return self.answer.expand_as(x)


def condition(count: int = 1, side: int = 8) -> Condition:
    """Left half sector, right half outside."""
    one_hot = torch.zeros(count, 5, side, side)
    one_hot[:, 4, :, : side // 2] = 1
    one_hot[:, 0, :, side // 2 :] = 1
    zeros = torch.zeros(count, dtype=torch.long)
    return Condition(one_hot, zeros, zeros)


@pytest.mark.parametrize("sigma", [0.002, 0.5, 80.0])
def test_network_inputs_and_targets_have_unit_variance(sigma: float) -> None:
    torch.manual_seed(0)
    clean, noise = SIGMA_DATA * torch.randn(64, 1, 16, 16), torch.randn(64, 1, 16, 16)
    noisy = clean + sigma * noise
    network = Fixed(torch.zeros(1))
    denoiser = EdmDenoiser(network, SIGMA_DATA, 0.0)
    full = condition(64, 16)
    prepared = denoiser.prepare(Condition(torch.ones_like(full.one_hot) * 0, full.view, full.phase))
    skipped = denoiser(noisy, torch.full((64,), sigma), prepared)
    assert float(network.inputs[0].std()) == pytest.approx(1, rel=0.02)
    c_out = sigma * SIGMA_DATA / (sigma**2 + SIGMA_DATA**2) ** 0.5
    assert float(((clean - skipped) / c_out).std()) == pytest.approx(1, rel=0.02)


def test_outside_the_sector_the_estimate_is_the_background() -> None:
    denoiser = EdmDenoiser(Fixed(torch.ones(1)), SIGMA_DATA, -0.9)
    estimate = denoiser(torch.randn(1, 1, 8, 8), torch.ones(1), denoiser.prepare(condition()))
    assert (estimate[..., 4:] == torch.tensor(-0.9)).all()
    assert (estimate[..., :4] != torch.tensor(-0.9)).all()


def test_sector_mean_divides_by_the_pixels_inside() -> None:
    per_pixel = torch.arange(64.0).reshape(1, 1, 8, 8)
    inside = condition().inside
    assert float(sector_mean(per_pixel, inside)) == pytest.approx(float(per_pixel[..., :4].mean()))
    assert float(sector_mean(per_pixel, torch.zeros_like(inside))) == 0


def test_the_loss_ignores_what_lies_outside_the_sector() -> None:
    denoiser = EdmDenoiser(Fixed(torch.zeros(1)), SIGMA_DATA, 0.0)
    clean = torch.randn(1, 1, 8, 8)
    other = clean.clone()
    other[..., 4:] += 5
    losses = []
    for image in (clean, other):
        torch.manual_seed(1)
        losses.append(float(EdmLoss(SIGMA_DATA)(denoiser, image, condition())))
    assert losses[0] == pytest.approx(losses[1])


def test_the_loss_of_a_network_that_knows_nothing_is_one_at_every_noise_level() -> None:
    # F = 0 predicts the mean of a unit-variance target, and lambda c_out^2 = 1 (Appendix B.6).
    torch.manual_seed(0)
    denoiser = EdmDenoiser(Fixed(torch.zeros(1)), SIGMA_DATA, 0.0)
    clean = SIGMA_DATA * torch.randn(512, 1, 8, 8)
    assert float(EdmLoss(SIGMA_DATA)(denoiser, clean, condition(512))) == pytest.approx(1, rel=0.03)
