"""The one training loop. Explicit: what happens at a step can be read from top to bottom.

All randomness of step k comes from (recipe seed, k), so a resumed run is bit for bit the run that was
never interrupted, on the same kind of device. Several processes share each batch (`team`, `share`): the same samples
with the same randomness, so the losses are those of one process but for the last digits of sums.
"""

import copy
import dataclasses
import hashlib
import math
import platform
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import nn
from torch.utils.tensorboard.writer import SummaryWriter

from echo_studio.anatomy.labels import LABEL_COUNT, SCHEMA, SCHEMA_2
from echo_studio.errors import OutputError, RecipeError
from echo_studio.generate.checkpoint import Card, made_by, write_checkpoint
from echo_studio.train.recipe import Optimiser, Recipe
from echo_studio.train.samples.frames import batch_indices
from echo_studio.train.state import ALONE, LATEST, Progress, load_state, save_state, ways_of
from echo_studio.train.task import LICENCE, PartLoss, Task
from echo_studio.train.team import SingleProcess, shares_of


class Ema:
    """The averaged twin of a model.

    Args:
        model: whose weights are followed.
        half_life_images: images after which a weight's share has halved; shorter at first, when the
            weights are still far from anything worth averaging (Karras et al. 2022, released code).
    """

    def __init__(self, model: nn.Module, half_life_images: int) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.half_life_images = half_life_images

    @torch.no_grad()
    def update(self, model: nn.Module, images_seen: int, batch: int) -> None:
        """Follow the model after one step."""
        half_life = min(self.half_life_images, max(images_seen, 1) * 0.05)
        decay = 0.5 ** (batch / half_life)
        for mean, value in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for kept, present in zip(self.model.buffers(), model.buffers(), strict=True):
            kept.copy_(present)


EXPLODES_ABOVE = 1000.0  # all our losses are of order one
DATA = "CAMUS (Leclerc et al., IEEE TMI 38(9), 2019)"


@dataclass(frozen=True)
class Report:
    """One step, for progress displays."""

    images: int
    total: int
    images_per_second: float
    figures: dict[str, float]


def train(
    recipe: Recipe,
    task: Task,
    run: Path,
    *,
    resume: bool = False,
    init: Path | None = None,
    minutes: float = math.inf,
    on_step: Callable[[Report], None] = lambda report: None,
    team: SingleProcess | None = None,
    gradient_accumulation_steps: int = 1,
    tell: Callable[[str], None] = lambda text: None,
) -> Card:
    """Train until the recipe's images or the minutes are spent; write states, samples, logs and the checkpoint.

    Args:
        recipe: what to do.
        task: losses, data and scores of the recipe's kind; `task.parts["model"]` is the network.
        run: folder for `step-*/` (to resume), `checkpoint/` (averaged weights and card), `samples/`, `log/`.
        resume: go on from the newest state in `run`.
        init: recorded in the card when the model was warm-started.
        minutes: wall-clock budget of this call.
        on_step: called after each step.
        team: the processes that share the work; this one alone by default. All of them see `run` and the data, the
            main process writes.
        gradient_accumulation_steps: in which each process computes its share of a batch, one after the other: the
            gradient is the mean over them, and memory is needed for one. Terms that are divided by what lies inside
            the sector are divided step by step.
        tell: called with what a person should know.

    Returns:
        The card of the checkpoint, with validation scores.

    Raises:
        OutputError: `run` holds a run already and `resume` is False.
        CheckpointError: nothing to resume, or it belongs to another recipe.
        RecipeError: the loss or a gradient is not finite, or the loss explodes; names the step. The last
            state and checkpoint stay as they are. Or the batch cannot be shared.
    """
    team = team or SingleProcess()
    shares = shares_of(recipe.budget.batch, team, gradient_accumulation_steps)
    digest = hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()
    model = task.parts["model"]
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(task.frozen) if task.frozen else True)
    optimisers = {part: _optimiser(module, recipe.optimiser) for part, module in task.parts.items()}
    ema = Ema(model, recipe.budget.ema_images)
    modules = {**task.parts, "ema": ema.model}
    progress = Progress(0, 0.0)
    if resume:
        progress = team.main_process_first(lambda: load_state(run, modules, optimisers, digest))
    elif team.main_process_first((run / LATEST).exists):
        raise OutputError(
            expected="an empty run folder", got=f"{run}, which holds a run", remedy="pass --resume or another folder"
        )
    run.mkdir(parents=True, exist_ok=True)
    count = team.main_process_first(lambda: task.load_data(run))
    networks = {part: team.wrapped(PartLoss(task, part)) for part in task.parts}
    ways = ways_of(progress.ways, team.size, gradient_accumulation_steps)
    if len(ways) > max(1, len(progress.ways)):
        tell(f"went on with {ways[-1]} after {ways[-2]}: not bit for bit the run that was never interrupted")
    batch, total = recipe.budget.batch, recipe.budget.images
    steps = math.ceil(total / batch)
    started = time.monotonic()
    saved_at = started
    device = next(model.parameters()).device
    card = _card(recipe, init, device, ways)

    def seconds() -> float:
        return progress.seconds + time.monotonic() - started

    def keep(step: int) -> Card:
        now = dataclasses.replace(
            card,
            **task.card_entries(ema.model),
            images_seen=step * batch,
            minutes=round(seconds() / 60, 1),
        )
        written = write_checkpoint(run / "checkpoint", now, ema.model)
        save_state(run, Progress(step, seconds(), ways), modules, optimisers, digest)
        return written

    writer = (
        SummaryWriter(str(run / "log"), purge_step=progress.step * batch) if team.is_main_process else nullcontext()
    )
    with writer as log:
        step = progress.step
        while step < steps and team.broadcast(time.monotonic() - started < minutes * 60):
            tick = time.monotonic()
            torch.manual_seed(_step_seed(recipe.seed, step))
            index = batch_indices(count, batch, step, recipe.seed)
            rate = _learning_rate(recipe.optimiser, step * batch, total)
            figures: dict[str, float] = {}
            for part, module in task.parts.items():
                optimiser = optimisers[part]
                optimiser.param_groups[0]["lr"] = rate
                optimiser.zero_grad(set_to_none=True)
                accumulated = []
                for share in shares:
                    with team.no_sync(networks[part], hold=not share.last):
                        with share.taken(team.mean, team.all_gather, device):
                            loss, extra = networks[part](index[share.rows].numpy())
                        (loss / gradient_accumulation_steps).backward()
                    accumulated.append({f"{part}/loss": float(loss.detach()), **extra})
                figures |= team.figures(accumulated)
                _must_be_sane("loss", figures[f"{part}/loss"], EXPLODES_ABOVE, part, step)
                trained = [p for p in module.parameters() if p.requires_grad]
                norm = nn.utils.clip_grad_norm_(trained, recipe.optimiser.clip)
                # Before the step: no broken number ever enters the weights, the average or a checkpoint.
                _must_be_sane("gradient", float(norm), math.inf, part, step)
                optimiser.step()
            step += 1
            images = step * batch
            ema.update(model, images, batch)
            speed = batch / (time.monotonic() - tick)
            on_step(Report(images, steps * batch, speed, figures))
            if log is None:  # not the main process
                continue
            if step % 20 == 0:
                for name, value in {**figures, "rate": rate, "images_per_second": speed}.items():
                    log.add_scalar(name, value, images)
            if images // recipe.samples_every_images > (images - batch) // recipe.samples_every_images:
                picture = task.samples(ema.model)
                (run / "samples").mkdir(exist_ok=True)
                cv2.imwrite(str(run / "samples" / f"{images:08d}.png"), picture)
            if time.monotonic() - saved_at > recipe.checkpoint_minutes * 60:
                keep(step)
                saved_at = time.monotonic()
        if log is not None:
            card = keep(step)
            card = dataclasses.replace(card, scores={"validation": task.validate(ema.model)})
            card = write_checkpoint(run / "checkpoint", card, ema.model)
        return team.broadcast(card)


