"""Utility: how well networks do on real patients that have seen generated frames alone (000 2.2, 003 III-C and D).

Label maps → synthetic set → training → test, beside the same training on the real frames of the same patients: same
recipe, steps, seeds and held-out patients. A trial is one network, trained on one set and tested. Every stage is made
of work items that leave files in the work folder, named after their content: what is there is not done again, whether a
run was killed or another one asks for the same.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.atomic import write_json
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.formats.image_file import read_gray
from echo_studio.errors import DataError
from echo_studio.evaluate.utility.downstream import FrameScore, label_scores, train_downstream, view_hits
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe
from echo_studio.evaluate.utility.request import TRAINING, Patients, UtilityRequest
from echo_studio.evaluate.utility.sets import (
    SHARD,
    VERSION,
    Frames,
    Maps,
    Part,
    RealFrames,
    SetEntry,
    content_of,
    digest_of,
    key_of,
    manifest,
    read_arrays,
    read_set,
)
from echo_studio.generate.sampling import Sampling
from echo_studio.parallel import WorkItem, run_work


@dataclass(frozen=True)
class Outcome:
    """What one trial gave.

    Attributes:
        scores: of every test frame, where the network finds labels.
        hits: by the stem of every test frame whether its view was recognised, where the network recognises views.
        curve: (step, score on held-out frames of the same kind) pairs; the network of the best one was tested.
        images: how many frames the network learned from, and how many were held out.
        seconds: of training.
    """

    seed: int
    scores: list[FrameScore]
    hits: dict[str, bool]
    curve: list[tuple[int, float]]
    images: tuple[int, int]
    seconds: float


@dataclass(frozen=True)
class Trial:
    """Train on the parts' frames of `patients`, choose by those of `held_out`, test on `test_ids` of `test`."""

    recipe: DownstreamRecipe
    parts: tuple[Part, ...]
    patients: tuple[str, ...]
    held_out: tuple[str, ...]
    steps: int
    seed: int
    test: CamusFolder
    test_ids: tuple[FrameId, ...]
    test_content: str
    device: str
    work: Path

    @property
    def training_key(self) -> str:
        """Of everything that the trained weights depend on."""
        return key_of(
            version=VERSION,
            recipe=self.recipe.model_dump(mode="json", exclude={"epochs", "largest_piece"}),
            parts=[[part.image.stem, part.ids.stem] for part in self.parts],
            patients=[self.patients, self.held_out],
            steps=self.steps,
            seed=self.seed,
        )

    @property
    def out(self) -> Path:
        key = key_of(training=self.training_key, test=self.test_content, largest_piece=self.recipe.largest_piece)
        return self.work / "trials" / f"{key}.json"

    def run(self) -> None:
        side = self.recipe.resolution
        data, held_out = (read_set(self.parts, who, side) for who in (self.patients, self.held_out))
        state = self.work / "training" / f"{self.training_key}.safetensors"
        state.parent.mkdir(parents=True, exist_ok=True)
        trained = train_downstream(self.recipe, data, held_out, self.steps, self.seed, state, self.device)
        frames = [self.test.read(frame_id) for frame_id in self.test_ids]
        finds_labels = self.recipe.task == "segmentation"
        outcome = Outcome(
            self.seed,
            list(label_scores(self.recipe, trained.network, frames)) if finds_labels else [],
            {} if finds_labels else view_hits(self.recipe, trained.network, frames),
            trained.curve,
            (len(data), len(held_out)),
            trained.seconds,
        )
        self.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.out, dataclasses.asdict(outcome))


def read_outcome(path: Path) -> Outcome:
    """What a trial left."""
    found = json.loads(path.read_text(encoding="utf-8"))
    scores = [FrameScore(**score) for score in found["scores"]]
    curve = [(step, score) for step, score in found["curve"]]
    return Outcome(found["seed"], scores, found["hits"], curve, tuple(found["images"]), found["seconds"])


OnStage = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Arm:
    """What training on one set gave, a trial for each seed.

    Attributes:
        sampling: how the frames were made; None if they are real.
        segmenters, classifiers: outcomes by seed; no classifiers where none was asked for.
        seconds_per_image: of synthesis on one worker; 0 for the real set.
    """

    sampling: Sampling | None
    segmenters: list[Outcome]
    classifiers: list[Outcome]
    seconds_per_image: float


@dataclass(frozen=True)
class Utility:
    """A whole run: the real arm, a synthetic one for each sampling, the manifest's file, the stages' wall seconds."""

    real: Arm
    synthetic: list[Arm]
    patients: Patients
    manifest: Path
    seconds: dict[str, float]


