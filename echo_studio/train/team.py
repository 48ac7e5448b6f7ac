"""The processes that train together: one, or those that `torchrun` (on GPUs also `accelerate launch`) started.

The loop calls its team and need not know how many there are.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor, nn

from echo_studio.errors import RecipeError, RequestError
from echo_studio.train.share import Share

__all__ = ["SingleProcess", "join", "rank", "shares_of"]

T = TypeVar("T")
MPI = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")


class SingleProcess:
    """A team of one process; `multi_process.MultiProcess` is a team of several.

    All processes of a team call the same methods in the same order.

    Attributes:
        size: how many processes there are.
        number: of this one, from 0.
        is_main_process: whether this one, number 0, writes and speaks.
        device: of this one's networks.
    """

    size, number, is_main_process = 1, 0, True

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)

    def wrapped(self, network: nn.Module) -> nn.Module:
        """The network so that its gradients become the mean over the processes."""
        return network

    def no_sync(self, network: nn.Module, hold: bool) -> AbstractContextManager[None]:
        """Within the block a wrapped network keeps its gradients to itself where `hold` says so: others follow."""
        return nullcontext()

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean over the processes."""
        return tensor

    def all_gather(self, tensor: Tensor) -> Tensor:
        """The rows of all processes, in the order of their numbers."""
        return tensor

    def figures(self, accumulated: Sequence[dict[str, float]]) -> dict[str, float]:
        """The mean over accumulation steps and processes."""
        return {name: sum(one[name] for one in accumulated) / len(accumulated) for name in accumulated[0]}

    def broadcast(self, value: T) -> T:
        """The value that the main process has."""
        return value

    def main_process_first(self, work: Callable[[], T]) -> T:
        """The work done by the main process, then by the others, who find the files that it left.

        Raises:
            EchoStudioError: that of any of them, in all of them.
        """
        return work()

    def leave(self) -> None:
        """All is done."""


def rank() -> int:
    """This process's number among those that were started together; 0 where it is alone."""
    return int(os.environ.get("RANK", "0"))


def join(device: str) -> SingleProcess:
    """The team that this process was started in.

    Args:
        device: cpu, or what torch calls a device; of several processes, each takes its own `cuda`.

    Raises:
        RequestError: torch cannot use the device, several processes cannot share it, or another launcher started them.
    """
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise RequestError(
            expected="a device that torch can use", got=f"{device!r}", remedy="try --device cpu"
        ) from error
    if "WORLD_SIZE" not in os.environ and any(int(os.environ.get(name, "1")) > 1 for name in MPI):
        raise RequestError(  # each would take itself for the only one, and all would write
            expected="processes that torchrun started", got="those of mpirun", remedy="launch with torchrun"
        )
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return SingleProcess(device)
    if device not in ("cpu", "cuda"):
        raise RequestError(
            expected="--device cpu or cuda for several processes", got=device, remedy="each takes a GPU of its own"
        )
    # Late: accelerate takes a second to import, and one process does without.
    from echo_studio.train.multi_process import MultiProcess  # noqa: PLC0415

    return MultiProcess(device)


def shares_of(batch: int, team: SingleProcess, accumulation_steps: int) -> list[Share]:
    """What this process computes of each batch.

    Args:
        batch: samples.
        accumulation_steps: in which it computes them, one after the other, to save memory.

    Raises:
        RecipeError: they do not divide the batch.
    """
    count, rest = divmod(batch, team.size * accumulation_steps)
    if rest or accumulation_steps < 1:
        raise RecipeError(
            expected=f"a batch that {team.size} processes in {accumulation_steps} pieces divide",
            got=f"a batch of {batch}",
            remedy="start another number of processes, or change --pieces",
        )
    starts = range(0, batch, batch // accumulation_steps)
    return [
        Share(start + team.number * count, count, batch, step, accumulation_steps) for step, start in enumerate(starts)
    ]
