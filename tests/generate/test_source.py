"""Edited real frames: the frame itself where nothing was edited, and away from an edit."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import sector_of
from echo_studio.errors import CheckpointError, ImageError, RequestError
from echo_studio.generate import generator as module
from echo_studio.generate.build import build_network
from echo_studio.generate.catalog import catalog, load_generator
from echo_studio.generate.checkpoint import Card, read_card, write_card, write_checkpoint
from echo_studio.generate.generator import Generator
from echo_studio.generate.source import Source, edit_weight
from tests.generate.test_generator import ask, heart
from tests.generate.tiny import grain_checkpoints, tiny_cyclegan

UNET = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}


def student(folder: Path, teacher: str) -> None:
    """A distilled generator of random weights beside its teacher."""
    torch.manual_seed(0)
    card = read_card(folder / teacher)
    about = {"distilled_from": {teacher: card.sha256}, "needs": card.needs, "makes": "frame", "advised_nfe": 1}
    settings = {"scale": 0.5, "background": -0.7}
    student = Card("student", "distilled", "Tiny", "For tests.", "none", UNET, settings, 64, **about)  # type: ignore[arg-type]
    write_checkpoint(folder / "student", student, build_network("distilled", UNET))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = grain_checkpoints(tmp_path_factory.mktemp("checkpoints"))
    student(folder, "grainy")
    tiny_cyclegan(folder / "gan")
    return folder


@pytest.fixture(scope="module", params=["tiny", "grainy", "student"])
def generator(folder: Path, request: pytest.FixtureRequest) -> Generator:
    return load_generator(request.param, folder)


def real(**changes: Any) -> Source:
    """A frame of speckle, with text in a corner outside its sector."""
    label_map = heart()
    image = np.random.default_rng(0).integers(1, 255, label_map.shape).astype(np.uint8)
    image[:4, :8] = 255
    return dataclasses.replace(Source(image, label_map), **changes)


def edited(generator: Generator, label_map: LabelMap, source: Source, **changes: Any) -> Any:
    return generator(label_map, nfe=generator.card.advised_nfe, source=source, **changes)


def test_an_unedited_map_gives_the_frame_back_and_nothing_outside_its_sector(generator: Generator) -> None:
    source = real()
    made = edited(generator, source.label_map, source)
    assert np.array_equal(made.image[source.inside], source.image[source.inside])
    assert not made.image[~source.inside].any()
    assert (~source.inside).any()


def test_what_is_away_from_an_edit_stays_bit_for_bit(generator: Generator) -> None:
    source, label_map = real(), heart(3)
    untouched = source.inside & (source.weight(label_map) == 0)
    made = edited(generator, label_map, source)
    assert np.array_equal(made.image[untouched], source.image[untouched])
    changed = source.weight(label_map) == 1
    assert untouched.sum() > 200
    assert (made.image[changed] != source.image[changed]).mean() > 0.8


def test_the_same_edit_gives_the_same_frame_and_another_seed_changes_it_where_noise_is_fresh(folder: Path) -> None:
    generator = load_generator("grainy", folder)
    source = real(keep=0.5)
    first, again, other = (edited(generator, heart(3), source, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.image, again.image)
    assert not np.array_equal(first.image, other.image)


def test_nothing_kept_and_the_whole_frame_is_what_no_source_gives(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a generator whose decoder has no look of its own, and without the source's strength of grain."""
    monkeypatch.setattr(module, "MAX_GRAIN", 1.0)
    generator = load_generator("tiny", folder)
    # A sector that fills the frame: no rectangle is cut out.
    everywhere = LabelMap(np.where(heart().ids == OUTSIDE, np.uint8(SECTOR), heart().ids))
    alone = edited(generator, everywhere, real(label_map=everywhere, keep=0.0, whole_frame=True))
    assert np.abs(alone.image.astype(int) - generator(everywhere, nfe=4).image).max() <= 1


def test_the_whole_frame_with_its_own_noise_is_nearer_to_the_source_than_with_fresh_noise(folder: Path) -> None:
    generator = load_generator("tiny", folder)
    own = catalog(folder).load("tiny")
    source = real(whole_frame=True)
    through = own.codec.decoding  # type: ignore[attr-defined]
    inside = torch.from_numpy(source.inside.astype(np.float32))[None, None]
    pixels = torch.from_numpy(source.image.astype(np.float32) / 127.5 - 1)[None, None]
    with torch.inference_mode():
        decoded = through(inside, [0])(own.codec.encode(pixels, inside))  # type: ignore[attr-defined]
    codec_alone = ((decoded[0, 0].numpy() + 1) * 127.5)[source.inside]
    kept, fresh = (
        edited(generator, source.label_map, dataclasses.replace(source, keep=keep), solver="heun")
        for keep in (1.0, 0.0)
    )
    away = [np.abs(one.image[source.inside] - codec_alone).mean() for one in (kept, fresh)]
    assert away[0] < 0.7 * away[1]


def test_the_record_says_what_was_edited_and_holds_no_pixels(folder: Path) -> None:
    generator = load_generator("tiny", folder)
    source = real(keep=0.5)
    record = edited(generator, heart(3), source).record.to_json()
    assert record["kind"] == "edited real frame"
    assert record["source"] == {
        "image_sha256": source.sha256,
        "label_map_sha256": source.label_map.digest,
        "keep": 0.5,
        "whole_frame": False,
    }
    assert record["notice"] == "edited real frame: personal data, not for diagnosis"
    assert len(json.dumps(record)) < 2000
    synthetic = generator(heart(), nfe=2).record.to_json()
    assert not {"kind", "source"} & synthetic.keys()


