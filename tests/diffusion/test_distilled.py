"""The map from noise to samples: what it is beside EDM's denoiser, and what lies outside the sector."""

import pytest
import torch

from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.distilled import NoiseMap
from echo_studio.diffusion.families import Edm
from echo_studio.diffusion.precondition import Preconditioned
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.unet_blocks import SpadeUNetConfig


@pytest.fixture
def network() -> SpadeUNet:
    torch.manual_seed(0)
    network = SpadeUNet(SpadeUNetConfig(widths=(8, 16), blocks=1, attention_levels=(1,), mask_channels=4))
    torch.nn.init.normal_(network.head.weight, std=0.1)
    return network.eval().requires_grad_(False)


@pytest.fixture
def condition() -> Condition:
    ids = torch.randint(5, (2, 16, 16))
    return Condition(torch.eye(5)[ids].permute(0, 3, 1, 2), torch.tensor([0, 1]), torch.tensor([1, 0]))


def test_it_is_edms_denoiser_where_sampling_starts(network: SpadeUNet, condition: Condition) -> None:
    noise = torch.randn(2, 1, 16, 16)
    student, denoiser = NoiseMap(network, 0.5, -0.7), Preconditioned(network, Edm(0.5), -0.7)
    drawn = student(noise, student.prepare(condition))
    estimate = denoiser(80 * noise, torch.full((2,), 80.0), denoiser.prepare(condition))
    assert drawn.std() > 0.1
    assert (drawn - estimate).abs().max() < 0.02  # sigma_data^2 / sigma times the noise is left of x


def test_outside_the_sector_lies_the_background(network: SpadeUNet, condition: Condition) -> None:
    student = NoiseMap(network, 0.5, -0.7)
    drawn = student(torch.randn(2, 1, 16, 16), student.prepare(condition))
    outside = condition.inside == 0
    assert (drawn[outside] == torch.tensor(-0.7)).all()
    assert (drawn[~outside] != torch.tensor(-0.7)).all()
