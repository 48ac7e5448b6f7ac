"""Labels are told apart by colour-blind people too: simulated after Machado et al. (2009), measured by CIEDE2000."""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from echo_studio.anatomy.labels import LABEL_COUNT, LABELS
from tests.web.palettes import page_constants, palette

# Machado et al. 2009, severity 1.0; they act on linear RGB.
SEES = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# A difference of 2 can be seen side by side; 10 is plain at a glance.
LEAST = {"standard": 10, "okabe-ito": 20}


def seen(colour: tuple[int, int, int], matrix: np.ndarray) -> np.ndarray:
    """CIELAB of an sRGB colour through other eyes."""
    value = np.array(colour) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    linear = np.clip(matrix @ linear, 0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("eyes", SEES)
def test_every_two_labels_differ_enough(name: str, eyes: str) -> None:
    colours = [seen(colour, SEES[eyes]) for colour in palette(name)]
    for (a, first), (b, second) in combinations(enumerate(colours), 2):
        difference = float(deltaE_ciede2000(first, second))
        assert difference >= LEAST[name], f"{LABELS[a].name} and {LABELS[b].name}: {difference:.1f}"


def test_a_palette_has_a_colour_for_every_label_and_none_twice() -> None:
    assert set(page_constants()["PALETTES"]) == set(LEAST)
    for name in LEAST:
        assert len(set(palette(name))) == LABEL_COUNT


def test_the_page_has_the_label_schema_of_the_package() -> None:
    wanted = [{"id": label.id, "name": label.name, "colour": list(label.colour)} for label in LABELS]
    assert page_constants()["LABELS"] == wanted
    assert palette("standard") == [label.colour for label in LABELS]
