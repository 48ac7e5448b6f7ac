"""Times that a noisy machine cannot spoil: variants in turn, medians, and processor time where one thread does all."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch

Key = TypeVar("Key", bound=Hashable)


def clock() -> Callable[[], float]:
    """Seconds of this thread on the processor where torch has one thread; of the wall otherwise.

    Processor time leaves out what else the machine does meanwhile. With several threads it would add them up.
    """
    return time.thread_time if torch.get_num_threads() == 1 else time.perf_counter


def clock_name() -> str:
    return "processor seconds of one thread" if torch.get_num_threads() == 1 else "seconds on the wall"


@dataclass
class Laps:
    """Seconds of one thing, measured again and again.

    Attributes:
        whole: of each run.
        calls: of single calls within the runs.
    """

    whole: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(self.whole)

    @property
    def call(self) -> float:
        return statistics.median(self.calls)


class Interleaved(Generic[Key]):
    """Runs each thing once a round, so that a slow minute falls on all of them alike."""

    def __init__(self, things: Mapping[Key, Callable[[Laps], None]]) -> None:
        self.things = things
        self.laps: dict[Key, Laps] = defaultdict(Laps)

    def run(self, rounds: int, on_done: Callable[[int, int], None] = lambda done, total: None) -> dict[Key, Laps]:
        """Time `rounds` rounds after one that is not counted. A thing may add the times of its calls to its laps."""
        now, total = clock(), len(self.things) * (rounds + 1)
        for turn in range(rounds + 1):
            for place, (key, thing) in enumerate(self.things.items()):
                laps = Laps()
                started = now()
                thing(laps)
                if turn:
                    self.laps[key].whole.append(now() - started)
                    self.laps[key].calls += laps.calls
                on_done(turn * len(self.things) + place + 1, total)
        return dict(self.laps)
