"""What a downstream training must remember to go on: one safetensors file, replaced whole."""

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from echo_studio.data.atomic import write_bytes

NOTE = "progress"
WEIGHTS, BEST, MOMENTS = "weights/", "best/", "moments/"


@dataclass(frozen=True)
class Point:
    """One point of a validation curve: after so many steps, a score from 0 to 1."""

    step: int
    score: float


@dataclass(frozen=True)
class Trained:
    """A trained network, its validation curve, and the seconds that training took, over all its sittings."""

    network: nn.Module
    curve: list[Point]
    seconds: float


@dataclass
class Training:
    """How far a training has come: steps done, seconds, the curve, the weights at its best point."""

    step: int = 0
    seconds: float = 0.0
    curve: list[Point] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)

    def add(self, point: Point, network: nn.Module) -> None:
        """Put a point on the curve; keep the network's weights where none was better."""
        if all(point.score >= before.score for before in self.curve):
            self.best = copy.deepcopy(network.state_dict())
        self.curve.append(point)

    def trained(self, network: nn.Module) -> Trained:
        """The network with the weights of the best point."""
        if self.best:
            network.load_state_dict(self.best)
        return Trained(network.eval(), self.curve, self.seconds)


def save_training(path: Path, progress: Training, network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Put everything that going on needs at `path`, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    moments = optimiser.state_dict()["state"]
    tensors = {WEIGHTS + name: tensor for name, tensor in network.state_dict().items()}
    tensors |= {BEST + name: tensor for name, tensor in progress.best.items()}
    tensors |= {f"{MOMENTS}{i}/{slot}": value for i, slots in moments.items() for slot, value in slots.items()}
    note = {"step": progress.step, "seconds": progress.seconds, "curve": [[p.step, p.score] for p in progress.curve]}
    # Clones, because safetensors refuses tensors that share memory.
    plain = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(plain, {NOTE: json.dumps(note)}))


def load_training(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Training:
    """Restore what `save_training` wrote; a fresh start where there is nothing, or a file that a disk has spoilt."""
    try:
        with safe_open(path, framework="pt") as file:
            note = json.loads(file.metadata()[NOTE])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    except (FileNotFoundError, SafetensorError):
        return Training()
    network.load_state_dict(_below(tensors, WEIGHTS))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _below(tensors, MOMENTS).items():
        index, slot = name.split("/")
        moments.setdefault(int(index), {})[slot] = tensor
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
    curve = [Point(step, score) for step, score in note["curve"]]
    return Training(note["step"], note["seconds"], curve, _below(tensors, BEST))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