def measure_utility(request: UtilityRequest, on_stage: OnStage = lambda stage, done, of: None) -> Utility:
    """Do what a request asks for, or go on with it.

    Args:
        on_stage: called with (stage, items done, items) as items are done.

    Raises:
        DataError: a patient or a frame is in training and in the test, a class is missing, a set is too small.
        EchoStudioError: whatever generators and networks raise.
    """
    entries = request.entries()
    patients = request.patients(entries)
    seconds: dict[str, float] = {}

    def stage(name: str, items: Sequence[WorkItem]) -> None:
        started = time.monotonic()
        # One device is not shared out among processes.
        workers = request.workers if request.device == "cpu" or name == "label maps" else 1
        run_work(items, workers, lambda done, of: on_stage(name, done, of))
        seconds[name] = round(seconds.get(name, 0.0) + time.monotonic() - started, 1)

    real = [
        RealFrames(request.data, chunk, content_of(request.data, chunk), request.work)
        for chunk in _chunks(list(dict.fromkeys(entry.frame_id for entry in entries)))
    ]
    stage("real frames", real)
    _check_frames(request, real, patients.test_ids)
    maps = _maps(entries, real, request.work)
    stage("label maps", maps)
    made = {
        sampling: [
            Frames(one.out, one.entries, sampling, request.checkpoints, request.device, request.work) for one in maps
        ]
        for sampling in request.samplings
    }
    for frames in made.values():
        stage("synthesis", frames)
    sets: dict[Sampling | None, tuple[Part, ...]] = {None: tuple(Part(one.out, one.out, one.frame_ids) for one in real)}
    for sampling, frames in made.items():
        sets[sampling] = tuple(
            Part(one.out, one.maps, tuple(entry.frame_id for entry in one.entries)) for one in frames
        )
    count = sum(entry.frame_id.patient in set(patients.learn) for entry in entries)
    test_content = content_of(request.test, patients.test_ids)

    def trials(recipe: DownstreamRecipe, parts: tuple[Part, ...]) -> list[Trial]:
        steps = -(-recipe.epochs * count // recipe.batch)
        return [
            Trial(
                recipe, parts, patients.learn, patients.choose, steps, seed, request.test, patients.test_ids,
                test_content, request.device, request.work,
            )
            for seed in range(request.seeds)
        ]  # fmt: skip

    recipes = [recipe for recipe in (request.segmenter, request.classifier) if recipe is not None]
    planned = {(sampling, recipe.task): trials(recipe, parts) for recipe in recipes for sampling, parts in sets.items()}
    stage("training", [trial for some in planned.values() for trial in some])

    def arm(sampling: Sampling | None) -> Arm:
        outcomes = {
            task: [read_outcome(trial.out) for trial in planned.get((sampling, task), [])]
            for task in ("segmentation", "view")
        }
        spent = sum(float(read_arrays(one.out)["seconds"]) for one in made[sampling]) if sampling else 0.0
        return Arm(sampling, outcomes["segmentation"], outcomes["view"], spent / len(entries))

    listed = _write_manifest(request, entries, maps, patients)
    return Utility(arm(None), [arm(sampling) for sampling in request.samplings], patients, listed, seconds)


def _chunks(frame_ids: Sequence[FrameId]) -> list[tuple[FrameId, ...]]:
    return [tuple(frame_ids[start : start + SHARD]) for start in range(0, len(frame_ids), SHARD)]


def _maps(entries: Sequence[SetEntry], real: Sequence[RealFrames], work: Path) -> list[Maps]:
    base = {frame_id: (one.out, row) for one in real for row, frame_id in enumerate(one.frame_ids)}
    return [
        Maps(chunk, tuple(base[entry.frame_id] for entry in chunk), work)
        for start in range(0, len(entries), SHARD)
        if (chunk := tuple(entries[start : start + SHARD]))
    ]


def _check_frames(request: UtilityRequest, real: Sequence[RealFrames], test_ids: Sequence[FrameId]) -> None:
    """Refuse test frames that are training frames under another name."""
    seen = {
        str(digest): frame_id
        for one in real
        for digest, frame_id in zip(read_arrays(one.out)["sha256"], one.frame_ids, strict=True)
    }
    for test_id in test_ids:
        path = request.test.path(test_id)
        twin = seen.get(digest_of(read_gray(path)[0])) if path else None
        if twin is not None:
            raise DataError(
                expected="test frames that no network was trained on",
                got=f"{test_id.stem}, whose image is {twin.stem} of the training frames",
                remedy="take that patient off one of the lists",
            )


def _write_manifest(
    request: UtilityRequest, entries: Sequence[SetEntry], maps: Sequence[Maps], patients: Patients
) -> Path:
    """Beside the maps, named after them."""
    path = request.work / "maps" / f"{key_of(maps=[one.out.stem for one in maps])}.json"
    if not path.is_file():
        digests = [LabelMap(ids).digest for one in maps for ids in read_arrays(one.out)["ids"]]
        splits = dict.fromkeys(patients.learn, TRAINING) | dict.fromkeys(patients.choose, "held out")
        write_json(path, manifest(entries, digests, splits))
    return path
