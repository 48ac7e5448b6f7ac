"""Ejection fractions in sets: clips that are a beat, frames at end systole, each drawn from its own seed."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, SECTOR
from echo_studio.anatomy.measure.sizes import lv_discs
from echo_studio.data.template import template
from echo_studio.dataset.build.batch import SampleRenderer, deformed_map
from echo_studio.dataset.build.manifest import BaseMap, Item, SetRequest
from echo_studio.dataset.build.request import set_request
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.build.synthesise import synthesise
from echo_studio.dataset.export.formats import export_set, read_set
from echo_studio.dataset.split import Fractions
from echo_studio.errors import DataError, EchoStudioError, RequestError
from tests.dataset.hearts import assert_whole
from tests.generate.tiny import tiny_checkpoints, tiny_videos


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny_videos(folder)
    return tiny_checkpoints(folder)


def diastoles() -> list[BaseMap]:
    return [BaseMap(name, name, "4CH", "ED", template(name)) for name in ("4ch-ed", "4ch-ed-dilated")]


def beating(checkpoints: Path, *generators: str, **more: object) -> SetRequest:
    about = {"clip_frames": 4, "variations": 1, "ef": (30.0, 60.0), "seed": 5, **more}
    return set_request(diastoles(), generators, "", [2], checkpoints, "cpu", **about)


def made(root: Path, order: SetRequest, checkpoints: Path, workers: int = 1, most: int = 100) -> Path:
    folder, told = SetFolder(root), list[int]()
    with folder.begin(order):
        synthesise(folder, workers, checkpoints, on_made=told.append, stop=lambda: len(told) >= most)
    return root


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, checkpoints: Path) -> Path:
    """Four clips, of two hearts and two generators, made one by one."""
    return made(tmp_path_factory.mktemp("clips") / "set", beating(checkpoints, "free-echo", "video-spade"), checkpoints)


def test_every_clip_is_the_beat_that_its_line_says(clips: Path, tmp_path: Path) -> None:
    folder = SetFolder(clips)
    items = {item.id: item for _, batch in folder.batches() for item in batch}
    listed = [one.load() for one in read_set(clips)]
    assert [one.id for one in listed] == sorted(items)
    for sample in listed:
        item = items[sample.id]
        assert (sample.fps, sample.phase, sample.image.shape) == (pytest.approx(4 * 70 / 60), None, (4, 256, 256))
        heart = deformed_map(folder.base(item.map), item, folder.header)
        assert np.array_equal(sample.ids[0], heart.ids)
        anatomy = sample.record["anatomy"]
        assert anatomy["ef"] == item.ef == sample.record["motion"]["ef"]
        assert anatomy["ef_drawn"] == pytest.approx(item.ef, abs=1.5)
        assert (sample.record["seed"], sample.record["nfe"]) == (item.seed, 2)
    assert [one.record["start_step"] for one in listed] == [50, 50, 0, 0]
    assert len({sample.image.tobytes() for sample in listed}) == 4
    card = export_set(clips, "webdataset", tmp_path / "out", Fractions(0, 0))
    assert (card["clips"], card["phases"]) == (4, {"whole cycle": 4})


def test_a_clip_is_the_same_alone_in_a_batch_and_after_a_stop(clips: Path, checkpoints: Path, tmp_path: Path) -> None:
    order = beating(checkpoints, "free-echo", "video-spade")
    made(tmp_path / "set", order, checkpoints, most=1)
    made(tmp_path / "set", order, checkpoints)
    assert_whole(tmp_path / "set", clips)
    folder = SetFolder(clips)
    both = [item for item in order.items() if item.how == 0]
    together, aside = SampleRenderer(folder.header, folder.base, checkpoints).make(both)
    assert not aside
    for sample, listed in zip(together, read_set(clips), strict=False):
        assert np.array_equal(sample.image, listed.load().image)


@pytest.mark.slow
def test_two_workers_make_the_same_clips(clips: Path, checkpoints: Path, tmp_path: Path) -> None:
    assert_whole(made(tmp_path / "set", beating(checkpoints, "free-echo", "video-spade"), checkpoints, 2), clips)


def test_frames_show_their_heart_at_end_systole(checkpoints: Path, tmp_path: Path) -> None:
    root = made(tmp_path / "set", beating(checkpoints, "tiny", clip_frames=None), checkpoints)
    folder = SetFolder(root)
    items = {item.id: item for _, batch in folder.batches() for item in batch}
    for one in read_set(root):
        sample, item = one.load(), items[one.header.id]
        full = lv_discs(deformed_map(folder.base(item.map), item, folder.header))
        left = lv_discs(LabelMap(sample.ids, sample.spacing_mm))
        assert full is not None
        assert left is not None
        assert 100 * (1 - left.volume / full.volume) == pytest.approx(item.ef, abs=1.0)
        assert sample.record["anatomy"]["ef_drawn"] == pytest.approx(item.ef, abs=1.0)
        assert (sample.phase, sample.record["phase"], item.ef is None) == ("ES", "ES", False)


def test_every_sample_draws_its_own_ef_whatever_the_generator(checkpoints: Path) -> None:
    items = list(beating(checkpoints, "tiny", "video-spade", repeats=100).items())
    for_frames, for_clips = ([item.ef for item in items if item.how == how] for how in (0, 1))
    assert for_frames == for_clips
    assert len(for_frames) == 200
    assert all(ef is not None and 30 <= ef <= 60 for ef in for_frames)
    assert len({*for_frames}) > 100
    assert abs(np.mean(np.array(for_frames, float)) - 45) < 3
    header, *lines = beating(checkpoints, "video-spade").lines()
    assert '"ef": [30.0, 60.0]' in header
    assert [Item.of(line).ef for line in lines] == [item.ef for item in beating(checkpoints, "video-spade").items()]


def test_a_heart_without_a_ventricle_is_set_aside(checkpoints: Path, tmp_path: Path) -> None:
    heart = template("4ch-ed")
    bare = dataclasses.replace(heart, ids=np.where(heart.ids == LV_CAVITY, np.uint8(SECTOR), heart.ids))
    order = dataclasses.replace(
        beating(checkpoints, "free-echo", "tiny"), maps=(BaseMap("bare", "bare", "4CH", "ED", bare),)
    )
    root = made(tmp_path / "set", order, checkpoints)
    assert SetFolder(root).count() == {"samples": 0, "set_aside": 2}
    assert all("a ventricle" in why for one in SetFolder(root).index for why in one.set_aside.values())


@pytest.mark.parametrize(
    ("generator", "more", "says"),
    [
        ("free-echo", {"ef": None}, "such as 25-65"),
        ("free-echo", {"ef": (60.0, 30.0)}, "from 5 to 85 percent, got 60 to 30"),
        ("free-echo", {"ef": (0.0, 30.0)}, "from 5 to 85"),
        ("free-echo", {"clip_frames": 1}, "2 to 64 frames"),
        ("tiny", {}, "a generator of clips"),
        ("nobody", {}, "free-echo"),
    ],
)
def test_impossible_beats_are_refused(generator: str, more: dict[str, object], says: str, checkpoints: Path) -> None:
    with pytest.raises(EchoStudioError, match=says) as refused:
        beating(checkpoints, generator, **more)
    assert isinstance(refused.value, RequestError) or generator == "nobody"
    assert "\n" not in str(refused.value)


def test_a_beat_begins_at_end_diastole(checkpoints: Path) -> None:
    late = [dataclasses.replace(diastoles()[0], phase="ES")]
    with pytest.raises(DataError, match="--phase ED"):
        set_request(late, ["tiny"], "", [2], checkpoints, "cpu", ef=(30.0, 60.0))
