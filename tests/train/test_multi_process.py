"""Several processes that share each batch are one process: same samples, same randomness, same losses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.loss import sector_mean
from echo_studio.errors import RecipeError, RequestError
from echo_studio.train.recipe import Recipe
from echo_studio.train.team import Over, Share, SingleProcess, join, shares_of
from echo_studio.types import Json
from tests.generate.tiny import tiny_checkpoints
from tests.train.conftest import SHAPES, tiny_data, tiny_recipe
from tests.train.together import run

MakeRecipe = Callable[..., Recipe]
CPU = torch.device("cpu")
# One of each trainer; adversarial where it can be, since the second part lives on what the first one left.
TRAINERS = {
    "segmenter": {"augmentation": {"intensity": 0.5}},
    "gamma-vae": {"loss": {"crop": 32, "adversarial": 0.1, "feature_matching": 0.1}},
    "cyclegan": {},
    "sdm": {"network": {**SHAPES["sdm"]["network"], "dropout": 0.1}},
    "video-edm": {},
    "distilled": {
        "loss": {"teacher": "tiny", "pairs": 8, "solver": "euler", "nfe": 2, "adversarial": 0.1, "channels": 4},
    },
}


PLAN = """
name = "tiny"
title = "Tiny"
description = "For tests."
paper = "none"
kind = "edm"
resolution = 64
network = {widths = [8, 16], blocks = 1, attention_levels = [1], mask_channels = 4}
budget = {images = 8, batch = 4, ema_images = 8}
optimiser = {learning_rate = 1e-3}
"""


def torchrun(*arguments: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    """Two processes on this machine, each with one thread."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([*launch, *arguments], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done


