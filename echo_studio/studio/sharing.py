"""What is kept in memory for few, and whose of it goes when there is too much."""

from collections import Counter
from collections.abc import Callable, Mapping

__all__ = ["choose_evictions"]


def choose_evictions(owners: Mapping[str, str], most: int, may_go: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Which things to let go so that at most `most` are left: of whoever has most the oldest, so that nobody pushes
    out what belongs to others by having much.

    Args:
        owners: whose each thing is, the oldest first.
        may_go: whether a thing may go; where too few may, more are left.
    """
    left, gone = dict(owners), list[str]()
    while len(left) > most:
        held = Counter(left.values())
        free = [thing for thing in left if may_go(thing)]
        if not free:
            break
        gone.append(max(free, key=lambda thing: held[left[thing]]))  # of equals the first one, which is the oldest
        del left[gone[-1]]
    return gone
