"""Beats of a generator of frames: at full size, closed, the same alone and in a batch, and seen while they are made."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.data.template import template
from echo_studio.errors import Cancelled, RequestError
from echo_studio.generate.build import build_network, soft_one_hot
from echo_studio.generate.catalog import catalog
from echo_studio.generate.checkpoint import Card, read_card, read_weights, write_checkpoint
from echo_studio.generate.sampling import Look, Sampling
from echo_studio.generate.source import Source
from echo_studio.generate.video import beat as beats
from echo_studio.generate.video.beat import BeatGenerator
from echo_studio.generate.video.catalog import default_video_generator, load_video_generator, video_generators
from echo_studio.generate.video.generator import cycle_of
from echo_studio.generate.video.life import GAIN, gain, sway
from echo_studio.generate.video.request import VideoRequest
from tests.generate.tiny import grain_checkpoints, tiny_cyclegan


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher `grainy`, a student of it `draft-grainy`, a plain latent generator and a CycleGAN."""
    folder = grain_checkpoints(tmp_path_factory.mktemp("checkpoints"))
    tiny_cyclegan(folder / "gan")
    teacher = read_card(folder / "grainy")
    network = build_network("edm", teacher.network)
    network.load_state_dict(read_weights(folder / "grainy", teacher))
    card = dataclasses.replace(
        teacher,
        name="draft-grainy",
        kind="distilled",
        settings={"scale": 0.5, "background": -0.7},
        advised_nfe=1,
        distilled_from={"grainy": teacher.sha256},
    )
    assert isinstance(write_checkpoint(folder / "draft-grainy", card, network), Card)
    return folder


@pytest.fixture(scope="module")
def heart() -> LabelMap:
    return template("4ch-ed").resized(96, 96)


def request(heart: LabelMap, name: str = "beat-grainy", nfe: int = 1, **changes: object) -> VideoRequest:
    return dataclasses.replace(VideoRequest(heart, Sampling(name, "euler", nfe), frames=7, seed=3), **changes)  # type: ignore[arg-type]


def test_every_generator_of_frames_makes_beats_and_a_student_shares_its_teachers(checkpoints: Path) -> None:
    entries = video_generators(checkpoints)
    assert list(entries) == ["beat-grainy", "beat-gan", "beat-tiny"]
    assert default_video_generator(checkpoints) == "beat-grainy"
    pair = entries["beat-grainy"]
    assert (pair.checkpoint, pair.refines_with, pair.advised_nfe, pair.refined_nfe) == ("draft-grainy", "grainy", 1, 4)
    assert {"draft-grainy", "grainy", "tiny-grain"} <= set(pair.weights)
    assert pair.has_look
    assert not entries["beat-tiny"].has_look


@pytest.mark.parametrize(("name", "nfe"), [("beat-grainy", 1), ("beat-grainy", 2), ("beat-tiny", 2), ("beat-gan", 1)])
def test_a_beat_has_the_label_maps_size_and_is_its_request_again(
    checkpoints: Path, heart: LabelMap, name: str, nfe: int
) -> None:
    generator = load_video_generator(name, checkpoints)
    order = request(heart, name, nfe)
    first, again = generator.generate(order), generator.generate(order)
    assert first.clip.shape == (7, 96, 96) == first.cycle.ids.shape
    assert np.array_equal(first.clip, again.clip)
    assert not first.clip[first.cycle.ids == 0].any()
    assert not np.array_equal(first.clip, generator.generate(dataclasses.replace(order, seed=4)).clip)
    record = first.record.to_json()
    assert (record["generator"], record["nfe_run"]) == (name, nfe)
    made_with = {"beat-grainy": {1: "draft-grainy", 2: "grainy"}, "beat-tiny": {2: "tiny"}, "beat-gan": {1: "gan"}}
    assert next(iter(record["checkpoints"])) == made_with[name][nfe]


