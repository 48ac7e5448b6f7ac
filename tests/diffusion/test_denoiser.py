"""A denoiser around a network: background, limit and heads; guidance (eq. 1 of 000); the map in one call."""

from typing import Any

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, Guided, NoiseMap, Preconditioned, within
from echo_studio.diffusion.families import FAMILIES, Edm, Sdm, family
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.unet_blocks import SpadeUNetConfig
from tests.diffusion.stand_ins import SIGMA_DATA, Fixed, condition


@pytest.mark.parametrize("name", FAMILIES)
def test_outside_the_sector_the_estimate_is_the_background(name: str) -> None:
    kind = family(name, {"sigma_data": SIGMA_DATA})
    denoiser = Preconditioned(Fixed(torch.ones(1), kind.heads), kind, -0.9)
    estimate = denoiser(torch.randn(1, 1, 8, 8), torch.ones(1), denoiser.prepare(condition()))
    assert (estimate[..., 4:] == torch.tensor(-0.9)).all()
    assert (estimate[..., :4] != torch.tensor(-0.9)).all()


def test_at_a_noise_level_near_zero_a_noise_predictor_leaves_the_sample_as_it_is() -> None:
    x = torch.randn(1, 1, 8, 8)
    for name in FAMILIES:
        kind = family(name, {"sigma_data": SIGMA_DATA})
        denoiser = Preconditioned(Fixed(torch.ones(1), kind.heads), kind, 0.0)
        estimate = denoiser(x, torch.tensor([1e-6]), denoiser.prepare(condition(inside=1)))
        torch.testing.assert_close(estimate, x, atol=1e-5, rtol=0)


def test_sampling_stays_within_the_limit_and_training_does_not_see_it() -> None:
    denoiser = Preconditioned(Fixed(torch.zeros(1), 2), Sdm(), 0.0, limit=1.0)
    prepared = denoiser.prepare(condition(inside=1))
    x, sigma = 1000 * torch.randn(1, 1, 8, 8), torch.tensor([1000.0])
    assert denoiser(x, sigma, prepared).abs().max() == 1
    assert torch.equal(denoiser.unclamped(x, sigma, prepared)[0], x)


def test_the_second_head_is_the_place_of_the_variance_and_0_is_the_middle() -> None:
    denoiser = Preconditioned(Fixed(torch.zeros(1), 2), Sdm(), 0.0)
    _, place = denoiser.with_variance(torch.randn(1, 1, 8, 8), torch.ones(1), denoiser.prepare(condition()))
    assert place is not None
    assert (place == 0.5).all()
    plain = Preconditioned(Fixed(torch.zeros(1)), Edm(SIGMA_DATA), 0.0)
    assert plain.with_variance(torch.randn(1, 1, 8, 8), torch.ones(1), plain.prepare(condition()))[1] is None


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
    # Brightness and hardness are those of the estimate with the label map; the picture is that of the formula.
    for own, plain, formula in zip(made[..., :4], seeing[..., :4], wanted[..., :4], strict=True):
        torch.testing.assert_close(own.mean(), plain.mean(), atol=1e-5, rtol=0)
        torch.testing.assert_close(own.std(), plain.std(), atol=1e-5, rtol=0)
        assert float(torch.corrcoef(torch.stack([own.flatten(), formula.flatten()]))[0, 1]) > 0.9999
    assert (made[..., 4:] == torch.tensor(-0.9)).all()


def test_a_large_scale_is_no_brighter_little_harder_and_within_the_range_of_the_estimate_with_the_label_map() -> None:
    inside = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    inside[..., :4] = True
    estimate, blind = torch.rand(2, 2, 1, 8, 8) - torch.tensor([0.0, 0.4]).reshape(2, 1, 1, 1, 1)
    burnt = estimate + 7.0 * (estimate - blind)
    kept = within(estimate, burnt, inside)
    assert burnt[..., :4].std() > 5 * estimate[..., :4].std()
    assert torch.equal(kept[..., 4:], estimate[..., 4:])
    for own, plain in zip(kept[..., :4], estimate[..., :4], strict=True):
        assert float(own.mean()) == pytest.approx(float(plain.mean()), abs=0.1)
        assert float(plain.std()) <= float(own.std()) < 2 * float(plain.std())
    assert (kept >= estimate.amin((1, 2, 3), keepdim=True)).all()
    assert (kept <= estimate.amax((1, 2, 3), keepdim=True)).all()


def test_one_evaluation_is_one_call_of_twice_the_batch() -> None:
    network = Looks(torch.zeros(1), heads=2)
    guided = Guided(Preconditioned(network, Sdm(), 0.0), 3.0)
    _, place = guided.with_variance(torch.randn(3, 1, 8, 8), torch.ones(3), guided.prepare(condition(3)))
    assert [len(x) for x in network.inputs] == [6]
    assert place is not None
    assert place.shape == (3, 1, 8, 8)


@pytest.fixture
def network() -> SpadeUNet:
    torch.manual_seed(0)
    network = SpadeUNet(SpadeUNetConfig(widths=(8, 16), blocks=1, attention_levels=(1,), mask_channels=4))
    torch.nn.init.normal_(network.head.weight, std=0.1)
    return network.eval().requires_grad_(False)


@pytest.fixture
def guide() -> Condition:
    ids = torch.randint(5, (2, 16, 16))
    return Condition(torch.eye(5)[ids].permute(0, 3, 1, 2), torch.tensor([0, 1]), torch.tensor([1, 0]))


def test_it_is_edms_denoiser_where_sampling_starts(network: SpadeUNet, guide: Condition) -> None:
    noise = torch.randn(2, 1, 16, 16)
    student, denoiser = NoiseMap(network, 0.5, -0.7), Preconditioned(network, Edm(0.5), -0.7)
    drawn = student(noise, student.prepare(guide))
    estimate = denoiser(80 * noise, torch.full((2,), 80.0), denoiser.prepare(guide))
    assert drawn.std() > 0.1
    assert (drawn - estimate).abs().max() < 0.02  # sigma_data^2 / sigma times the noise is left of x


def test_outside_the_sector_lies_the_background(network: SpadeUNet, guide: Condition) -> None:
    student = NoiseMap(network, 0.5, -0.7)
    drawn = student(torch.randn(2, 1, 16, 16), student.prepare(guide))
    outside = guide.inside == 0
    assert (drawn[outside] == torch.tensor(-0.7)).all()
    assert (drawn[~outside] != torch.tensor(-0.7)).all()
