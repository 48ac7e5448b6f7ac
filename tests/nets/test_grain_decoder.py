"""The decoder with grain: size, noise that makes the grain, looks that scale it; the critic that judges it."""

import pytest
import torch

from echo_studio.nets.grain_decoder import GrainCritic, GrainDecoder, GrainDecoderConfig, blur


@pytest.fixture
def decoder() -> GrainDecoder:
    torch.manual_seed(0)
    return GrainDecoder(GrainDecoderConfig(channels=(8, 6, 4), blocks=1)).eval()


def painted(decoder: GrainDecoder, seed: int, latent: torch.Tensor, looks: torch.Tensor) -> torch.Tensor:
    randomness = torch.Generator().manual_seed(seed)
    noise = [
        torch.randn(len(latent), *shape, generator=randomness) for shape in decoder.noise_shapes(*latent.shape[-2:])
    ]
    with torch.no_grad():
        return decoder(latent, torch.zeros(len(latent), 3, *latent.shape[-2:]), noise, looks)


def test_an_image_has_factor_times_the_side_and_noise_shapes_fit_it(decoder: GrainDecoder) -> None:
    assert decoder.config.factor == 4
    assert decoder.noise_shapes(6, 5) == [(2, 12, 10), (2, 24, 20)]
    assert painted(decoder, 0, torch.zeros(2, 1, 6, 5), torch.zeros(2, 2)).shape == (2, 1, 24, 20)


def test_the_same_noise_gives_the_same_image_and_another_noise_another_one(decoder: GrainDecoder) -> None:
    latent, looks = torch.randn(1, 1, 6, 6), torch.zeros(1, 2)
    assert torch.equal(painted(decoder, 1, latent, looks), painted(decoder, 1, latent, looks))
    assert not torch.equal(painted(decoder, 1, latent, looks), painted(decoder, 2, latent, looks))


def test_looks_change_nothing_before_training_and_scale_the_noise_after_it(decoder: GrainDecoder) -> None:
    latent = torch.zeros(1, 1, 8, 8)
    weak, strong = torch.full((1, 2), -2.0), torch.full((1, 2), 2.0)
    assert torch.equal(painted(decoder, 3, latent, weak), painted(decoder, 3, latent, strong))
    for doubling in decoder.doublings:
        torch.nn.init.constant_(doubling.gain.weight, 0.5)
    spread = [painted(decoder, 3, latent, looks).std() for looks in (weak, strong)]
    assert spread[1] > 2 * spread[0]


def test_the_critic_scores_full_resolution_half_and_an_eighth() -> None:
    scores = GrainCritic()(torch.zeros(2, 1, 32, 32), torch.zeros(2, 1, 8, 8), torch.zeros(2, 2))
    assert [tuple(score.shape) for score in scores] == [(2, 1, 32, 32), (2, 1, 16, 16), (2, 1, 4, 4)]


def test_a_blur_keeps_what_is_flat_and_the_mean() -> None:
    flat = torch.full((1, 1, 16, 16), 0.3)
    assert torch.allclose(blur(flat, 2.0), flat, atol=1e-6)
