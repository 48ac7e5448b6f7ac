"""The training loop: resuming is exact, states are whole, checkpoints can be used."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import template
from echo_studio.diffusion.families import FAMILIES
from echo_studio.errors import CheckpointError, OutputError, RecipeError
from echo_studio.generate.build import family_of, load_network
from echo_studio.generate.catalog import load_cards, load_generator
from echo_studio.generate.checkpoint import Card, read_card, read_weights
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import advised_sampling
from echo_studio.train.loop import Report, train
from echo_studio.train.recipe import Recipe
from echo_studio.train.state import Progress, load_state, save_state
from echo_studio.train.task import Task
from echo_studio.types import Json
from tests.generate.tiny import tiny_checkpoints, tiny_judge, tiny_segmenter, tiny_vae
from tests.train.conftest import SHAPES
from tests.train.toy import ToyTask

MakeRecipe = Callable[..., Recipe]
EACH_STEP = 1e-9  # minutes: a state after each step
TEACHER: Json = {"teacher": "tiny", "pairs": 8, "solver": "euler", "nfe": 2, "channels": 4}
JUDGED: Json = {"adversarial": 0.1, "feature_matching": 0.1}
# One of each trainer, and what takes another way through it.
STEPS: list[tuple[str, Json]] = [
    *((kind, {"resolution": 32} if kind in ("edm", "ve", "sdm") else {}) for kind in SHAPES if kind != "distilled"),
    ("cyclegan", {"precision": "bfloat16"}),
    ("distilled", {"loss": TEACHER}),
    ("distilled", {"loss": {**TEACHER, **JUDGED}}),
]


class Stop(Exception):
    pass


def stopped_at(images: int | None) -> Callable[[Report], None]:
    """Breaks a run off without warning."""

    def on_step(report: Report) -> None:
        if report.images == images:
            raise Stop

    return on_step


def toy(plan: Recipe, out: Path, *, resume: bool = False, stop_at: int | None = None) -> Card:
    return train(plan, ToyTask(plan), out, resume=resume, on_step=stopped_at(stop_at))


def run(
    plan: Recipe, data: CamusFolder, out: Path, *, resume: bool = False, stop_at: int | None = None, **more: Path
) -> Card:
    """One call of the trainer on the real task."""
    from echo_studio.train.registry import task_for

    task = task_for(plan, data, out.parent, *more.values())
    return train(plan, task, out, resume=resume, on_step=stopped_at(stop_at), **more)


def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(recipe: MakeRecipe, tmp_path: Path) -> None:
    whole = toy(recipe("edm"), tmp_path / "whole")
    plan = recipe("edm", checkpoint_minutes=EACH_STEP)
    with pytest.raises(Stop):
        toy(plan, tmp_path / "broken", stop_at=12)
    resumed = toy(plan, tmp_path / "broken", resume=True)
    assert resumed.sha256 == whole.sha256
    assert resumed.scores == whole.scores
    assert resumed.images_seen == whole.images_seen == 24


@pytest.mark.parametrize(("kind", "entries"), STEPS)
def test_a_step_follows_from_the_saved_state_and_its_seed_alone(
    kind: str, entries: Json, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    """With the law of the loop above: what is interrupted goes on bit for bit, whatever is trained."""
    from echo_studio.train.registry import task_for

    if kind in ("distilled", "grain-decoder"):
        tiny_checkpoints(tmp_path)
    plan = recipe(kind, **entries)

    def begun() -> tuple[Task, dict[str, torch.optim.Optimizer]]:
        task = task_for(plan, data, tmp_path)
        task.load_data(tmp_path)
        return task, {part: torch.optim.AdamW(module.parameters(), 1e-3) for part, module in task.parts.items()}

    def step(task: Task, optimisers: dict[str, torch.optim.Optimizer], seed: int) -> list[Json]:
        torch.manual_seed(seed)
        figures = []
        for part in task.parts:
            loss, more = task.loss(part, torch.tensor([1, 0, 3, 2]))
            optimisers[part].zero_grad()
            loss.backward()
            optimisers[part].step()
            figures.append({"loss": float(loss.detach()), **more})
        return figures

    first, optimisers = begun()
    step(first, optimisers, 1)
    save_state(tmp_path / "run", Progress(1, 2.0, ("1 process",)), first.parts, optimisers, "digest")
    second, others = begun()
    assert load_state(tmp_path / "run", second.parts, others, "digest") == Progress(1, 2.0, ("1 process",))
    for seed in (2, 3):  # the second of them follows from the optimisers' state too
        assert step(first, optimisers, seed) == step(second, others, seed)
    for part, module in first.parts.items():
        after = second.parts[part].state_dict()
        assert all(torch.equal(tensor, after[name]) for name, tensor in module.state_dict().items())


def test_latents_are_encoded_once_and_resume_exactly(recipe: MakeRecipe, data: CamusFolder, tmp_path: Path) -> None:
    codec, _ = tiny_vae(tmp_path / "tiny-vae")
    plan = recipe("edm", images=8, needs=["tiny-vae"], loss={"copies": 2}, checkpoint_minutes=EACH_STEP)
    whole = run(plan, data, tmp_path / "whole")
    with pytest.raises(Stop):
        run(plan, data, tmp_path / "broken", stop_at=8)
    encoded = tmp_path / "broken" / "encoded.safetensors"
    before = encoded.stat().st_mtime_ns
    assert run(plan, data, tmp_path / "broken", resume=True).sha256 == whole.sha256
    assert encoded.stat().st_mtime_ns == before
    assert whole.needs == {"tiny-vae": codec.sha256}


@pytest.mark.parametrize("broken", ["loss", "gradient", "explosion"])
def test_a_run_that_breaks_names_the_step_and_keeps_the_last_good_checkpoint(
    broken: str, recipe: MakeRecipe, tmp_path: Path
) -> None:
    plan = recipe("edm", checkpoint_minutes=EACH_STEP)
    task = ToyTask(plan)
    calls = 0
    whole = task.loss

    def breaks(part: str, index: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        nonlocal calls
        calls += part == "model"
        loss, figures = whole(part, index)
        if calls <= 3:
            return loss, figures
        if broken == "gradient":  # the square root's slope at 0: a finite loss with an infinite gradient
            return loss + (loss - loss).sqrt(), figures
        return loss * (float("nan") if broken == "loss" else 1e6), figures

    task.loss = breaks  # type: ignore[method-assign]
    with pytest.raises(RecipeError, match="at step 3") as caught:
        train(plan, task, tmp_path / "run")
    assert "\n" not in str(caught.value)
    folder = tmp_path / "run" / "checkpoint"
    assert read_card(folder).images_seen == 12
    assert all(torch.isfinite(tensor).all() for tensor in read_weights(folder, read_card(folder)).values())
    assert toy(plan, tmp_path / "run", resume=True).sha256 == toy(plan, tmp_path / "again").sha256


def test_the_adversarial_decoder_resumes_exactly_and_keeps_the_encoder(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    from echo_studio.train.registry import task_for

    tiny_segmenter(tmp_path / "segmenter")
    first = run(recipe("gamma-vae", images=4), data, tmp_path / "stage1")
    init = tmp_path / "stage1" / "checkpoint"
    loss = {"crop": 32, "decoder_only": True, "adversarial": 0.1, "feature_matching": 1.0, "perceptual": 1.0}
    plan = recipe("gamma-vae", images=8, loss=loss, needs=["segmenter"], checkpoint_minutes=EACH_STEP)
    with pytest.raises(RecipeError, match="--init"):
        task_for(plan, data, tmp_path)
    task = task_for(plan, data, tmp_path, init)
    whole = train(plan, task, tmp_path / "whole", init=init)
    with pytest.raises(Stop):
        run(plan, data, tmp_path / "broken", stop_at=8, init=init)
    assert run(plan, data, tmp_path / "broken", resume=True, init=init).sha256 == whole.sha256
    before, after = load_network(init)[1].state_dict(), load_network(tmp_path / "whole" / "checkpoint")[1].state_dict()
    for key in before:
        assert torch.equal(before[key], after[key]) == key.startswith("encoder"), key
    assert whole.settings == first.settings
    second_leg = task_for(plan, data, tmp_path, tmp_path / "whole" / "checkpoint").parts["discriminator"].state_dict()
    for key, value in task.parts["discriminator"].state_dict().items():
        assert torch.equal(second_leg[key], value), key


def test_the_judge_in_place_of_the_segmenter_is_refused_as_a_loss(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    from echo_studio.train.registry import task_for

    tiny_judge(tmp_path / "judge")
    plan = recipe("gamma-vae", loss={"crop": 32, "perceptual": 1.0}, needs=["judge"])
    with pytest.raises(RecipeError, match=r"a segmenter.*a judge"):
        task_for(plan, data, tmp_path)


def test_kill_9_loses_no_more_than_one_interval(recipe: MakeRecipe, tmp_path: Path) -> None:
    plan = recipe("edm", images=40000, checkpoint_minutes=EACH_STEP, samples_every_images=40000)
    (tmp_path / "recipe.json").write_text(plan.model_dump_json())
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from echo_studio.train.loop import train
        from echo_studio.train.recipe import Recipe
        from tests.train.toy import ToyTask
        plan = Recipe.model_validate_json(Path(sys.argv[1]).read_text())
        show = lambda report: print(report.images, flush=True)
        train(plan, ToyTask(plan), Path(sys.argv[2]), on_step=show)
        """
    )
    out = tmp_path / "run"
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "recipe.json"), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            images = int(line)
            if images >= 20:
                os.kill(process.pid, signal.SIGKILL)
                break
    latest = json.loads((out / "latest.json").read_text())["state"]
    step = json.loads((out / latest / "progress.json").read_text())["step"]
    assert step * 4 >= images - 4
    with pytest.raises(Stop):
        toy(plan, out, resume=True, stop_at=(step + 2) * 4)


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_finished_run_leaves_a_generator_samples_and_a_log(
    kind: str, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    card = run(recipe(kind, images=4, samples_every_images=4), data, tmp_path / "run")
    folder = tmp_path / "run" / "checkpoint"
    assert read_card(folder) == card
    assert ("sigma_data" in card.settings) == (kind == "edm")
    assert ("limit" in card.settings) == (kind != "edm")
    assert card.makes == "frame"
    assert f"{kind}_loss" in card.scores["validation"]
    assert load_cards(tmp_path / "run").keys() == {f"tiny-{kind}"}
    folder.rename(tmp_path / f"tiny-{kind}")
    generator = load_generator(f"tiny-{kind}", tmp_path)
    assert isinstance(family_of(card), FAMILIES[kind])
    request = GenerationRequest(template("4ch-ed"), advised_sampling(card, solver="ancestral", nfe=3))
    assert generator.generate(request).image.any()
    (tmp_path / f"tiny-{kind}").rename(folder)
    assert load_network(folder)[0] == card
    with Image.open(tmp_path / "run" / "samples" / "00000004.png") as picture:
        assert np.asarray(picture).std() > 0
    assert list((tmp_path / "run" / "log").glob("events.*"))


@pytest.mark.parametrize("kind", ["segmenter", "video-edm"])
def test_what_is_no_generator_of_frames_ends_with_scores_and_samples_too(
    kind: str, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    card = run(recipe(kind, images=4, samples_every_images=4), data, tmp_path / "run")
    assert card.makes == {"segmenter": "", "video-edm": "video"}[kind]
    assert card.scores["validation"]
    assert (tmp_path / "run" / "samples" / "00000004.png").is_file()
    assert load_network(tmp_path / "run" / "checkpoint")[0] == card


def test_a_second_run_in_the_same_folder_is_refused(recipe: MakeRecipe, tmp_path: Path) -> None:
    toy(recipe("edm", images=4), tmp_path / "run")
    with pytest.raises(OutputError, match="--resume"):
        toy(recipe("edm", images=4), tmp_path / "run")
    with pytest.raises(CheckpointError, match="another recipe"):
        toy(recipe("edm", images=8), tmp_path / "run", resume=True)
    with pytest.raises(CheckpointError, match="without --resume"):
        toy(recipe("edm", images=4), tmp_path / "empty", resume=True)


def test_a_wall_clock_budget_stops_the_run_resumably(recipe: MakeRecipe, tmp_path: Path) -> None:
    plan = recipe("edm")
    card = train(plan, ToyTask(plan), tmp_path / "run", minutes=0.0)
    assert card.images_seen == 0
    assert toy(plan, tmp_path / "run", resume=True).images_seen == 24
