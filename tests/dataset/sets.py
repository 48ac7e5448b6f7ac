"""Small sets, drawn at random, for the tests of exports."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from echo_studio.anatomy.sector.geometry import Sector, with_sector
from echo_studio.dataset.pairs import write_pair
from echo_studio.dataset.sample import SetSample
from tests.conftest import echo_like

LICENCE = "CC BY-NC-SA 4.0 (from CAMUS), non-commercial research only"


def random_samples(
    seed: int,
    count: int = 6,
    bases: int = 4,
    clips: bool = False,
    shape: tuple[int, int] | None = None,
    labels: int = 5,
) -> list[SetSample]:
    """Frames or clips of several label maps: every field takes several values, sizes and spacings are odd."""
    rng = np.random.default_rng(seed)
    samples = []
    for number in range(count):
        height, width = shape or (int(rng.integers(8, 70)), int(rng.integers(8, 70)))
        size = (int(rng.integers(2, 5)), height, width) if clips else (height, width)
        record = {"generator": "edm-l64", "solver": "ipndm", "nfe": 10, "seed": number, "note": "σ = ½; a: b | c\n"}
        samples.append(
            SetSample(
                id=f"s{number:03d}_{'clip' if clips else 'frame'}",
                base=f"map-{number % bases}",
                view=("2CH", "4CH")[number % 2],
                phase=None if clips else ("ED", "ES")[int(rng.integers(2))],
                fps=float(rng.uniform(5, 60)) if clips else None,
                spacing_mm=None if number % 3 == 2 else (float(rng.uniform(0.05, 2)), float(rng.uniform(0.05, 2))),
                licence=LICENCE,
                tags=("seen", "weiß, gut")[: number % 3],
                record=record if number else {},
                image=rng.integers(0, 256, size, dtype=np.uint8),
                ids=rng.integers(0, labels, size, dtype=np.uint8),
            )
        )
    return samples


def echo_samples(count: int = 5) -> list[SetSample]:
    """Frames in a sector, so that the sector can be found again: (96, 80), spacing (0.4, 0.3) mm."""
    samples = []
    for number in range(count):
        sector = Sector(apex=(39.5, 2.0), angle_left=-0.6, angle_right=0.6, near=0.0, far=85.0 - number)
        image, ids = echo_like(number, sector)
        about = {"id": f"e{number}", "base": f"heart{number}", "view": "4CH", "phase": "ES", "licence": LICENCE}
        samples.append(
            SetSample(**about, spacing_mm=(0.4, 0.3), image=image, ids=with_sector(np.where(image, ids, 0), image > 0))
        )
    return samples


def write_set(folder: Path, samples: Iterable[SetSample]) -> Path:
    """A set in the studio's own format."""
    folder.mkdir()
    for sample in samples:
        write_pair(folder / sample.id, sample)
    return folder


def same(one: SetSample, other: SetSample) -> bool:
    """Equal in everything, pixels and labels byte for byte."""
    return (
        one.to_json() == other.to_json()
        and np.array_equal(one.image, other.image)
        and np.array_equal(one.ids, other.ids)
    )
