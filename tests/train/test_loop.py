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
from echo_studio.generate.checkpoint import Card, read_card
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import advised_sampling
from echo_studio.train.loop import Report, train
from echo_studio.train.recipe import Recipe
from echo_studio.train.registry import task_for
from tests.generate.tiny import tiny_vae

MakeRecipe = Callable[..., Recipe]


class Stop(Exception):
    pass


def run(recipe: Recipe, data: CamusFolder, out: Path, *, resume: bool = False, stop_at: int | None = None) -> Card:
    """One call of the trainer, broken off without warning after `stop_at` images."""
    task = task_for(recipe, data, out.parent)

    def on_step(report: Report) -> None:
        if report.images == stop_at:
            raise Stop

    return train(recipe, task, out, resume=resume, on_step=on_step)


@pytest.mark.parametrize("kind", ["segmenter", "gamma-vae", "cyclegan", "edm", "ve", "vp", "sdm", "video-edm"])
def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(
    kind: str, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    whole = run(recipe(kind), data, tmp_path / "whole")
    every_step = recipe(kind, checkpoint_minutes=1e-9)  # a state after each step
    with pytest.raises(Stop):
        run(every_step, data, tmp_path / "broken", stop_at=12)
    resumed = run(every_step, data, tmp_path / "broken", resume=True)
    assert resumed.sha256 == whole.sha256
    assert resumed.scores == whole.scores
    assert resumed.images_seen == whole.images_seen == 24


def test_latents_are_encoded_once_and_resume_exactly(recipe: MakeRecipe, data: CamusFolder, tmp_path: Path) -> None:
    codec, _ = tiny_vae(tmp_path / "tiny-vae")
    plan = recipe("edm", needs=["tiny-vae"], loss={"copies": 2}, checkpoint_minutes=1e-9)
    whole = run(plan, data, tmp_path / "whole")
    with pytest.raises(Stop):
        run(plan, data, tmp_path / "broken", stop_at=12)
    encoded = tmp_path / "broken" / "encoded.safetensors"
    before = encoded.stat().st_mtime_ns
    assert run(plan, data, tmp_path / "broken", resume=True).sha256 == whole.sha256
    assert encoded.stat().st_mtime_ns == before
    assert whole.needs == {"tiny-vae": codec.sha256}


@pytest.mark.parametrize("broken", ["loss", "gradient", "explosion"])
def test_a_run_that_breaks_names_the_step_and_keeps_the_last_good_checkpoint(
    broken: str, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    plan = recipe("edm", checkpoint_minutes=1e-9)
    task = task_for(plan, data, tmp_path)
    calls = 0
    whole = task.loss

    def breaks(part: str, index: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]] | None:
        nonlocal calls
        calls += 1
        outcome = whole(part, index)
        if calls <= 3 or outcome is None:
            return outcome
        loss, figures = outcome
        if broken == "gradient":  # the square root's slope at 0: a finite loss with an infinite gradient
            return loss + (loss - loss).sqrt(), figures
        return loss * (float("nan") if broken == "loss" else 1e6), figures

    task.loss = breaks  # type: ignore[method-assign]
    with pytest.raises(RecipeError, match="at step 3") as caught:
        train(plan, task, tmp_path / "run")
    assert "\n" not in str(caught.value)
    card, network = load_network(tmp_path / "run" / "checkpoint")
    assert card.images_seen == 12
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())
    assert run(plan, data, tmp_path / "run", resume=True).sha256 == run(plan, data, tmp_path / "again").sha256


def test_the_adversarial_decoder_resumes_exactly_and_keeps_the_encoder(
    recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    run(recipe("segmenter", name="segmenter"), data, tmp_path / "seg")
    (tmp_path / "seg" / "checkpoint").rename(tmp_path / "segmenter")
    first = run(recipe("gamma-vae"), data, tmp_path / "stage1")
    init = tmp_path / "stage1" / "checkpoint"
    loss = {"crop": 32, "decoder_only": True, "adversarial": 0.1, "feature_matching": 1.0, "perceptual": 1.0}
    plan = recipe("gamma-vae", images=12, loss=loss, needs=["segmenter"], checkpoint_minutes=1e-9)
    with pytest.raises(RecipeError, match="--init"):
        task_for(plan, data, tmp_path)

    judges = {}

    def go(out: str, resume: bool, stop_at: int | None) -> Card:
        task = task_for(plan, data, tmp_path, init)
        judges[out] = task.parts["discriminator"]

        def on_step(report: Report) -> None:
            if report.images == stop_at:
                raise Stop

        return train(plan, task, tmp_path / out, resume=resume, init=init, on_step=on_step)

    whole = go("whole", False, None)
    with pytest.raises(Stop):
        go("broken", False, 8)
    assert go("broken", True, None).sha256 == whole.sha256
    before, after = load_network(init)[1].state_dict(), load_network(tmp_path / "whole" / "checkpoint")[1].state_dict()
    for key in before:
        assert torch.equal(before[key], after[key]) == key.startswith("encoder"), key
    assert whole.settings == first.settings
    second_leg = task_for(plan, data, tmp_path, tmp_path / "whole" / "checkpoint").parts["discriminator"].state_dict()
    for key, value in judges["whole"].state_dict().items():
        assert torch.equal(second_leg[key], value), key


def test_kill_9_loses_no_more_than_one_interval(recipe: MakeRecipe, data: CamusFolder, tmp_path: Path) -> None:
    plan = recipe("edm", images=4000, checkpoint_minutes=1e-9)
    (tmp_path / "recipe.json").write_text(plan.model_dump_json())
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from echo_studio.data.datasets.camus import CamusFolder
        from echo_studio.train.loop import train
        from echo_studio.train.recipe import Recipe
        from echo_studio.train.registry import task_for
        plan = Recipe.model_validate_json(Path(sys.argv[1]).read_text())
        out = Path(sys.argv[3])
        show = lambda report: print(report.images, flush=True)
        train(plan, task_for(plan, CamusFolder(Path(sys.argv[2])), out), out, on_step=show)
        """
    )
    out = tmp_path / "run"
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "recipe.json"), str(data.root), str(out)]
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
        run(plan, data, out, resume=True, stop_at=(step + 2) * 4)


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_finished_run_leaves_a_generator_samples_and_a_log(
    kind: str, recipe: MakeRecipe, data: CamusFolder, tmp_path: Path
) -> None:
    card = run(recipe(kind), data, tmp_path / "run")
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
    with Image.open(tmp_path / "run" / "samples" / "00000012.png") as picture:
        assert np.asarray(picture).std() > 0
    assert list((tmp_path / "run" / "log").glob("events.*"))


def test_a_second_run_in_the_same_folder_is_refused(recipe: MakeRecipe, data: CamusFolder, tmp_path: Path) -> None:
    run(recipe("edm", images=4), data, tmp_path / "run")
    with pytest.raises(OutputError, match="--resume"):
        run(recipe("edm", images=4), data, tmp_path / "run")
    with pytest.raises(CheckpointError, match="another recipe"):
        run(recipe("edm", images=8), data, tmp_path / "run", resume=True)
    with pytest.raises(CheckpointError, match="without --resume"):
        run(recipe("edm", images=4), data, tmp_path / "empty", resume=True)


def test_a_wall_clock_budget_stops_the_run_resumably(recipe: MakeRecipe, data: CamusFolder, tmp_path: Path) -> None:
    plan = recipe("edm")
    card = train(plan, task_for(plan, data, tmp_path), tmp_path / "run", minutes=0.0)
    assert card.images_seen == 0
    assert run(plan, data, tmp_path / "run", resume=True).images_seen == 24
