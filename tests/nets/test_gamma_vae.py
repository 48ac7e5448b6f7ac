"""The Gamma-VAE: its divergence, its masks, and that it may be trained on crops."""

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Gamma, kl_divergence

from echo_studio.nets.gamma_vae import ALPHA_FLOOR, DoublingConv, GammaVAE, GammaVAEConfig, gamma_kl


def small(levels: int = 3) -> GammaVAE:
    torch.manual_seed(0)
    return GammaVAE(GammaVAEConfig(tuple(8 * (k + 1) for k in range(levels)), blocks=1)).eval()


def test_the_closed_form_is_torchs_divergence() -> None:
    torch.manual_seed(0)
    alpha, beta = 0.1 + 9 * torch.rand(1000), 0.1 + 20 * torch.rand(1000)
    prior = Gamma(torch.tensor(3.75), torch.tensor(10.8))
    torch.testing.assert_close(gamma_kl(alpha, beta, 3.75, 10.8), kl_divergence(Gamma(alpha, beta), prior))


def test_the_divergence_is_zero_at_the_prior_and_positive_elsewhere() -> None:
    assert float(gamma_kl(torch.tensor(3.75), torch.tensor(10.8), 3.75, 10.8)) == pytest.approx(0, abs=1e-5)
    assert (gamma_kl(torch.rand(100) * 8 + 0.2, torch.rand(100) * 20 + 0.2, 3.75, 10.8) > 0).all()


@pytest.mark.parametrize(("levels", "side"), [(2, 128), (3, 64)])
def test_two_levels_give_128_and_three_give_64_latents(levels: int, side: int) -> None:
    vae = small(levels)
    inside = torch.ones(1, 1, 256, 256)
    latent = vae.encode(torch.zeros(1, 1, 256, 256), inside)
    assert latent.shape == (1, 1, side, side)
    assert vae.decode(latent, inside).shape == (1, 1, 256, 256)


def test_latents_are_the_posteriors_mean_and_zero_outside_the_sector() -> None:
    vae = small()
    image = torch.rand(1, 1, 32, 32) * 2 - 1
    inside = torch.zeros(1, 1, 32, 32)
    inside[..., :16] = 1
    alpha, beta = vae.posterior(image)
    assert (alpha >= ALPHA_FLOOR).all()
    latent = vae.encode(image, inside)
    assert (latent[..., 4:] == 0).all()
    torch.testing.assert_close(latent[..., :4], Gamma(alpha, beta).mean[..., :4])
    assert (vae.decode(latent, inside)[..., 16:] == -1).all()


def test_a_crop_is_encoded_as_the_whole_image_is() -> None:
    vae = small()
    image = torch.rand(1, 1, 96, 96) * 2 - 1
    whole = vae.encode(image, torch.ones_like(image))
    crop = vae.encode(image[..., 16:80, 16:80], torch.ones(1, 1, 64, 64))
    # Away from the crop's border, by more than the receptive field.
    torch.testing.assert_close(crop[..., 6:-6, 6:-6], whole[..., 10:14, 10:14], atol=1e-5, rtol=1e-4)


def test_the_released_codes_mistake_is_not_here_activations_bend_the_decoder() -> None:
    vae = small()
    a, b = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 8)
    inside = torch.ones(1, 1, 32, 32)
    offset = vae.decode(torch.zeros_like(a), inside)
    linear = vae.decode(a, inside) + vae.decode(b, inside) - offset
    assert not torch.allclose(vae.decode(a + b, inside), linear, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (5, 8)])
def test_a_doubling_convolution_is_the_convolution_of_the_doubled_image(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    conv = DoublingConv(3, 4, 3, padding=1).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    plain = F.conv2d(F.interpolate(x, scale_factor=2), conv.weight, conv.bias, padding=1)
    torch.testing.assert_close(conv(x), plain)
    pull = torch.randn_like(plain)
    wanted = torch.autograd.grad((plain * pull).sum(), (x, *conv.parameters()))
    torch.testing.assert_close(torch.autograd.grad((conv(x) * pull).sum(), (x, *conv.parameters())), wanted)


def test_without_gradients_the_same_comes_out_and_nothing_that_went_in_is_changed() -> None:
    vae, inside = small(), torch.ones(1, 1, 32, 32)
    latent = torch.rand(1, 1, 8, 8)
    before = latent.clone()
    with_gradients = vae.decode(latent, inside)
    with torch.no_grad():
        assert torch.equal(vae.decode(latent, inside), with_gradients)
        assert torch.equal(vae.decode(latent, inside), with_gradients)
    assert torch.equal(latent, before)
