"""From cards to denoisers: the family is the card's, and a card of the first release still loads."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from echo_studio.diffusion.denoiser import Preconditioned
from echo_studio.diffusion.families import FAMILIES, Edm
from echo_studio.errors import CheckpointError, RequestError, UnknownNameError
from echo_studio.generate.build import build_network, denoiser_of, family_of
from echo_studio.generate.catalog import bundled_checkpoints, load_generator
from echo_studio.generate.checkpoint import Card, read_card, write_card
from tests.generate.test_generator import ask
from tests.generate.tiny import tiny_checkpoints

SHAPE = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}


def card(kind: str, **settings: float) -> Card:
    return Card("tiny", kind, "Tiny", "For tests.", "none", SHAPE, {"background": -1.0, **settings}, 64)


def test_the_bundled_card_which_knows_sigma_data_alone_is_edm() -> None:
    found = family_of(read_card(bundled_checkpoints() / "edm-l64"))
    assert isinstance(found, Edm)
    assert found.sigma_data == pytest.approx(0.487, abs=1e-3)


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_denoiser_is_of_the_cards_family_with_its_limit(kind: str) -> None:
    settings = {"sigma_data": 0.4, "limit": 1.0, "kl_weight": 0.01, "label_dropout": 0.1}
    denoiser = denoiser_of(card(kind, **settings), build_network(kind, SHAPE))
    assert isinstance(denoiser, Preconditioned)
    assert isinstance(denoiser.family, FAMILIES[kind])
    assert denoiser.limit == 1
    if kind != "edm":
        free = denoiser_of(card(kind), build_network(kind, SHAPE))
        assert isinstance(free, Preconditioned)
        assert free.limit == math.inf


def test_a_card_of_another_family_or_without_its_numbers_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="edm, sdm, ve, vp"):
        family_of(card("gan"))
    with pytest.raises(UnknownNameError, match="edm, gamma-vae, grain-decoder, judge, sdm, segmenter, ve, video-edm"):
        build_network("gan", SHAPE)
    with pytest.raises(CheckpointError, match="sigma_data"):
        family_of(card("edm"))


def test_guidance_changes_frames_of_generators_trained_for_it_and_is_refused_by_others(tmp_path: Path) -> None:
    folder = tiny_checkpoints(tmp_path)
    with pytest.raises(RequestError, match="label dropout"):
        load_generator("tiny", folder).generate(ask(guidance=2.0))
    kept = read_card(folder / "tiny")
    write_card(folder / "tiny", dataclasses.replace(kept, settings={**kept.settings, "label_dropout": 0.2}))
    generator = load_generator("tiny", folder)
    plain, guided = generator.generate(ask()), generator.generate(ask(guidance=2.0))
    assert not np.array_equal(plain.image, guided.image)
    assert (plain.record.sampling.guidance, guided.record.sampling.guidance) == (0.0, 2.0)
    with pytest.raises(RequestError, match="share all but"):
        generator.generate_batch([ask(), ask(guidance=2.0)])
    with pytest.raises(RequestError, match="guidance from 0"):
        ask(guidance=-1.0)
