"""What a set will cost before it is made: samples, minutes, disk. Measured on a batch of every way to make them."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from echo_studio.dataset.build.batch import SampleRenderer
from echo_studio.dataset.build.manifest import Item, SetRequest
from echo_studio.dataset.build.set_folder import SetFolder, in_batches
from echo_studio.dataset.build.synthesise import one_thread
from echo_studio.dataset.pairs import pair_files
from echo_studio.parallel import cores
from echo_studio.types import Json

BLOCK = 4096  # bytes: a file takes whole blocks of the disk, a folder one


@dataclass(frozen=True)
class Plan:
    """What is left to do.

    Attributes:
        samples: of the set.
        clips: of them that are heartbeats, not frames.
        finished: of them already made or set aside.
        label_maps: that they come from.
        seconds: one worker's, for what is left.
        minutes: of the workers together, as many as there are cores for.
        disk_bytes: for what is left.
        free_bytes: where the set lies; None on an object store.
    """

    samples: int
    clips: int
    finished: int
    label_maps: int
    generators: int
    workers: int
    seconds: float
    minutes: float
    disk_bytes: int
    free_bytes: int | None

    def to_json(self) -> Json:
        return asdict(self)


def plan_set(
    request: SetRequest, folder: SetFolder, workers: int, checkpoints: Path | None = None, elsewhere: bool = False
) -> Plan:
    """Time a batch of each generator that has something left to make. Nothing is written.

    Args:
        folder: where the set lies or will lie; one that was begun holds this request's.
        elsewhere: the workers are not on this machine, whose cores do not bound them then.

    Raises:
        EchoStudioError: a generator cannot be loaded.
    """
    made = folder.finished() if folder.begun else set()
    header = folder.header if folder.begun else request.header()
    renderer = SampleRenderer(header, lambda number: request.maps[number].label_map, checkpoints, request.device)
    left = 0
    counts = [0] * len(request.samplings)
    first: dict[int, list[Item]] = {}
    for number, items in in_batches(request.items(), request.batch):
        if number not in made:
            left += len(items)
            counts[items[0].how] += len(items)
            first.setdefault(items[0].how, items)
    seconds, disk = 0.0, 0.0
    with one_thread(request.device):
        for how, items in first.items():
            each, size = _measured(renderer, items)
            seconds += each * counts[how]
            disk += size * counts[how]
    at_once = min(workers, cores()) if request.device == "cpu" and not elsewhere else workers
    return Plan(
        samples=request.count,
        clips=sum(one.clip is not None for one in request.samplings) * request.count // len(request.samplings),
        finished=request.count - left,
        label_maps=len(request.maps),
        generators=len(request.samplings),
        workers=workers,
        seconds=round(seconds, 1),
        minutes=round(seconds / at_once / 60, 2),
        disk_bytes=round(disk),
        free_bytes=folder.free_bytes(),
    )


def _measured(renderer: SampleRenderer, items: list[Item]) -> tuple[float, float]:
    """Seconds and bytes of the disk for one sample; the first batch loads and warms up."""
    renderer.make(items)
    started = time.perf_counter()
    samples, _ = renderer.make(items)
    sizes = [sum(-(-len(data) // BLOCK) * BLOCK for data in pair_files(one).values()) + BLOCK for one in samples]
    return (time.perf_counter() - started) / len(items), sum(sizes) / len(items)
