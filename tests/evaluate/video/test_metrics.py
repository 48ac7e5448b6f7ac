"""One line of the video table: its reference is at its best in every column, and damage shows in the right one."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.anatomy.motion.motion import end_systole_index
from echo_studio.errors import DataError, RequestError
from echo_studio.evaluate.frames.distances import Clip
from echo_studio.evaluate.frames.segmentation import Scorers
from echo_studio.evaluate.video.metrics import (
    VideoReference,
    VideoScores,
    VideoSetting,
    beat_pairs,
    changes,
    differences,
    flicker,
    loop_closure,
    measure_reference,
    measure_video,
)
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from tests.evaluate.beats import ReadsGrey, beat, beating, painted
from tests.generate.tiny import tiny_scorers

FRAMES = 12
ES = end_systole_index(FRAMES, 70)
INSIDE = np.ones((16, 16), bool)
INSIDE[:4] = False
PHASE = 2 * np.pi * np.arange(12) / 12
WAVE = np.rint(100 + 40 * np.sin(PHASE[:, None, None] + np.arange(16) / 3) * np.ones((1, 16, 1))).astype(np.uint8)
SETTING = VideoSetting(Sampling("fake", "heun", 4), FRAMES)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> VideoReference:
    return VideoReference(scorers(tmp_path_factory.mktemp("scorers")), [beat(50 + k, FRAMES, k) for k in range(3)])


def scorers(folder: Path) -> Scorers:
    """A judge that finds every label, and a labeller that knows nothing."""
    loaded = tiny_scorers(folder)
    return Scorers(ReadsGrey(loaded.judge.card, loaded.judge.network), loaded.labeller)


class Fake:
    """Gives the reference clip of the label map back, damaged; with an EF asked, a beat of that EF plus `off`."""

    def __init__(self, reference: VideoReference, noise: float = 0.0, off: float = 0.0) -> None:
        self.reference, self.noise, self.off = reference, noise, off
        self.requests: list[VideoRequest] = []

    def generate(self, request: VideoRequest) -> GeneratedVideo:
        self.requests.append(request)
        found = next(one for one in self.reference.beats if one.end_diastole == request.label_map)
        clip, ids, drawn = found.clip, found.ids, 50.0 + self.reference.beats.index(found)
        if request.end_systole is None:
            if request.motion.ef > 80:
                raise RequestError(expected="an EF that this heart reaches", got="82", remedy="ask for less")
            maps = beating(request.motion.ef + self.off, FRAMES, side=64)
            clip, ids, drawn = painted(maps), np.stack([one.ids for one in maps]), request.motion.ef
        noise = np.random.default_rng(request.seed).normal(0, self.noise, clip.shape)
        clip = np.where(ids > 0, np.clip(clip + noise, 0, 255), 0).astype(np.uint8)
        cycle = LabelCycle(ids, None, ES, 70.0)
        return GeneratedVideo(clip, cycle, SimpleNamespace(ef_drawn=drawn), 2.0)  # type: ignore[arg-type]


def test_a_generator_that_gives_the_reference_back_is_at_its_best(reference: VideoReference) -> None:
    calls: list[tuple[int, int]] = []
    fake = Fake(reference)
    row = measure_video(fake, SETTING, reference, 7, on_clip=lambda *at: calls.append(at))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert [request.seed for request in fake.requests] == [7, 8, 9]
    assert all(request.end_systole is not None for request in fake.requests)
    assert (row.ssim, row.psnr, row.frechet_frames, row.frechet_motion, row.flicker) == (1, None, 0, 0, 1)
    assert (row.fid, row.fvd, row.n, row.ef_n, row.seconds) == (None, None, 3, 3, 2)
    assert row.lv_dice is not None
    assert row.lv_dice > 0.95
    assert row.ef_error is not None
    assert row.ef_error < 2.5
    json.dumps(row.to_json(), allow_nan=False)
    assert row.labeller.keys() == {"frechet_frames", "frechet_motion", "lv_dice", "ef_error", "ef_rank", "ef_n"}
    assert (row.labeller["frechet_frames"], row.labeller["frechet_motion"]) == (0, 0)
    assert row.labeller["lv_dice"] < row.lv_dice


def test_noise_costs_likeness_and_distances_and_flickers(reference: VideoReference) -> None:
    rows = [measure_video(Fake(reference, noise), SETTING, reference) for noise in (3, 9)]
    for name, sign in (("ssim", -1), ("psnr", -1), ("frechet_frames", 1), ("frechet_motion", 1), ("flicker", 1)):
        values = [getattr(row, name) for row in rows]
        assert sign * (values[1] - values[0]) > 0, name


def test_efs_are_asked_in_turn_and_their_error_is_what_was_missed(reference: VideoReference) -> None:
    fake = Fake(reference, off=-6.0)
    row = measure_video(fake, SETTING, reference, efs=[30, 60])
    assert [request.motion.ef for request in fake.requests[3:]] == [30, 60, 30]
    assert row.ef_n == 3
    assert row.ef_error == pytest.approx(6, abs=2.5)
    assert row.ef_rank == pytest.approx(1)
    assert row.ssim == 1


def test_an_ef_that_a_heart_cannot_reach_is_left_out(reference: VideoReference) -> None:
    row = measure_video(Fake(reference), SETTING, reference, efs=[82])
    assert (row.ef_n, row.ef_error, row.ef_rank) == (0, None, None)


def test_the_papers_features_fill_their_columns(reference: VideoReference, tmp_path: Path) -> None:
    class Paper:
        def frames(self, clips: list[Clip]) -> np.ndarray:
            return np.concatenate([clip.reshape(len(clip), -1)[:, ::512].astype(float) for clip in clips])

        def clips(self, clips: list[Clip]) -> np.ndarray:
            return np.stack([clip.mean(axis=0).ravel()[::512] for clip in clips])

    whole = VideoReference(scorers(tmp_path), reference.beats, Paper())  # type: ignore[arg-type]
    same, noisy = (
        whole.paper_distances(clips)
        for clips in (
            [one.clip for one in reference.beats],
            [np.roll(one.clip, 5, axis=2) for one in reference.beats],
        )
    )
    assert same["fid"] == same["fvd"] == 0
    for name in ("fid", "fvd"):
        value = noisy[name]
        assert value is not None
        assert value > 0


def test_the_reference_itself_is_measured(reference: VideoReference) -> None:
    row = measure_reference(reference)
    assert (row.ssim, row.flicker, row.n, row.frames, row.nfe) == (1, 1, 3, FRAMES, 0)
    assert row.ef_error is not None
    assert row.ef_error < 2.5
    assert row.loop is not None


def test_a_difference_of_nothing_is_grey_and_the_last_leads_to_the_first() -> None:
    clip = np.stack([np.full((8, 8), value, np.uint8) for value in (10, 10, 60, 255)])
    np.testing.assert_array_equal(differences(clip)[:, 0, 0], [128, 178, 255, 0])


def test_settings_become_requests(reference: VideoReference) -> None:
    one = reference.beats[0]
    own = replace(SETTING, sampling=Sampling("free-echo", "heun", 4), start_step=15).request(one, 3)
    assert (own.sampling.generator, own.start_step, own.frames, own.seed, own.view) == (
        "free-echo",
        15,
        FRAMES,
        3,
        "2CH",
    )
    assert own.end_systole == one.end_systole
    asked = SETTING.request(one, 3, 40)
    assert asked.end_systole is None
    assert asked.motion.ef == 40


def test_pairs_are_of_one_view_and_patients_without_both_frames_are_left_out(tmp_path: Path, camus_folder) -> None:  # type: ignore[no-untyped-def]
    root = camus_folder(patients=4)
    from echo_studio.data.datasets.camus import CamusFolder

    (root / "database_split").mkdir()
    listed = root / "database_split" / "subgroup_validation.txt"
    listed.write_text("patient0001\npatient0002\npatient0003\n")
    (root / "patient0002" / "patient0002_2CH_ES.nii.gz").unlink()
    pairs = beat_pairs(CamusFolder(root), "validation")
    stems = [(first.frame_id.stem, second.frame_id.stem) for first, second in pairs]
    assert stems == [(f"patient000{k}_2CH_ED", f"patient000{k}_2CH_ES") for k in (1, 3)]
    listed.write_text("patient0001\n")
    with pytest.raises(DataError, match="two validation patients"):
        beat_pairs(CamusFolder(root), "validation")


def test_a_line_without_values_is_plain_json() -> None:
    assert VideoScores("a", 24, 2).to_json()["psnr"] is None


def test_a_steady_wave_changes_as_much_at_every_step_and_closes() -> None:
    assert changes(WAVE, INSIDE).shape == (12,)
    assert loop_closure(WAVE, INSIDE) == pytest.approx(1, abs=0.1)


def test_a_cut_loop_does_not_close() -> None:
    assert loop_closure(WAVE[:7], INSIDE) > 3


def test_flicker_is_1_of_a_clip_against_itself_and_grows_with_noise() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(WAVE + rng.normal(0, s, WAVE.shape), 0, 255).astype(np.uint8) for s in (5, 15)]
    assert flicker(WAVE, WAVE, INSIDE) == 1
    assert 1 < flicker(noisy[0], WAVE, INSIDE) < flicker(noisy[1], WAVE, INSIDE)
    still = np.repeat(WAVE[:1], 12, axis=0)
    assert flicker(still, WAVE, INSIDE) == 0
    assert loop_closure(still, INSIDE) == 0


def test_what_happens_outside_the_sector_does_not_count() -> None:
    loud = WAVE.copy()
    loud[::2, :4] = 255
    np.testing.assert_array_equal(changes(loud, INSIDE), changes(WAVE, INSIDE))


def test_a_still_reference_two_frames_or_no_sector_are_refused() -> None:
    with pytest.raises(RequestError, match="moves"):
        flicker(WAVE, np.zeros_like(WAVE), INSIDE)
    with pytest.raises(RequestError, match="3 frames"):
        changes(WAVE[:2], INSIDE)
    with pytest.raises(RequestError, match="sector"):
        changes(WAVE, np.zeros_like(INSIDE))
