"""Every fault of a folder of CAMUS, EchoNet-Dynamic or loops, found in one pass that never stops at the first."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from echo_studio.anatomy.labels import LABEL_COUNTS, LABELS, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SCHEMA, SECTOR
from echo_studio.anatomy.sector.geometry import threshold_sector
from echo_studio.data.datasets.camus import FRAME_COLUMNS, SPLITS, CamusFolder, FrameId, spacing_row
from echo_studio.data.datasets.camus_sequence import half_sequences, read_half_sequence
from echo_studio.data.datasets.echonet import LIST_COLUMNS, TRACE_COLUMNS, EchonetFolder, trace_line, video_parser
from echo_studio.data.datasets.loops import LoopFolder, read_loop
from echo_studio.data.datasets.table import Row, tried_rows
from echo_studio.data.formats.folder import files_in
from echo_studio.data.formats.image_file import read_placed
from echo_studio.data.formats.pair_file import check_place_of, check_size_of
from echo_studio.errors import DataError, EchoStudioError
from echo_studio.types import PHASES, VIEWS, LabelIds

KNOWN = LABEL_COUNTS[SCHEMA]  # of a data set that others labelled

FaultKind = Literal[
    "missing pair",
    "unreadable",
    "unknown label",
    "size mismatch",
    "position",
    "empty structure",
    "no sector",
    "split",
    "clip",
]

Advance = Callable[[int, int], None]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one file or folder.

    Attributes:
        path: what to look at.
        kind: a short name to filter by.
        detail: what was expected and what came.
    """

    path: Path
    kind: FaultKind
    detail: str


def check_folder(
    folder: CamusFolder, on_patient: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Fault]:
    """Yield the faults of the splits, then of every patient in order.

    Args:
        folder: what to check.
        on_patient: called with (patients done, patients in all).
    """
    yield from _split_faults(folder)
    if (spacings := folder.root / "frames.csv").is_file():
        yield from _row_faults(spacings, FRAME_COLUMNS, spacing_row)
    for done, patient in enumerate(folder.patients, start=1):
        yield from _patient_faults(folder, patient)
        on_patient(done, len(folder.patients))


def _split_faults(folder: CamusFolder) -> Iterator[Fault]:
    present = set(folder.patients)
    first_seen: dict[str, Path] = {}
    for name in SPLITS:
        path = folder.split_path(name)
        if path is None:
            continue
        for patient in (yield from _tried(path, "unreadable", partial(folder.listed, path))) or ():
            if patient not in present:
                yield Fault(path, "split", f"{patient} is listed but not in the folder")
            if patient in first_seen:
                where = "twice" if first_seen[patient] == path else f"in {first_seen[patient].name} too"
                yield Fault(path, "split", f"{patient} is listed {where}")
            first_seen.setdefault(patient, path)


def _patient_faults(folder: CamusFolder, patient: str) -> Iterator[Fault]:
    frames = [FrameId(patient, view, phase) for view in VIEWS for phase in PHASES]
    if not any(folder.path(frame, suffix) for frame in frames for suffix in ("", "_gt")):
        yield Fault(folder.root / patient, "missing pair", "no frame at all")
    for frame in frames:
        image_path, label_path = folder.path(frame), folder.path(frame, "_gt")
        if image_path and label_path:
            yield from _pair_faults(image_path, label_path)
        elif image_path:
            yield Fault(image_path, "missing pair", f"no labels {frame.stem}_gt beside it")
        elif label_path:
            yield Fault(label_path, "missing pair", f"no image {frame.stem} beside it")


def _pair_faults(image_path: Path, label_path: Path) -> Iterator[Fault]:
    image = yield from _tried(image_path, "unreadable", partial(read_placed, image_path))
    labels = yield from _tried(label_path, "unreadable", partial(read_placed, label_path))
    if labels is not None:
        yield from _label_faults(label_path, labels.frames[0])
    if image is not None and (labels is None or SECTOR not in labels.frames):
        yield from _tried(image_path, "no sector", partial(threshold_sector, image.frames[0]))
    if image is None or labels is None:
        return
    mismatch = list(_tried(label_path, "size mismatch", partial(check_size_of, labels, image, label_path)))
    yield from mismatch
    if not mismatch:  # of another size they lie elsewhere, too
        yield from _tried(label_path, "position", partial(check_place_of, labels, image, label_path))


