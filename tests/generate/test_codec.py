"""Codecs: what is outside the sector stays so; grain follows the seed and the look, and nothing else."""

import numpy as np
import pytest
import torch
from torch import Tensor

from echo_studio.anatomy.sector.geometry import Sector
from echo_studio.generate.catalog import Catalog
from echo_studio.generate.codec import Codec, GrainCodec, PixelCodec
from echo_studio.generate.sampling import Look
from tests.generate.tiny import grain_checkpoints

SECTOR = Sector((31.5, 2.0), -0.6, 0.6, 0.0, 58.0)


@pytest.fixture(scope="module")
def inside() -> Tensor:
    return torch.from_numpy(SECTOR.mask(64, 64)).float().expand(2, 1, 64, 64)


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Codec]:
    place = grain_checkpoints(tmp_path_factory.mktemp("checkpoints"))
    latents, grain = (Catalog(place).codec(place / name) for name in ("tiny-vae", "tiny-grain"))
    return {"pixels": PixelCodec(), "latents": latents, "grain": grain}


@pytest.fixture(scope="module")
def grain(codecs: dict[str, Codec]) -> GrainCodec:
    codec = codecs["grain"]
    assert isinstance(codec, GrainCodec)
    return codec


@pytest.fixture(scope="module")
def latent(grain: GrainCodec, inside: Tensor) -> Tensor:
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(3)).expand_as(inside) - 0.5
    return grain.encode(image, inside)


@pytest.mark.parametrize("name", ["pixels", "latents", "grain"])
@torch.inference_mode()
def test_both_sides_are_fixed_outside_the_sector(name: str, codecs: dict[str, Codec], inside: Tensor) -> None:
    codec = codecs[name]
    diffused = codec.encode(torch.rand_like(inside), inside)
    assert diffused.shape[-1] * codec.factor == 64
    assert diffused[..., -1, 0].numpy() == pytest.approx(codec.background)
    image = codec.decoding(inside, [1, 2])(torch.randn_like(diffused))
    assert image.shape == inside.shape
    assert (image[inside == 0] == -1).all()
    assert image.abs().max() <= 1
    with_noise_outside = torch.where(torch.nn.functional.max_pool2d(inside, codec.factor) > 0, diffused, 9.0)
    decode = codec.decoding(inside, [1, 2])
    np.testing.assert_allclose(decode(with_noise_outside), decode(diffused), atol=1e-5)


@torch.inference_mode()
def test_grain_is_that_of_the_seed_alone_or_in_a_batch(grain: GrainCodec, inside: Tensor, latent: Tensor) -> None:
    both = grain.decoding(inside, [7, 8])
    made = both(latent)
    assert torch.equal(both(latent), made), "a preview has the grain of its frame"
    alone = grain.decoding(inside[1:], [8])(latent[1:])
    np.testing.assert_allclose(alone[0], made[1], atol=1e-5)
    assert not torch.allclose(made[0], made[1], atol=0.01), "the latents are equal, the seeds are not"


@torch.inference_mode()
def test_a_chosen_look_leaves_what_is_not_chosen_to_the_seed(grain: GrainCodec, inside: Tensor, latent: Tensor) -> None:
    def made(look: Look) -> Tensor:
        return grain.decoding(inside, [7, 8], look)(latent)

    drawn = made(Look())
    for changed in (Look(grain=2.0), Look(coarseness=2.0), Look(2.0, 2.0)):
        assert not torch.allclose(made(changed), drawn, atol=1e-3)
    assert not torch.allclose(made(Look(grain=2.0)), made(Look(2.0, 2.0)), atol=1e-3)
    assert torch.equal(made(Look(0.5, 0.5)), made(Look(0.5, 0.5)))