def test_only_the_first_edit_of_a_frame_waits_for_its_inversion(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inversions: list[int] = []
    import echo_studio.generate.generator as module

    invert = module.invert
    monkeypatch.setattr(module, "invert", lambda *about: inversions.append(1) or invert(*about))
    models = catalog(folder)
    teacher, drafts = models.load("grainy"), models.load("student")
    for model, shift in ((drafts, 3), (teacher, 3), (drafts, 4)):
        edited(model, heart(shift), real())
    assert len(inversions) == 1
    edited(teacher, heart(3), real(), view="2CH")
    models.inversions.forget(real())
    assert not models.inversions._kept, "what was cropped from the frame is forgotten with it"
    edited(drafts, heart(3), real())
    assert len(inversions) == 3


def test_the_sector_is_the_frames_own() -> None:
    source = real()
    wide = LabelMap(np.full((64, 64), SECTOR, np.uint8), source.label_map.spacing_mm)
    assert np.array_equal(source.guide(wide).ids != OUTSIDE, source.inside)
    bare = LabelMap(np.where(source.label_map.ids == LV_CAVITY, np.uint8(LV_CAVITY), np.uint8(0)), None)
    assert np.array_equal(source.guide(bare).ids != OUTSIDE, source.inside)


def test_only_what_changed_and_what_lies_between_has_weight() -> None:
    before = heart().ids
    assert not edit_weight(before, before).any()
    weight = edit_weight(before, heart(3).ids)
    assert (weight[before != heart(3).ids] == 1).all()
    assert np.array_equal(weight, edit_weight(heart(3).ids, before))
    assert weight[0].max() == weight[-1].max() == 0
    rows = np.zeros((64, 64), np.uint8)
    moved = rows.copy()
    moved[20:22], moved[24:26] = 1, 1  # two borders of a wall: what lies between has moved too
    assert (edit_weight(rows, moved)[20:26] == 1).all()


def test_grain_keeps_its_strength_where_two_frames_meet() -> None:
    random = np.random.default_rng(1)
    first, second = (np.clip(random.normal(128, 20, (256, 256)), 1, 254).astype(np.uint8) for _ in range(2))
    label_map = LabelMap(np.full((256, 256), SECTOR, np.uint8), None)
    half = np.full((256, 256), 0.5, np.float32)
    mixed = Source(first, label_map).composed(second, half)
    assert mixed.std() == pytest.approx(first.std(), rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keep": 2.0}, "keep from 0 to 1, got 2"),
        ({"keep": float("nan")}, "keep from 0 to 1, got nan"),
        ({"label_map": LabelMap(np.full((32, 48), SECTOR, np.uint8))}, "of the frame's size, 64x64, got 48x32"),
        ({"label_map": LabelMap(np.zeros((64, 64), np.uint8))}, "a frame with a sector"),
        ({"image": np.zeros((64, 64, 3), np.uint8)}, r"a frame uint8 \(height, width\)"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises((RequestError, ImageError), match=message):
        real(**change)


def test_an_edited_map_of_another_size_a_batch_and_a_generator_without_an_ode_are_refused(folder: Path) -> None:
    generator = load_generator("tiny", folder)
    with pytest.raises(RequestError, match="an edited label map of the frame's size, 64x64, got 32x32"):
        generator(LabelMap(np.full((32, 32), SECTOR, np.uint8)), source=real())
    with pytest.raises(RequestError, match="or one that edits a real frame"):
        generator.generate_batch([ask(source=real()), ask()])
    with pytest.raises(RequestError, match="a diffusion generator, or one that is distilled from one"):
        edited(load_generator("gan", folder), heart(3), real())


def test_a_student_whose_teacher_has_other_weights_is_refused(tmp_path: Path) -> None:
    folder = grain_checkpoints(tmp_path)
    student(folder, "grainy")
    card = read_card(folder / "student")
    write_card(folder / "student", dataclasses.replace(card, distilled_from={"grainy": "0" * 64}))
    with pytest.raises(CheckpointError, match="grainy, which student learned from"):
        edited(load_generator("student", folder), heart(3), real())


def test_the_look_of_a_real_frame_is_that_of_what_is_generated_with_it(folder: Path) -> None:
    generator = load_generator("grainy", folder)
    image = np.where(heart().ids != OUTSIDE, real().image, 0).astype(np.uint8)
    look = generator.look_of(image)
    assert look == generator.look_of(np.pad(image, 20)), "what lies around the sector does not count"
    assert look.grain is not None
    smooth = generator.look_of(np.where(image > 0, 100 + image // 8, 0).astype(np.uint8))
    assert smooth.grain is not None
    assert smooth.grain < look.grain
    with pytest.raises(RequestError, match="a generator whose grain can be chosen"):
        load_generator("tiny", folder).look_of(image)


def test_structures_that_no_fitted_sector_cuts_off_end_where_the_frame_is_dark() -> None:
    """A wall beyond a sector that is drawn freely: nothing is painted there."""
    label_map = heart()
    ids = label_map.ids.copy()
    rows, columns = np.nonzero(ids == SECTOR)
    odd = (ids == SECTOR) & (np.add.outer(np.arange(ids.shape[0]) // 6, np.arange(ids.shape[1]) // 6) % 2 == 0)
    ids[odd] = OUTSIDE  # no sector fits what is left
    lit = label_map.ids != OUTSIDE
    ids[rows.max() - 12 : rows.max(), : columns.min() + 4] = LV_CAVITY
    image = np.where(lit, np.random.default_rng(0).integers(30, 255, ids.shape), 0).astype(np.uint8)
    source = Source(image, LabelMap(ids, label_map.spacing_mm))
    assert sector_of(ids) is None
    beyond = ~lit & (ids == LV_CAVITY)
    assert beyond.any()
    assert (source.inside & beyond).sum() < 0.2 * beyond.sum()
