"""Every fault of the recordings in a folder: each is read as it would be for training, none stops the others."""

from collections.abc import Callable, Iterator

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.camus_sequence import half_sequences, read_half_sequence
from echo_studio.data.datasets.check_camus import Fault
from echo_studio.data.datasets.echonet import EchonetFolder
from echo_studio.data.datasets.loops import LoopFolder, read_loop
from echo_studio.errors import EchoStudioError

Advance = Callable[[int, int], None]


def check_half_sequences(folder: CamusFolder, on_clip: Advance = lambda done, of: None) -> Iterator[Fault]:
    """Yield the faults of CAMUS's half sequences; none where there are no half sequences.

    Args:
        folder: what to check.
        on_clip: called with (sequences done, sequences in all).
    """
    found = half_sequences(folder)
    for done, (patient, view) in enumerate(found, start=1):
        try:
            read_half_sequence(folder, patient, view)
        except EchoStudioError as error:
            yield Fault(folder.root / patient / f"{patient}_{view}_half_sequence.nii.gz", "clip", _reason(error))
        on_clip(done, len(found))


def check_echonet(folder: EchonetFolder, on_clip: Advance = lambda done, of: None) -> Iterator[Fault]:
    """Yield the faults of EchoNet-Dynamic's tables, then of every video of FileList.csv in order."""
    try:
        videos = list(folder.videos)
    except EchoStudioError as error:
        yield Fault(folder.root / "FileList.csv", "unreadable", _reason(error))
        return
    try:
        folder.traces  # noqa: B018  (reads VolumeTracings.csv)
    except EchoStudioError as error:
        yield Fault(folder.root / "VolumeTracings.csv", "unreadable", _reason(error))
        return
    for done, name in enumerate(videos, start=1):
        try:
            folder.read(name)
        except EchoStudioError as error:
            yield Fault(folder.root / "Videos" / f"{name}.avi", "clip", _reason(error))
        on_clip(done, len(videos))


def check_loops(folder: LoopFolder, on_clip: Advance = lambda done, of: None) -> Iterator[Fault]:
    """Yield the faults of a folder of MP4, AVI and DICOM loops."""
    for done, path in enumerate(folder.paths, start=1):
        try:
            read_loop(path)
        except EchoStudioError as error:
            yield Fault(path, "clip", _reason(error))
        on_clip(done, len(folder.paths))


def _reason(error: EchoStudioError) -> str:
    return f"expected {error.expected}, got {error.got}"
