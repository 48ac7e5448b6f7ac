"""Thumbnails: small, of the right sample, with borders where they are wanted, and never too many in memory."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from echo_studio.dataset.curation.thumbnail import SIDE, thumbnail, thumbnail_or_grey
from tests.dataset.sets import echo_samples, random_samples, write_set


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_thumbnail_is_the_frame_in_small_with_borders_inside_the_structures(tmp_path: Path) -> None:
    sample = echo_samples(1)[0]
    folder = write_set(tmp_path / "set", [sample]) / sample.id
    plain, outlined = opened(thumbnail(folder, False)), opened(thumbnail(folder, True))
    assert plain.size == outlined.size == (80, 96), "a small one is not made larger"
    assert np.abs(np.asarray(plain, float) - sample.image).mean() < 4
    coloured = np.asarray(outlined, float).std(axis=-1) > 12
    inside = np.isin(sample.ids, (1, 2, 3))
    assert coloured.any()
    assert (coloured & inside).sum() > 0.5 * coloured.sum()


def test_a_clip_shows_its_first_frame_and_a_large_one_is_shrunk(tmp_path: Path) -> None:
    (clip,) = random_samples(1, count=1, clips=True, shape=(300, 200))
    folder = write_set(tmp_path / "set", [clip]) / clip.id
    assert opened(thumbnail(folder, False)).size == (round(200 * SIDE / 300), SIDE)


def test_memory_is_bounded_and_a_damaged_frame_is_grey_until_it_is_mended(tmp_path: Path) -> None:
    samples = random_samples(2, count=5, shape=(64, 64))
    root = write_set(tmp_path / "set", samples)
    made = [thumbnail_or_grey(root / sample.id, False) for sample in samples]
    assert [thumbnail_or_grey(root / sample.id, False) for sample in samples] == made
    limit = thumbnail.cache_parameters()["maxsize"]
    assert limit is not None
    assert limit * max(map(len, made)) < 100 << 20
    frame = root / samples[0].id / "frame.png"
    whole = frame.read_bytes()
    thumbnail.cache_clear()
    frame.write_bytes(b"no")
    assert len({opened(thumbnail_or_grey(frame.parent, False)).getpixel((k, k)) for k in range(0, 128, 9)}) == 1
    frame.write_bytes(whole)
    assert thumbnail_or_grey(frame.parent, False) == made[0]