def drawn(alpha: torch.Tensor) -> list[torch.Tensor]:
    """What tasks draw: one tensor of each kind, for the samples whose gamma parameters these are."""
    count = len(alpha)
    likely = torch.empty(count, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    return [
        torch.rand(count),
        torch.randn((count, 1, 2)),
        torch.rand(count, 1, 1),
        torch.randint(24, (count,)),
        torch.randn_like(likely),
        torch.rand_like(likely),
        F.dropout(torch.ones(3 * count, 2), 0.5),
        torch.randint(24, ()).expand(count),
        torch._standard_gamma(alpha),
    ]


@pytest.mark.parametrize(("processes", "pieces"), [(2, 1), (4, 1), (1, 3), (2, 3)])
def test_a_sample_has_its_randomness_from_its_place_in_the_batch(processes: int, pieces: int) -> None:
    alpha = torch.rand(12, 1, 4, 4, generator=torch.Generator().manual_seed(1)) * 5
    torch.manual_seed(7)
    whole = drawn(alpha)
    after = torch.rand(3)
    seen = []
    for number in range(processes):
        team = SingleProcess()
        team.size, team.number = processes, number
        torch.manual_seed(7)
        for share in shares_of(12, team, pieces):
            seen.append(share.first)
            beside = slice(share.step * 12 // pieces, (share.step + 1) * 12 // pieces)
            with share.taken(lambda value: value, lambda mine, rows=beside: alpha[rows], CPU):
                mine = drawn(alpha[share.rows])
            same = [
                torch.equal(one, all_[share.first * k : (share.first + share.count) * k])
                for one, all_, k in zip(mine, whole, (1, 1, 1, 1, 1, 1, 3, 1, 1), strict=True)
            ]
            # Gamma variates take numbers as they need them: those of a later piece are its own.
            assert same == [True] * 8 + [share.step == 0]
        if pieces == 1:
            assert torch.equal(torch.rand(3), after)
    assert sorted(seen) == list(range(0, 12, 12 // processes // pieces))


def test_a_draw_that_belongs_to_no_sample_is_refused() -> None:
    with Share(0, 2, 4).taken(lambda value: value, lambda value: value, CPU):
        with pytest.raises(RuntimeError, match="share of 2"):
            torch.rand(3)
        with pytest.raises(RuntimeError, match="randperm"):
            torch.randperm(4)
        assert torch.rand(3, generator=torch.Generator()).shape == (3,)


def test_sector_means_of_shares_have_the_mean_of_the_batch() -> None:
    value, inside = (
        torch.rand(4, 1, 8, 8),
        (torch.rand(4, 1, 8, 8) < torch.tensor([0.1, 0.9, 0.5, 0.0])[:, None, None, None]),
    )
    weights = [inside[rows].float().sum() for rows in (slice(0, 2), slice(2, 4))]
    shares = []
    for number in range(2):
        share = Share(number * 2, 2, 4)
        with share.taken(lambda mine: sum(weights) / 2, lambda mine: mine, CPU):
            shares.append(sector_mean(value[share.rows], inside[share.rows].float()))
    assert float(sum(shares) / 2) == pytest.approx(float(sector_mean(value, inside.float())), abs=1e-6)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(RecipeError, match="1 processes in 3 pieces"):
        shares_of(4, SingleProcess(), 3)


def test_devices_and_launchers_that_cannot_be_shared_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RequestError, match="torch can use"):
        join("tpu3")
    assert isinstance(join("cpu"), SingleProcess)
    monkeypatch.setenv("PMI_SIZE", "2")
    with pytest.raises(RequestError, match="torchrun"):
        join("cpu")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RequestError, match="GPU of its own"):
        join("meta")


def close(one: list[dict[str, float]], other: list[dict[str, float]]) -> bool:
    """Every figure of every step within 1e-5."""
    assert len(one) == len(other) > 0
    return all(mine == pytest.approx(theirs, abs=1e-5) for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", TRAINERS)
def test_the_losses_of_two_shares_have_the_mean_of_the_whole_batch(
    kind: str, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    from echo_studio.train.registry import task_for

    tiny_checkpoints(tmp_path)
    task = task_for(recipe(kind, **TRAINERS[kind]), data, tmp_path)
    task.load_data(tmp_path)
    batch = torch.tensor([0, 3, 1, 2])

    def losses(share: Share, mean: Over, all_gather: Over) -> list[float]:
        torch.manual_seed(7)
        found = []
        for part in task.parts:
            with share.taken(mean, all_gather, CPU):
                found.append(float(task.loss(part, batch[share.rows])[0].detach()))
        return found

    shares = [Share(0, 2, 4), Share(2, 2, 4)]
    whole = losses(Share(0, 4, 4), lambda value: value, lambda rows: rows)
    # What the processes tell each other is noted in a first pass, and is there in the second.
    noted: list[tuple[list[torch.Tensor], list[torch.Tensor]]] = []
    for share in shares:
        means: list[torch.Tensor] = []
        rows: list[torch.Tensor] = []
        losses(share, lambda value, to=means: (to.append(value), value)[1], lambda mine, to=rows: _both(mine, to))
        noted.append((means, rows))
    means_of_both = [(one + two) / 2 for one, two in zip(noted[0][0], noted[1][0], strict=True)]
    rows_of_both = [torch.cat(two) for two in zip(noted[0][1], noted[1][1], strict=True)]
    found = []
    for share in shares:
        told, beside = iter(means_of_both), iter(rows_of_both)
        found.append(losses(share, lambda value, of=told: next(of), lambda mine, of=beside: next(of)))
    assert [(one + two) / 2 for one, two in zip(*found, strict=True)] == pytest.approx(whole, abs=1e-5)


def _both(mine: torch.Tensor, to: list[torch.Tensor]) -> torch.Tensor:
    to.append(mine)
    return torch.cat([mine, mine])


@dataclass(frozen=True)
class Together:
    """What `torchrun` gave.

    Attributes:
        folder: where it ran.
        same: requests whose outcomes are those of one process.
        outcomes: of `same` and of the requests that go on after them.
        done: the end of the processes; the command line alone wrote to their standard output.
    """

    folder: Path
    same: list[Json]
    outcomes: list[Json]
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Together:
    """Two processes that train the toy in several ways, and then by the command line: all that a launch costs once."""
    folder = tmp_path_factory.mktemp("together")

    def request(out: str, **more: object) -> Json:
        plan = tiny_recipe("edm", images=12, checkpoint_minutes=1e-9)  # a state after each step
        return {"out": out, "recipe": plan.model_dump(mode="json"), **more}

    same = [request("plain"), request("steps", steps=2)]
    begun = request("begun")
    assert run({**begun, "stop_at": 8}, folder, SingleProcess()) == {}
    going_on = [
        {**begun, "resume": True},
        request("whole"),
        request("broken", stop_at=8),
        request("broken", resume=True),
    ]
    (folder / "requests.json").write_text(json.dumps([*same, *going_on]))
    place = folder / "command"
    place.mkdir()
    (place / "plan.toml").write_text(PLAN)
    data = tiny_data(place)
    command = ["train", str(place / "plan.toml"), "--data", str(data.root), "--out", str(place / "two"), "--json"]
    done = torchrun("-m", "tests.train.together", str(folder), *command)
    assert done.returncode == 0, done.stderr
    return Together(folder, same, json.loads((folder / "outcomes.json").read_text()), done)


@pytest.mark.slow
def test_two_processes_are_one_and_go_on_where_they_or_one_stopped(together: Together) -> None:
    for one, two in zip(together.same, together.outcomes, strict=False):
        reference = run({**one, "out": f"alone-{one['out']}"}, together.folder, SingleProcess())
        assert close(reference["losses"], two["losses"]), one["out"]
        scores = (reference["scores"]["validation"], two["scores"]["validation"])
        assert scores[0] == pytest.approx(scores[1], abs=1e-3), one["out"]
        assert reference["seen"] == two["seen"] == 12
        assert not two["said"]
        assert ("2 processes" in two["machine"], "process" in reference["machine"]) == (True, one["out"] == "steps")

    went_on, whole, _, resumed = together.outcomes[len(together.same) :]
    # What two began two finish bit for bit; what one began they finish too, and say so.
    assert resumed["sha256"] == whole["sha256"]
    assert resumed["losses"] == whole["losses"][1:]
    assert (resumed["said"], whole["said"]) == ([], [])
    assert "1 process then 2 processes" in went_on["machine"]
    assert "not bit for bit" in went_on["said"][0]
    assert close(went_on["losses"], whole["losses"][1:])


def test_accumulation_changes_nothing_where_every_sample_weighs_the_same(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    from echo_studio.train.registry import task_for

    task = task_for(recipe("segmenter"), data, tmp_path)
    task.load_data(tmp_path)
    found = []
    for steps in (1, 4):
        torch.manual_seed(7)
        losses = []
        for share in shares_of(4, SingleProcess(), steps):
            with share.taken(lambda value: value, lambda rows: rows, CPU):
                losses.append(float(task.loss("model", torch.arange(4)[share.rows])[0].detach()))
        found.append(sum(losses) / steps)
    assert found[0] == pytest.approx(found[1], abs=1e-5)


@pytest.mark.slow
def test_the_command_line_shares_the_work_and_speaks_once(together: Together) -> None:
    place = together.folder / "command"
    assert json.loads(together.done.stdout)["images_seen"] == 8
    assert "expected" not in together.done.stderr
    assert len(list((place / "two" / "log").iterdir())) == 1
    assert {path.name for path in place.iterdir()} == {"camus", "plan.toml", "two"}
