"""One trial: a downstream network trained on one set, tested on real frames. A work item that leaves a file."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from echo_studio.data.atomic import write_json
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.evaluate.utility.downstream import train_downstream
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe
from echo_studio.evaluate.utility.downstream_score import FrameScore, label_scores, view_hits
from echo_studio.evaluate.utility.sets import VERSION, Part, key_of, read_set


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
            [(point.step, point.score) for point in trained.curve],
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
