"""Classifier-free guidance: eq. 1 of 000, and what it leaves alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.families import Edm, Sdm
from echo_studio.diffusion.guidance import Guided
from echo_studio.diffusion.precondition import Preconditioned
from tests.diffusion.stand_ins import SIGMA_DATA, Fixed, condition


class Looks(Fixed):
    """Answers the mean of its label map plus half of what it sees."""

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor:
        self.answer = 0.5 * x + modulation.mean((1, 2, 3), keepdim=True)
        return super().__call__(x, c_noise, modulation)


@pytest.mark.parametrize("scale", [0.0, 1.5])
def test_the_estimate_moves_away_from_the_blind_one(scale: float) -> None:
    denoiser = Preconditioned(Looks(torch.zeros(1)), Edm(SIGMA_DATA), -0.9)
    x, sigma, labelled = torch.randn(2, 1, 8, 8), torch.tensor([0.5, 2.0]), condition(2)
    guided = Guided(denoiser, scale)
    made = guided(x, sigma, guided.prepare(labelled))
    seeing = denoiser(x, sigma, denoiser.prepare(labelled))
    blind_map = type(labelled)(torch.zeros_like(labelled.one_hot), labelled.view, labelled.phase)
    blind = denoiser(x, sigma, denoiser.prepare(blind_map))
    wanted = seeing + scale * (seeing - blind)
    torch.testing.assert_close(made[..., :4], wanted[..., :4])
    assert (made[..., 4:] == torch.tensor(-0.9)).all()


def test_one_evaluation_is_one_call_of_twice_the_batch() -> None:
    network = Looks(torch.zeros(1), heads=2)
    guided = Guided(Preconditioned(network, Sdm(), 0.0), 3.0)
    _, place = guided.with_variance(torch.randn(3, 1, 8, 8), torch.ones(3), guided.prepare(condition(3)))
    assert [len(x) for x in network.inputs] == [6]
    assert place is not None
    assert place.shape == (3, 1, 8, 8)
