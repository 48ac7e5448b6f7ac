"""The processes that train together: one, or those that `torchrun` (on GPUs also `accelerate launch`) started.

The loop calls its team and need not know how many there are. Each process computes a share of a batch at once, with the
randomness that its samples have in the whole batch: tasks take random numbers from torch's global generator, for the
batch that they are given. In a share, these numbers are sampled for the whole batch and cut: sample 7 gets what it
would get in one process, whichever process holds it and however many there are. Nothing depends on a process's own
number.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from echo_studio.diffusion.loss import one_of_several
from echo_studio.errors import RecipeError, RequestError

# Random functions that no task uses; one that comes to be used has to be taught to `_WholeBatchRandomness` first.
UNKNOWN = frozenset(
    ("bernoulli", "bernoulli_", "multinomial", "normal", "normal_", "poisson", "randperm", "uniform_", "exponential_")
)
Over = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Share:
    """Some samples of a batch.

    Attributes:
        first, count: which of the whole batch.
        batch: size of the whole batch.
        step, steps: what each process holds is computed in so many steps of gradient accumulation, one after the
            other; this is number `step`. The gradient is the mean over them.
    """

    first: int
    count: int
    batch: int
    step: int = 0
    steps: int = 1

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + self.count)

    @property
    def last(self) -> bool:
        return self.step == self.steps - 1

    @contextmanager
    def taken(self, mean: Over, all_gather: Over, device: torch.device) -> Iterator[None]:
        """Compute the share's loss in the block.

        Args:
            mean: of a scalar over the shares that are computed at the same time.
            all_gather: the rows of these shares in their order in the batch.
            device: of the networks.
        """
        if self.count == self.batch:  # nothing to share: not even the way through here
            yield
            return
        with ExitStack() as stack:
            if not self.last:  # every step cuts the same random numbers
                devices = [device] if device.type == "cuda" else []
                stack.enter_context(torch.random.fork_rng(devices=devices))
            stack.enter_context(one_of_several(mean))
            stack.enter_context(_WholeBatchRandomness(self, all_gather))
            yield


class _WholeBatchRandomness(TorchFunctionMode):
    """Samples random numbers for the whole batch where a share asks for some. What has its own generator passes."""

    def __init__(self, share: Share, all_gather: Over) -> None:
        super().__init__()
        self.share, self.all_gather = share, all_gather

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        if name in ("rand", "randn"):
            shape = args[0] if args and not isinstance(args[0], int) else args
            return self._cut(func(self._whole(shape), **kwargs), shape)
        if name == "randint":
            *bounds, shape = args
            return self._cut(func(*bounds, self._whole(shape), **kwargs), shape)
        if name in ("rand_like", "randn_like"):
            return self._cut(func(self._whole_like(args[0]), **kwargs), args[0].shape)
        if name == "_standard_gamma":
            return self._gamma(args[0])
        if func is F.dropout:
            return self._dropout(*args, **kwargs)
        if name in UNKNOWN:
            raise RuntimeError(f"torch.{name} in a share of a batch: it is not known what the whole batch would get")
        return func(*args, **kwargs)

    def _whole(self, shape: Sequence[int]) -> tuple[int, ...]:
        if not shape:  # one number for all samples: the same in every share
            return ()
        times, rest = divmod(shape[0], self.share.count)
        if rest or not times:
            raise RuntimeError(f"random numbers of shape {tuple(shape)} in a share of {self.share.count} samples")
        return (times * self.share.batch, *shape[1:])

    def _cut(self, numbers: Tensor, shape: Sequence[int]) -> Tensor:
        if not shape:
            return numbers
        times = shape[0] // self.share.count  # such as the frames of a clip, which lie one after the other
        return numbers[self.share.first * times : (self.share.first + self.share.count) * times]

    def _whole_like(self, tensor: Tensor) -> Tensor:
        """Empty, of the whole batch's size, and in memory in the same order, in which numbers are sampled."""
        shape = self._whole(tensor.shape)
        axes = sorted(range(tensor.ndim), key=lambda axis: tensor.stride()[axis], reverse=True)
        back = [axes.index(axis) for axis in range(tensor.ndim)]
        return tensor.new_empty([shape[axis] for axis in axes]).permute(back)

    def _gamma(self, alpha: Tensor) -> Tensor:
        """Gamma variates take as many numbers as their parameters ask for, so those of all shares must be known."""
        beside = self.all_gather(alpha.detach())
        start = self.share.first - self.share.step * (self.share.batch // self.share.steps)
        whole = torch.cat([beside[:start], alpha, beside[start + len(alpha) :]])
        if self.share.step:  # the parameters of other steps are not known: this one has numbers of its own
            torch.manual_seed(torch.initial_seed() + self.share.step)
        return torch._standard_gamma(whole)[start : start + len(alpha)]

    def _dropout(self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training or p == 0:
            return x
        kept = self._whole_like(x).bernoulli_(1 - p).div_(1 - p)
        return x * self._cut(kept, x.shape)


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
