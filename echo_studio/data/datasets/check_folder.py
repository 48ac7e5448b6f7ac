"""A folder of one of the layouts that are read here, and what there is to check in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.camus_sequence import half_sequences
from echo_studio.data.datasets.check_camus import Fault, check_folder
from echo_studio.data.datasets.check_clips import check_echonet, check_half_sequences, check_loops
from echo_studio.data.datasets.echonet import EchonetFolder
from echo_studio.data.datasets.loops import LoopFolder
from echo_studio.errors import DataError

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Checkable:
    """What a folder holds.

    Attributes:
        root: where its layout begins.
        layout: its name for people.
        counts: how many of what, by plural.
        faults: finds them; told how far it is.
    """

    root: Path
    layout: str
    counts: dict[str, int]
    faults: Callable[[Advance], Iterator[Fault]]


def checkable(path: Path) -> Checkable:
    """EchoNet-Dynamic where there is a FileList.csv, CAMUS where there are its patients, else any folder of loops.

    Raises:
        DataError: none of them.
    """
    if any((root / "FileList.csv").is_file() for root in (path, path / "EchoNet-Dynamic")):
        videos = EchonetFolder(path)
        count = len(list((videos.root / "Videos").glob("*.avi")))
        return Checkable(
            videos.root, "EchoNet-Dynamic", {"videos": count}, lambda advance: check_echonet(videos, advance)
        )
    try:
        return _camus(CamusFolder(path))
    except DataError as no_camus:
        try:
            loops = LoopFolder(path)
        except DataError:
            raise no_camus from None
    counts = {"recordings": len(loops.paths)}
    return Checkable(path, "recordings", counts, lambda advance: check_loops(loops, advance))


def _camus(folder: CamusFolder) -> Checkable:
    counts = {"patients": len(folder.patients), "frames": len(folder.frame_ids())}
    if sequences := len(half_sequences(folder)):
        counts["half sequences"] = sequences

    def faults(advance: Advance) -> Iterator[Fault]:
        yield from check_folder(folder, advance)
        yield from check_half_sequences(folder, advance)

    return Checkable(folder.root, "CAMUS", counts, faults)
