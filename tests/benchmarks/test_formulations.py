"""The studio's shortcuts change the time of a frame, and no pixel of it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmarks.formulations import as_published, recomputed
from echo_studio.data.template import template
from echo_studio.diffusion.denoiser import Bound, Condition
from echo_studio.diffusion.solvers import SampleNoise, noise_levels, solver
from echo_studio.generate.build import family_of, soft_one_hot
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import SampledGenerator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from tests.generate.tiny import tiny_checkpoints


def pixels(generator: SampledGenerator, nfe: int) -> Tensor:
    """A frame in [-1, 1], not rounded to grey levels."""
    side = generator.card.resolution
    ids = torch.from_numpy(template("4ch-ed").resized(side, side).ids.copy())[None]
    condition = Condition(
        soft_one_hot(ids, generator.codec.factor, generator.card.label_count), torch.tensor([1]), torch.tensor([0])
    )
    how, noise = solver("heun"), SampleNoise([3], (1, *condition.one_hot.shape[-2:]))
    sigmas = noise_levels(how, family_of(generator.card), nfe)
    with torch.inference_mode():
        bound = Bound(generator.denoiser, generator.denoiser.prepare(condition))
        latent = how(bound, noise() * float(sigmas[0]), sigmas, nfe, noise, lambda *_: None)
        return generator.codec.decoding((ids > 0).float().unsqueeze(1), [3])(latent)


def generator(name: str, folder: Path) -> SampledGenerator:
    found = load_generator(name, tiny_checkpoints(folder) if name == "tiny" else None)
    assert isinstance(found, SampledGenerator)
    return found


@pytest.mark.parametrize(("name", "nfe"), [("tiny", 20), ("edm-l64", 4)])
def test_a_prepared_modulation_changes_no_pixel(name: str, nfe: int, tmp_path: Path) -> None:
    ours = generator(name, tmp_path)
    prepared, again = pixels(ours, nfe), pixels(recomputed(ours), nfe)
    assert prepared.std() > 0.1
    assert float((prepared - again).abs().max()) <= 1e-5


def test_the_papers_layout_changes_a_pixel_by_rounding_alone(tmp_path: Path) -> None:
    ours = generator("tiny", tmp_path)
    assert float((pixels(ours, 20) - pixels(as_published(ours), 20)).abs().max()) <= 1e-4


def test_the_papers_formulation_is_plain_throughout_and_leaves_the_original_as_it_is(tmp_path: Path) -> None:
    ours = generator("tiny", tmp_path)
    theirs = as_published(ours)
    network = theirs.denoiser.network.network.network  # type: ignore[attr-defined]
    assert network is not ours.denoiser.network  # type: ignore[attr-defined]
    wrong: list[str] = []
    for name, module in network.named_modules():
        # Attention hands its output convolution a transposed view in either formulation.
        if isinstance(module, nn.Conv2d) and not name.endswith("attention.out"):
            module.register_forward_hook(
                lambda _, given, made, name=name: wrong.extend(
                    name for tensor in (*given, made) if not tensor.is_contiguous()
                )
            )
    pixels(theirs, 2)
    assert not wrong


def test_every_formulation_makes_frames_through_the_generator(tmp_path: Path) -> None:
    ours = generator("tiny", tmp_path)
    request = GenerationRequest(template("4ch-ed"), Sampling("tiny", "euler", 2))
    frames = [variant.generate(request).image for variant in (ours, recomputed(ours), as_published(ours))]
    for frame in frames[1:]:
        assert int(abs(frame.astype(int) - frames[0].astype(int)).max()) <= 1
