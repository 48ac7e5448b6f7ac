"""The training loss: the sector alone, labels that are dropped, and SDM's bound."""

import pytest
import torch

from echo_studio.diffusion.denoiser import Preconditioned
from echo_studio.diffusion.families import FAMILIES, Edm, Sdm, family
from echo_studio.diffusion.loss import DenoisingLoss, sector_mean
from tests.diffusion.stand_ins import SIGMA_DATA, Fixed, condition


def test_sector_mean_divides_by_the_pixels_inside() -> None:
    per_pixel = torch.arange(64.0).reshape(1, 1, 8, 8)
    inside = condition().inside
    assert float(sector_mean(per_pixel, inside)) == pytest.approx(float(per_pixel[..., :4].mean()))
    assert float(sector_mean(per_pixel, torch.zeros_like(inside))) == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_the_loss_ignores_what_lies_outside_the_sector(name: str) -> None:
    kind = family(name, {"sigma_data": SIGMA_DATA})
    denoiser = Preconditioned(Fixed(torch.zeros(1), kind.heads), kind, 0.0)
    clean = torch.randn(1, 1, 8, 8)
    other = clean.clone()
    other[..., 4:] += 5
    losses = []
    for image in (clean, other):
        torch.manual_seed(1)
        losses.append(float(DenoisingLoss()(denoiser, image, condition())))
    assert losses[0] == pytest.approx(losses[1])


def test_dropped_labels_are_zeros_and_the_sector_stays_the_same() -> None:
    torch.manual_seed(0)
    network = Fixed(torch.zeros(1))
    clean, full = torch.randn(200, 1, 8, 8), condition(200)
    DenoisingLoss(label_dropout=0.2)(Preconditioned(network, Edm(SIGMA_DATA), 0.0), clean, full)
    empty = (network.maps[0].sum((1, 2, 3)) == 0).sum()
    assert 20 <= int(empty) <= 60
    losses = []
    for dropout in (0.0, 1.0):
        torch.manual_seed(3)
        sigma = Edm(SIGMA_DATA).sample_sigma(1, torch.device("cpu"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Edm, "sample_sigma", lambda *_, sigma=sigma: sigma)
            losses.append(float(DenoisingLoss(dropout)(Preconditioned(network, Edm(0.5), 0.0), clean[:1], condition())))
    assert losses[0] == losses[1]  # a network that does not look at the map has the same loss over the same pixels


def test_the_bound_trains_the_variance_alone() -> None:
    torch.manual_seed(0)
    mean, place = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)

    class Learns(Fixed):
        def __call__(self, x: torch.Tensor, c_noise: torch.Tensor, modulation: object) -> torch.Tensor:
            return torch.cat([mean.expand_as(x), place.expand_as(x)], dim=1)

    clean = torch.randn(32, 1, 8, 8)
    gradients = {}
    for weight in (0.0, 0.001):
        torch.manual_seed(1)
        denoiser = Preconditioned(Learns(mean), Sdm(kl_weight=weight), 0.0)
        loss = DenoisingLoss()(denoiser, clean, condition(32))
        gradients[weight] = torch.autograd.grad(loss, [mean, place])
        assert torch.isfinite(loss)
    assert torch.equal(gradients[0.0][0], gradients[0.001][0])
    assert gradients[0.0][1] == 0
    assert gradients[0.001][1] != 0
    assert torch.isfinite(gradients[0.001][1])


def test_the_first_step_of_the_chain_has_no_bound_and_leaves_no_nan_behind() -> None:
    place = torch.zeros(1, requires_grad=True)

    class Learns(Fixed):
        def __call__(self, x: torch.Tensor, c_noise: torch.Tensor, modulation: object) -> torch.Tensor:
            return torch.cat([torch.zeros_like(x), place.expand_as(x)], dim=1)

    with pytest.MonkeyPatch.context() as patch:
        levels = torch.tensor([0.0064157])
        patch.setattr(Sdm, "sample_sigma", lambda *_: levels)
        loss = DenoisingLoss()(Preconditioned(Learns(place), Sdm(), 0.0), torch.randn(1, 1, 8, 8), condition())
    (gradient,) = torch.autograd.grad(loss, [place])
    assert float(gradient) == 0
