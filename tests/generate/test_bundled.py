"""The weights that ship: whole, within their limits, and they do what their cards say."""

from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import template
from echo_studio.evaluate.frames.adherence import measure_adherence
from echo_studio.evaluate.frames.segmentation import Scorers
from echo_studio.generate.catalog import bundled_checkpoints, load_cards, load_generator
from echo_studio.generate.checkpoint import WEIGHTS, read_card
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling, advised_sampling

MIB = 2**20


def test_each_file_is_at_most_16_mib_and_the_first_three_32() -> None:
    sizes = {path.parent.name: path.stat().st_size for path in bundled_checkpoints().glob(f"*/{WEIGHTS}")}
    assert max(sizes.values()) <= 16 * MIB
    assert sum(sizes[name] for name in ("edm-l64", "gamma-vae-64-grain", "segmenter")) <= 32 * MIB


def test_every_card_says_where_its_weights_come_from() -> None:
    for folder in bundled_checkpoints().glob("*/"):
        card = read_card(folder)
        assert card.name == folder.name
        for entry in ("title", "description", "paper", "data", "split", "licence", "machine"):
            assert getattr(card, entry), (card.name, entry)
        assert "NC-SA" in card.licence
        assert card.images_seen > 0
        assert card.minutes > 0
        assert card.scores


def test_a_frame_follows_the_mean_heart() -> None:
    generator, segmenter = load_generator("edm-l64"), Scorers.load().labeller
    label_map = template("4ch-ed")
    made = generator.generate(GenerationRequest(label_map, advised_sampling(generator.card)))
    assert made.image.shape == label_map.shape
    assert made.image[label_map.inside].std() > 20
    found = segmenter.label([made.image])[0]
    overlap = np.logical_and(found.ids == 1, label_map.ids == 1).sum() * 2
    assert overlap / ((found.ids == 1).sum() + (label_map.ids == 1).sum()) > 0.8


def test_the_catalog_lists_the_generator_with_its_advice() -> None:
    card = load_cards()["edm-l64"]
    assert (card.makes, card.resolution, card.advised_nfe, card.advised_solver) == ("frame", 256, 10, "ipndm")


@pytest.mark.slow
def test_adherence_on_real_label_maps_is_what_the_card_promises(camus_root: Path) -> None:
    data = CamusFolder(camus_root)
    ids = data.frame_ids(data.split("validation"))[::10]
    frames = [data.read(frame_id) for frame_id in ids]
    report = measure_adherence(load_generator("edm-l64"), Scorers.load(), frames, Sampling("edm-l64", "ipndm", 10), 0)
    promised = load_cards()["edm-l64"].scores["validation"]["adherence_nfe_10_ipndm"]
    measured = report.generated if "labeller" in promised else report.labeller["generated"]
    for key, value in measured.items():
        # Twenty of the 200 frames: within a few hundredths of the mean over all.
        assert value == pytest.approx(promised[key], abs=0.05), key