def _label_faults(path: Path, ids: LabelIds) -> Iterator[Fault]:
    found = {int(label) for label in np.unique(ids)}
    unknown = sorted(label for label in found if label >= KNOWN)
    if unknown:
        listed = ", ".join(map(str, unknown[:6])) + (", ..." if len(unknown) > 6 else "")
        yield Fault(path, "unknown label", f"expected ids 0 to {KNOWN - 1}, got {listed}")
    empty = [LABELS[label].name for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM) if label not in found]
    if empty:
        yield Fault(path, "empty structure", f"no pixel of {', '.join(empty)}")


def _tried(path: Path, kind: FaultKind, read: Callable[[], Result]) -> Generator[Fault, None, Result | None]:
    """What `read` gives; the fault of `path` and None where it raises."""
    try:
        return read()
    except EchoStudioError as error:
        yield Fault(path, kind, f"expected {error.expected}, got {error.got}")
        return None


def _clip_faults(clips: Mapping[Path, Callable[[], object]], on_clip: Advance) -> Iterator[Fault]:
    """The faults of clips, each with what reads it; `on_clip` is called with (clips done, clips in all)."""
    for done, (path, read) in enumerate(clips.items(), start=1):
        yield from _tried(path, "clip", read)
        on_clip(done, len(clips))


def _echonet_faults(folder: EchonetFolder, on_clip: Advance) -> Iterator[Fault]:
    """Every bad row of the tables of EchoNet-Dynamic, and every fault of the videos whose rows are sound."""
    list_path, traces_path = (folder.root / name for name in ("FileList.csv", "VolumeTracings.csv"))
    yield from _row_faults(list_path, LIST_COLUMNS, video_parser())
    try:
        sound = replace(folder, lenient=True)
        videos = sound.videos
        yield from _row_faults(traces_path, TRACE_COLUMNS, trace_line)
        clips = {folder.root / "Videos" / f"{name}.avi": partial(sound.read, name) for name in videos if sound.traces}
    except DataError:
        return  # a table as a whole: told already
    yield from _clip_faults(clips, on_clip)


def _row_faults(path: Path, columns: Sequence[str], parse: Callable[[Row], object]) -> Iterator[Fault]:
    """Every bad row of a table, or what is wrong with it as a whole."""
    try:
        for found in tried_rows(path, columns, parse):
            if isinstance(found, DataError):
                yield Fault(path, "unreadable", f"expected {found.expected}, got {found.got}")
    except DataError as error:
        yield Fault(path, "unreadable", f"expected {error.expected}, got {error.got}")


@dataclass(frozen=True)
class Checkable:
    """What a folder holds.

    Attributes:
        root: where its layout begins.
        layout: its name for people.
        counts: how many of what, by plural.
        faults: finds them; calls its argument with (done, of).
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
        count = sum(path.suffix.lower() == ".avi" for path in files_in(videos.root / "Videos"))
        return Checkable(videos.root, "EchoNet-Dynamic", {"videos": count}, partial(_echonet_faults, videos))
    try:
        return _camus(CamusFolder(path))
    except DataError as no_camus:
        try:
            loops = LoopFolder(path)
        except DataError:
            raise no_camus from None
    counts = {"recordings": len(loops.paths)}
    if loops.passed_over:
        counts["other files, passed over"] = loops.passed_over
    return Checkable(
        path, "recordings", counts, partial(_clip_faults, {one: partial(read_loop, one) for one in loops.paths})
    )


def _camus(folder: CamusFolder) -> Checkable:
    counts = {"patients": len(folder.patients), "frames": len(folder.frame_ids())}
    sequences = {
        folder.root / patient / f"{patient}_{view}_half_sequence.nii.gz": partial(
            read_half_sequence, folder, patient, view
        )
        for patient, view in half_sequences(folder)
    }
    if sequences:
        counts["half sequences"] = len(sequences)

    def faults(advance: Advance) -> Iterator[Fault]:
        yield from check_folder(folder, advance)
        yield from _clip_faults(sequences, advance)

    return Checkable(folder.root, "CAMUS", counts, faults)
