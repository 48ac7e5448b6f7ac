"""Noise levels: what all schedules promise, and the closed forms of each."""

import pytest
import torch

from echo_studio.diffusion.families import FAMILIES, family
from echo_studio.diffusion.schedule import (
    SCHEDULES,
    cosine_levels,
    cosine_sigmas,
    exponential_sigmas,
    karras_sigmas,
    schedule,
    ve_sigmas,
    vp_sigma,
    vp_sigmas,
    vp_time,
)
from echo_studio.errors import RequestError, UnknownNameError


@pytest.mark.parametrize("steps", [1, 2, 18, 1000])
@pytest.mark.parametrize("name", SCHEDULES)
def test_levels_fall_strictly_to_exactly_zero(name: str, steps: int) -> None:
    sigmas = schedule(name)(steps)
    assert sigmas.dtype == torch.float64
    assert len(sigmas) == steps + 1
    assert float(sigmas[-1]) == 0
    assert (sigmas.diff() < 0).all()
    if (name, steps) != ("cosine", 1000):  # the whole chain begins above where shorter runs do
        assert float(sigmas[0]) == pytest.approx(float(schedule(name)(7)[0]))


@pytest.mark.parametrize("name", SCHEDULES)
def test_no_steps_are_refused(name: str) -> None:
    with pytest.raises(RequestError, match="at least 1 step"):
        schedule(name)(0)


def test_the_ends_are_those_of_table_1() -> None:
    for sigmas, high, low in (
        (karras_sigmas(18), 80.0, 0.002),
        (exponential_sigmas(18), 80.0, 0.002),
        (ve_sigmas(18), 100.0, 0.02),
        (vp_sigmas(18), 152.2, 0.01049),
        (cosine_sigmas(18), 80.2, 0.00642),
        (cosine_sigmas(1000), 20291.0, 0.00642),  # Karras et al. 2022, C.3.4
    ):
        assert float(sigmas[0]) == pytest.approx(high, rel=0.01)
        assert float(sigmas[-2]) == pytest.approx(low, rel=0.01)


def test_ve_and_exponential_fall_by_equal_ratios() -> None:
    for sigmas in (ve_sigmas(10), exponential_sigmas(10)):
        ratios = sigmas[1:-1] / sigmas[:-2]
        torch.testing.assert_close(ratios, ratios[0].expand(9))


def test_vp_time_undoes_vp_sigma_and_alpha_bar_is_the_exponential_of_its_integral() -> None:
    t = torch.linspace(1e-5, 1, 50, dtype=torch.float64)
    torch.testing.assert_close(vp_time(vp_sigma(t)), t)
    torch.testing.assert_close(1 / (1 + vp_sigma(t) ** 2), torch.exp(-(19.9 * t**2 / 2 + 0.1 * t)))


def test_the_cosine_chain_has_the_betas_of_improved_ddpm() -> None:
    sigma = cosine_levels()
    alpha_bar = 1 / (1 + sigma**2)
    betas = 1 - alpha_bar / torch.cat([torch.ones(1, dtype=torch.float64), alpha_bar[:-1]])
    t = torch.arange(1001, dtype=torch.float64) / 1000
    wanted = torch.cos((t + 0.008) / 1.008 * torch.pi / 2) ** 2
    torch.testing.assert_close(betas, (1 - wanted[1:] / wanted[:-1]).clamp(max=0.999))
    assert float(betas[-1]) == pytest.approx(0.999)


def test_respacing_keeps_steps_of_the_chain_and_a_thousand_keeps_all() -> None:
    levels = cosine_levels()
    assert torch.isin(cosine_sigmas(10)[:-1], levels).all()
    assert torch.equal(cosine_sigmas(992)[:-1], levels[:992].flip(0))
    assert torch.equal(cosine_sigmas(1000)[:-1], levels.flip(0))
    with pytest.raises(RequestError, match="1000 steps"):
        cosine_sigmas(1001)


def test_every_family_has_a_schedule_and_an_unknown_one_lists_the_choices() -> None:
    for name in FAMILIES:
        assert family(name, {"sigma_data": 0.5}).schedule in SCHEDULES
    with pytest.raises(UnknownNameError, match="cosine, exponential, few, karras, ve, vp"):
        schedule("linear")
