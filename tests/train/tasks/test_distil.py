"""Distillation to one call: pairs are the teacher's, runs resume exactly, students come close and say to whom."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LABEL_COUNTS, MASS, SCHEMA, SCHEMA_2, SECTOR
from echo_studio.data.augment import GeometricRanges
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Condition
from echo_studio.errors import RecipeError, RequestError, UnknownNameError
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.checkpoint import Card, read_card
from echo_studio.generate.generator import SampledGenerator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling, advised_sampling
from echo_studio.train.loop import train
from echo_studio.train.recipe import Recipe
from echo_studio.train.registry import task_for
from echo_studio.train.samples import teacher_pairs as bank
from echo_studio.train.samples.frames import Frames, load_frames
from echo_studio.train.samples.teacher_pairs import Teacher, TeacherPairs, teacher_pairs
from echo_studio.types import PHASES, VIEWS
from tests.generate.tiny import tiny_checkpoints

MakeRecipe = Callable[..., Recipe]
RANGES = GeometricRanges()


class Stop(Exception):
    pass


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    return tiny_checkpoints(tmp_path / "checkpoints")


@pytest.fixture
def teacher(checkpoints: Path) -> Teacher:
    generator = load_generator("tiny", checkpoints)
    assert isinstance(generator, SampledGenerator)
    return Teacher(generator, Sampling("tiny", "euler", 3), bfloat16=False)


@pytest.fixture
def frames(data: CamusFolder) -> Frames:
    return load_frames(data, "training", 64, sector_only=True)


@pytest.fixture
def student(recipe: MakeRecipe) -> Callable[..., Recipe]:
    """A recipe that learns from `tiny`; entries of [loss] replace the defaults."""

    def make(images: int = 12, **loss: object) -> Recipe:
        settings = {"teacher": "tiny", "pairs": 8, "solver": "euler", "nfe": 3, **loss}
        samples = 12 if images <= 12 else 10_000
        return recipe("distilled", images, loss=settings, samples_every_images=samples)

    return make


def run(plan: Recipe, data: CamusFolder, checkpoints: Path, out: Path) -> Card:
    return train(plan, task_for(plan, data, checkpoints), out)


def same(a: TeacherPairs, b: TeacherPairs) -> bool:
    return all(torch.equal(a.bank[name], b.bank[name]) for name in a.bank)


class Mirror(Teacher):
    """A teacher that makes its own condition of any noise."""

    def sample(self, condition: Condition, seeds: list[int]) -> torch.Tensor:
        return condition.one_hot[:, :1]


def test_a_teacher_that_knows_fluid_and_masses_draws_them(teacher: Teacher, frames: Frames, tmp_path: Path) -> None:
    taught = replace(teacher.generator, card=replace(teacher.generator.card, label_schema=SCHEMA_2))
    pairs = teacher_pairs(Mirror(taught, teacher.sampling, False), frames, 32, RANGES, 5, tmp_path / "new")
    shown = pairs.bank["one_hot"][:, [FLUID, MASS]].amax((2, 3)) > 0
    assert pairs.bank["one_hot"].shape[1] == LABEL_COUNTS[SCHEMA_2]
    assert shown.any(0).all()
    assert 0.1 < shown.any(1).float().mean() < 0.7
    unmarked = teacher_pairs(Mirror(teacher.generator, teacher.sampling, False), frames, 2, RANGES, 5, tmp_path / "old")
    assert unmarked.bank["one_hot"].shape[1] == LABEL_COUNTS[SCHEMA]


def test_a_pair_is_what_the_teacher_makes_of_that_seed_and_label_map(
    teacher: Teacher, frames: Frames, tmp_path: Path
) -> None:
    pairs = teacher_pairs(teacher, frames, 3, None, 5, tmp_path)
    _, made, _ = pairs.batch(torch.arange(3))
    inside = (frames.ids[:3] > 0).float().unsqueeze(1)
    drawn = ((teacher.generator.codec.decoding(inside, range(3))(made) + 1) * 127.5)[:, 0].numpy()
    for k in range(3):
        view, phase = VIEWS[int(frames.view[k])], PHASES[int(frames.phase[k])]
        guide, seed = LabelMap(frames.ids[k].numpy()), int(pairs.bank["seed"][k])
        image = teacher.generator.generate(
            GenerationRequest(guide, Sampling("tiny", "euler", 3), view, phase, seed)
        ).image
        assert np.abs(image - drawn[k]).max() < 1.5  # rounding to grey levels, and to float16 before


def test_a_bank_that_was_broken_off_goes_on_where_it_was(
    teacher: Teacher, frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank, "SHARD", 4)
    whole = teacher_pairs(teacher, frames, 10, RANGES, 1, tmp_path / "whole")
    asked, real = 0, Teacher.sample

    def sample(self: Teacher, condition: object, seeds: list[int]) -> torch.Tensor:
        nonlocal asked
        asked += len(seeds)
        if asked == 8:
            raise Stop
        return real(self, condition, seeds)  # type: ignore[arg-type]

    monkeypatch.setattr(Teacher, "sample", sample)
    with pytest.raises(Stop):
        teacher_pairs(teacher, frames, 10, RANGES, 1, tmp_path / "broken")
    asked = 100
    assert same(teacher_pairs(teacher, frames, 10, RANGES, 1, tmp_path / "broken"), whole)
    assert asked == 100 + 6
    asked = 200
    assert same(teacher_pairs(teacher, frames, 10, RANGES, 1, tmp_path / "broken"), whole)
    assert asked == 200


def test_a_bank_of_other_settings_is_not_taken(teacher: Teacher, frames: Frames, tmp_path: Path) -> None:
    first = teacher_pairs(teacher, frames, 4, RANGES, 1, tmp_path)
    assert not same(teacher_pairs(teacher, frames, 4, RANGES, 2, tmp_path), first)
    slower = Teacher(teacher.generator, Sampling("tiny", "euler", 4), bfloat16=False)
    assert not torch.equal(teacher_pairs(slower, frames, 4, RANGES, 1, tmp_path).bank["made"], first.bank["made"])


def test_no_noise_is_used_twice_and_every_frame_is_used(teacher: Teacher, frames: Frames, tmp_path: Path) -> None:
    pairs = teacher_pairs(teacher, frames, 2 * len(frames), None, 1, tmp_path)
    assert len(pairs.bank["seed"].unique()) == len(pairs) == 2 * len(frames)
    assert torch.equal(pairs.bank["view"], frames.view.repeat(2))
    shuffled = teacher_pairs(teacher, frames, len(frames), GeometricRanges(0, 0, (1, 1), 0), 1, tmp_path)
    assert torch.equal(shuffled.bank["one_hot"].sum(0), pairs.bank["one_hot"][: len(frames)].sum(0))


def test_a_student_comes_closer_to_its_teacher(
    student: MakeRecipe, data: CamusFolder, checkpoints: Path, tmp_path: Path
) -> None:
    scores = [run(student(n, pairs=32), data, checkpoints, tmp_path / f"{n}").scores for n in (4, 160)]
    before, after = (score["validation"]["rms_to_teacher"] for score in scores)
    assert after < 0.8 * before


def test_the_card_names_teacher_and_codec_and_the_student_makes_frames_in_one_call_alone(
    student: MakeRecipe, data: CamusFolder, checkpoints: Path, echo_frame: Callable[..., object]
) -> None:
    card = run(student(), data, checkpoints, checkpoints.parent / "run")
    assert card.distilled_from == {"tiny": read_card(checkpoints / "tiny").sha256}
    assert card.needs == {"tiny-vae": read_card(checkpoints / "tiny-vae").sha256}
    assert (card.kind, card.makes, card.advised_nfe) == ("distilled", "frame", 1)
    (checkpoints.parent / "run" / "checkpoint").rename(checkpoints / card.name)
    generator = load_generator(card.name, checkpoints)
    _, ids = echo_frame()  # type: ignore[misc]
    guide = LabelMap(np.where(ids == 0, SECTOR, ids).astype(np.uint8))
    frames = [
        generator.generate(GenerationRequest(guide, Sampling(card.name, solver, 1), seed=seed)).image
        for solver, seed in (("euler", 1), ("heun", 1), ("euler", 2))
    ]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])
    with pytest.raises(RequestError, match="NFE 1, since tiny-distilled makes a frame in one call"):
        generator.generate(GenerationRequest(guide, advised_sampling(card, nfe=2)))


def test_a_recipe_must_fit_its_teacher(student: MakeRecipe, data: CamusFolder, checkpoints: Path) -> None:
    with pytest.raises(RecipeError, match=r"DistilLoss.*'pears'"):
        task_for(student(pears=4), data, checkpoints)
    with pytest.raises(UnknownNameError, match="'nobody'"):
        task_for(student(teacher="nobody"), data, checkpoints)
    other = student().model_copy(update={"resolution": 128})
    with pytest.raises(RecipeError, match=r"at 128 pixels as teacher.*tiny, of kind edm at 64 pixels"):
        task_for(other, data, checkpoints)
    with pytest.raises(RecipeError, match=r"needs = \['tiny-vae'\].*got \[\]"):
        task_for(student().model_copy(update={"needs": []}), data, checkpoints)