def _must_be_sane(what: str, value: float, limit: float, part: str, step: int) -> None:
    if not math.isfinite(value) or value > limit:
        raise RecipeError(
            expected=f"a finite {what}" + (f" of at most {limit:g}" if math.isfinite(limit) else ""),
            got=f"{value:g} for {part} at step {step}",
            remedy="lower the learning rate and resume from the last state",
        )


def _optimiser(module: nn.Module, settings: Optimiser) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        [parameter for parameter in module.parameters() if parameter.requires_grad],
        lr=settings.learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
    )


def _learning_rate(settings: Optimiser, images: int, total: int) -> float:
    """Linear warm-up, then none, cosine or linear decay to 0 at the end of the budget."""
    warm = min(1.0, (images + 1) / settings.warmup_images) if settings.warmup_images else 1.0
    left = max(0.0, 1 - images / total)
    decay = {"none": 1.0, "linear": left, "cosine": 0.5 - 0.5 * math.cos(math.pi * left)}[settings.decay]
    return settings.learning_rate * warm * decay


def _step_seed(seed: int, step: int) -> int:
    """A seed for each step; hashed, so that neighbouring runs share no step."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{step}".encode()).digest()[:8], "little") >> 1


def _card(recipe: Recipe, init: Path | None, device: torch.device, ways: tuple[str, ...]) -> Card:
    machine = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{platform.machine()} {device.type}, {torch.get_num_threads()} threads"
    )
    if ways != (ALONE,):
        machine = f"{machine}, {' then '.join(ways)}"
    warm = f" Warm-started from {init.name}." if init else ""
    return Card(
        name=recipe.name,
        kind=recipe.kind,
        title=recipe.title,
        description=recipe.description + warm,
        paper=recipe.paper,
        network=recipe.network,
        settings={},
        resolution=recipe.resolution,
        makes=made_by(recipe.kind),
        advised_nfe=recipe.advised_nfe,
        advised_solver=recipe.advised_solver,
        advised_guidance=recipe.advised_guidance,
        label_schema=SCHEMA_2 if recipe.network.get("labels") == LABEL_COUNT else SCHEMA,
        data=DATA,
        split="training (400 patients), chosen on validation (50 patients)",
        licence=LICENCE,
        machine=machine,
    )
