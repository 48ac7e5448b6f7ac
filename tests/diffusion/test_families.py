"""The families against the identities and the closed forms of Karras et al. 2022, Table 1 and Appendix B.6, C.3."""

import math

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Bound, Preconditioned
from echo_studio.diffusion.families import (
    FAMILIES,
    Edm,
    Sdm,
    VarianceExploding,
    VariancePreserving,
    family,
    step_of,
)
from echo_studio.diffusion.loss import DenoisingLoss
from echo_studio.diffusion.schedule import cosine_levels, schedule, vp_sigma, vp_time
from echo_studio.diffusion.solvers import SOLVERS, SampleNoise
from echo_studio.errors import UnknownNameError
from tests.diffusion.stand_ins import SIGMA_DATA, Fixed, GaussianNetwork, condition

SETTINGS = {"sigma_data": SIGMA_DATA}


@pytest.mark.parametrize("sigma", [0.002, 0.5, 80.0])
def test_edm_gives_the_network_inputs_and_targets_of_unit_variance(sigma: float) -> None:
    torch.manual_seed(0)
    clean, noise = SIGMA_DATA * torch.randn(64, 1, 16, 16), torch.randn(64, 1, 16, 16)
    c = Edm(SIGMA_DATA).coefficients(torch.tensor(sigma))
    noisy = clean + sigma * noise
    assert float((c.into * noisy).std()) == pytest.approx(1, rel=0.02)
    assert float(((clean - c.skip * noisy) / c.out).std()) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("name", ["ve", "vp", "sdm"])
def test_the_other_families_predict_the_noise_up_to_its_sign(name: str) -> None:
    clean, noise, sigma = torch.randn(8), torch.randn(8), torch.tensor(0.7)
    c = family(name, {}).coefficients(sigma)
    target = (clean - c.skip * (clean + sigma * noise)) / c.out
    torch.testing.assert_close(target, -noise if name == "ve" else noise)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_error_of_the_network_weighs_the_same_at_every_noise_level(name: str) -> None:
    # lambda c_out^2 = 1 in all columns of Table 1.
    kind, sigma = family(name, SETTINGS), torch.tensor([0.01, 0.3, 5.0, 90.0])
    torch.testing.assert_close(kind.weight(sigma) * kind.coefficients(sigma).out ** 2, torch.ones(4))


@pytest.mark.parametrize(("name", "expected"), [("edm", 1.0), ("ve", 1.0), ("vp", 1.0)])
def test_the_loss_of_a_network_that_knows_nothing_is_one(name: str, expected: float) -> None:
    torch.manual_seed(0)
    denoiser = Preconditioned(Fixed(torch.zeros(1)), family(name, SETTINGS), 0.0)
    clean = SIGMA_DATA * torch.randn(512, 1, 8, 8)
    assert float(DenoisingLoss()(denoiser, clean, condition(512))) == pytest.approx(expected, rel=0.03)


def test_training_levels_lie_where_table_1_has_them() -> None:
    torch.manual_seed(0)
    cpu = torch.device("cpu")
    edm = Edm(SIGMA_DATA).sample_sigma(20_000, cpu).log()
    assert float(edm.mean()) == pytest.approx(-1.2, abs=0.05)
    assert float(edm.std()) == pytest.approx(1.2, abs=0.05)
    ve = VarianceExploding().sample_sigma(20_000, cpu).log()
    assert float(ve.min()) >= math.log(0.02) - 1e-4
    assert float(ve.max()) <= math.log(100) + 1e-4
    assert float(ve.mean()) == pytest.approx(math.log(0.02 * 100) / 2, abs=0.1)  # uniform in the logarithm
    t = vp_time(VariancePreserving().sample_sigma(20_000, cpu).double())
    assert float(t.min()) >= 0.99e-5
    assert float(t.max()) <= 1 + 1e-6
    assert float(t.mean()) == pytest.approx(0.5, abs=0.02)
    drawn = Sdm().sample_sigma(5000, cpu)
    levels = cosine_levels().float()
    assert torch.isin(drawn, levels).all()
    assert len(drawn.unique()) > 950


def test_the_networks_are_told_the_noise_level_as_in_table_1() -> None:
    sigma = torch.tensor([0.05, 1.0, 40.0])
    torch.testing.assert_close(Edm(SIGMA_DATA).coefficients(sigma).noise, sigma.log() / 4)
    torch.testing.assert_close(VarianceExploding().coefficients(sigma).noise, (sigma / 2).log())
    t = torch.tensor([0.001, 0.5, 1.0])
    torch.testing.assert_close(VariancePreserving().coefficients(vp_sigma(t)).noise, 999 * t, rtol=1e-4, atol=1e-3)
    every = torch.arange(1000)
    torch.testing.assert_close(Sdm().coefficients(cosine_levels().float()).noise, every.float(), rtol=0, atol=0.01)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_the_backbone_sees_of_the_noise_level_is_a_few_units_wide(name: str) -> None:
    kind = family(name, SETTINGS)
    seen = kind.coefficients(schedule(kind.schedule)(100)[:-1].float()).noise * kind.noise_unit
    assert 1 < float(seen.max() - seen.min()) < 4
    assert float(seen.abs().max()) < 3


def test_sdm_can_be_asked_between_two_steps_and_beyond_the_ends() -> None:
    levels = cosine_levels()
    between = (levels[400] * levels[401]).sqrt()
    assert float(step_of(between.reshape(1))) == pytest.approx(400.5)
    assert float(step_of(torch.tensor([1e-9]))) == 0
    assert float(step_of(torch.tensor([1e9]))) == 999


@pytest.mark.parametrize("solver", ["heun", "dpmpp-2m"])
@pytest.mark.parametrize("name", FAMILIES)
def test_gaussian_data_come_back_with_their_mean_and_variance(name: str, solver: str) -> None:
    kind = family(name, SETTINGS)
    network = GaussianNetwork(kind)
    denoiser = Preconditioned(network, kind, 0.0)
    bound = Bound(denoiser, denoiser.prepare(condition(64, 8, inside=1)))

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        network.sigma = sigma
        return bound(x, sigma)

    how = SOLVERS[solver]
    sigmas = schedule(kind.schedule)(how.steps(499))
    noise = SampleNoise(range(64), (1, 8, 8))
    end = how(denoise, noise() * float(sigmas[0]), sigmas, 499, noise, lambda *_: None)
    # 4,096 draws: standard errors of 1.1 % of the deviation and of 0.008 of the mean.
    assert float(end.std()) == pytest.approx(SIGMA_DATA, rel=0.05)
    assert float(end.mean()) == pytest.approx(0, abs=0.03)


def test_an_unknown_family_lists_the_choices() -> None:
    with pytest.raises(UnknownNameError, match="edm, sdm, ve, vp"):
        family("gan", {})
