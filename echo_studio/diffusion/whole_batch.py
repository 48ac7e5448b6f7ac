"""A batch may be a share of a larger one: other processes hold the rest. What is divided by belongs to the whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor

_mean: ContextVar[Callable[[Tensor], Tensor] | None] = ContextVar("mean over the shares", default=None)


def mean_over_shares(value: Tensor) -> Tensor:
    """A number of this share, averaged over the shares that are computed at the same time; without any, itself."""
    mean = _mean.get()
    return value if mean is None else mean(value)


@contextmanager
def one_of_several(mean: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """What is computed in the block is a share; `mean` asks the others for theirs, who call it as often."""
    token = _mean.set(mean)
    try:
        yield
    finally:
        _mean.reset(token)
