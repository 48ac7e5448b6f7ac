"""The share of a batch that one process computes at once, with the randomness that its samples have in the whole batch.

Tasks take random numbers from torch's global generator, for the batch that they are given. In a share, these numbers
are sampled for the whole batch and cut: sample 7 gets what it would get in one process, whichever process holds it
and however many there are. Nothing depends on a process's own number.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from echo_studio.diffusion.loss import one_of_several

__all__ = ["Over", "Share"]

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