@pytest.mark.parametrize(("nfe", "solver"), [(1, "euler"), (3, "heun-stochastic")])
def test_a_frame_alone_is_what_it_is_in_a_batch(
    checkpoints: Path, heart: LabelMap, monkeypatch: pytest.MonkeyPatch, nfe: int, solver: str
) -> None:
    generator = load_video_generator("beat-grainy", checkpoints)
    order = request(heart, sampling=Sampling("beat-grainy", solver, nfe))
    together = generator.generate(order).clip
    monkeypatch.setitem(beats.BATCH, "cpu", 1)
    alone = generator.generate(order).clip
    assert np.abs(together.astype(int) - alone).max() <= 1


def test_frames_come_as_they_are_made_every_third_first(checkpoints: Path, heart: LabelMap) -> None:
    generator = load_video_generator("beat-grainy", checkpoints)
    seen: list[int] = []
    frames: dict[int, np.ndarray] = {}
    steps: list[tuple[int, int]] = []

    def take(places, pictures) -> None:  # type: ignore[no-untyped-def]
        seen.extend(places)
        frames.update(zip(places, pictures, strict=True))

    made = generator.generate(request(heart), lambda done, total, preview: steps.append((done, total)), take)
    assert seen == [0, 3, 6, 1, 4, 2, 5]
    assert all(np.array_equal(frames[k], made.clip[k]) for k in range(7))
    assert steps == [(1, 2), (2, 2)]


def test_a_cancel_stops_between_two_batches_and_a_preview_is_a_frame(checkpoints: Path, heart: LabelMap) -> None:
    shown = []

    def stop(done: int, total: int, preview) -> None:  # type: ignore[no-untyped-def]
        shown.append(preview())
        raise Cancelled

    with pytest.raises(Cancelled):
        load_video_generator("beat-grainy", checkpoints).generate(request(heart), stop)
    assert [one.shape for one in shown] == [(96, 96)]


def test_what_cannot_be_done_is_refused(checkpoints: Path, heart: LabelMap) -> None:
    beat, plain = (load_video_generator(name, checkpoints) for name in ("beat-grainy", "beat-tiny"))
    with pytest.raises(RequestError, match="start step 0"):
        beat.generate(request(heart, start_step=5))
    with pytest.raises(RequestError, match="no grain and coarseness"):
        plain.generate(request(heart, sampling=Sampling("beat-tiny", "euler", 2, look=Look(grain=1.0))))
    with pytest.raises(RequestError, match="NFE 1"):
        load_video_generator("beat-gan", checkpoints).generate(request(heart, "beat-gan", 3))
    with pytest.raises(RequestError, match="label dropout"):
        beat.generate(request(heart, sampling=Sampling("beat-grainy", "euler", 2, guidance=2.0)))
    assert isinstance(beat, BeatGenerator)


def test_breath_and_brightness_close_after_a_beat_and_are_small(heart: LabelMap) -> None:
    cycle = cycle_of(request(heart, frames=24, motion=Motion(ef=60)))
    for seed in range(4):
        curve, way = gain(cycle, seed), sway(24, seed)
        assert curve.mean() == pytest.approx(1)
        assert 0.3 * GAIN < curve.std() < 1.7 * GAIN
        for values in (curve, *way.T):
            steps = np.abs(np.diff(np.append(values, values[0])))
            assert steps[-1] <= 1.5 * steps[:-1].max()
        assert not way[0].any()
        assert np.abs(way).max() < 0.01
    assert np.corrcoef(gain(cycle, 1), (cycle.ids == 1).sum((1, 2)))[0, 1] < -0.5


def still(heart: LabelMap) -> Source:
    """A frame of speckle that the heart might show; text stands in a corner outside its sector."""
    image = np.random.default_rng(0).integers(1, 255, heart.shape).astype(np.uint8)
    return Source(image, heart)


@pytest.mark.parametrize("nfe", [1, 2])
def test_a_beat_of_a_real_frame_begins_with_that_frame_and_moves(checkpoints: Path, heart: LabelMap, nfe: int) -> None:
    source = still(heart)
    made = load_video_generator("beat-grainy", checkpoints).generate(request(heart, nfe=nfe, source=source))
    assert made.clip.shape == (7, *heart.shape)
    assert np.array_equal(made.clip[0], np.where(source.inside, source.image, 0))
    assert not made.clip[:, ~source.inside].any()
    assert all((made.clip[k][source.inside] != made.clip[0][source.inside]).mean() > 0.5 for k in range(1, 7))
    record = made.record.to_json()
    assert (record["kind"], record["source"]["image_sha256"]) == ("edited real frame", source.sha256)
    assert record["notice"] == "edited real frame: personal data, not for diagnosis"
    assert np.array_equal(made.cycle.ids[0], source.guide(heart).ids)


def test_an_edited_heart_beats_from_the_edited_frame(checkpoints: Path, heart: LabelMap) -> None:
    source, edited = still(heart), reshape(heart, Shape(wall=1.4))
    made = load_video_generator("beat-grainy", checkpoints).generate(request(edited, source=source))
    untouched = source.inside & (source.weight(edited) == 0)
    assert np.array_equal(made.clip[0][untouched], source.image[untouched])
    assert not np.array_equal(made.clip[0], np.where(source.inside, source.image, 0))
    assert np.array_equal(made.cycle.ids[0], source.guide(edited).ids)


def test_nothing_of_an_edited_frame_that_beats_stays_once_its_source_is_forgotten(
    checkpoints: Path, heart: LabelMap
) -> None:
    models = catalog(checkpoints)
    entry = video_generators(checkpoints)["beat-grainy"]
    source, edited = still(heart), reshape(heart, Shape(wall=1.4))
    BeatGenerator(entry, torch.device("cpu"), models.load("draft-grainy")).generate(request(edited, source=source))
    assert len(models.inversions._kept) == 2  # of the frame, and of the edited frame
    models.inversions.forget(source)
    assert not models.inversions._kept


def test_a_source_among_much_black_beats_within_its_sector(checkpoints: Path, heart: LabelMap) -> None:
    wide = LabelMap(np.pad(heart.ids, 20), heart.spacing_mm)
    source = Source(np.pad(still(heart).image, 20), wide)
    seen: list[int] = []
    generator = load_video_generator("beat-grainy", checkpoints)
    made = generator.generate(request(wide, source=source), on_frames=lambda places, frames: seen.extend(places))
    assert sorted(seen) == list(range(7))
    assert np.array_equal(made.clip[0], np.where(source.inside, source.image, 0))
    assert not made.clip[:, ~source.inside].any()
    assert made.record.size == wide.shape


def test_only_beats_take_a_source_and_its_size_counts(checkpoints: Path, heart: LabelMap) -> None:
    with pytest.raises(RequestError, match="an edited label map of the frame's size, 96x96, got 64x64"):
        request(heart.resized(64, 64), source=still(heart))
    with pytest.raises(RequestError, match="to keep the look of a real frame, got gan"):
        load_video_generator("beat-gan", checkpoints).generate(request(heart, "beat-gan", source=still(heart)))


def test_the_guiding_cavity_shrinks_by_parts_of_a_pixel_and_its_wall_takes_the_place() -> None:
    ids = np.full((3, 64, 64), 4, np.uint8)
    y, x = np.mgrid[:64, :64] - 31.5
    radius = np.hypot(x, y)
    ids[:, radius < 26] = 2
    ids[:, radius < 16] = 1
    one_hot = soft_one_hot(torch.from_numpy(ids), 4)
    moved = beats.with_cavity(one_hot, ids, np.array([0.0, 0.5, -0.5]))
    # Half a pixel of the border, whose staircase hardly changes what lies half a pixel beside it.
    area = 16 * moved[:, 1].sum((1, 2))
    assert float(area[0]) == pytest.approx(np.pi * 16**2, rel=0.02)
    for place, wanted in ((1, 15.5), (2, 16.5)):
        assert float(area[place]) == pytest.approx(np.pi * wanted**2, rel=0.02)
    np.testing.assert_allclose(moved.sum(1), 1, atol=1e-5)
    assert float(moved.min()) >= 0
    assert torch.equal(moved[:, 4], one_hot[:, 4]), "nothing else moves"
    bare = np.where(ids == 2, np.uint8(4), ids)
    alone = soft_one_hot(torch.from_numpy(bare), 4)
    assert torch.equal(beats.with_cavity(alone, bare, np.full(3, 0.5)), alone), "without a wall nothing takes the place"
