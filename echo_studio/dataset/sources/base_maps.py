"""The label maps that a set is made from: bundled ones, or those of a folder in any format that holds some."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.anatomy.shape.variation import SIDE
from echo_studio.data.datasets.camus import PATIENT, CamusFolder, camus_root
from echo_studio.data.decoding.file_kind import GRIDS, PIXELS, is_junk
from echo_studio.data.formats.folder import files_in, kind_of
from echo_studio.data.formats.image_file import SUFFIXES, stem_of
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.data.template import BUNDLED, template
from echo_studio.dataset.build.manifest import BaseMap
from echo_studio.dataset.export.formats import FORMATS, read_set
from echo_studio.dataset.sources.foreign import (
    FoundMap,
    is_nnunet,
    named,
    nnunet_maps,
    segmentation_maps,
)
from echo_studio.dataset.split import SPLITS
from echo_studio.errors import DataError, UnknownNameError, raised_as
from echo_studio.types import Phase, View

TRUTH = "_gt"  # how CAMUS ends the names of its label files
LONGEST = 39  # characters of a name, so that a number still fits behind it
LIST = "samples.jsonl"  # beside every export
ALL = "all"
MAP_KINDS = ("png", *GRIDS)
# Formats whose marks others use too, so that `LIST` has to tell.
SHARED = ("camus", "nnunet")


def base_maps(
    folder: Path | None, view: View | None = None, phase: Phase | None = None, split: str = "training"
) -> tuple[BaseMap, ...]:
    """Read label maps, in order of their names, and make them 256 x 256.

    A sample of our sets and a frame of CAMUS's tell view and phase, and `view` and `phase` choose among them. Of others
    the name tells, or does not: see `foreign.named`.

    Args:
        folder: one of our sets, as it was made or in any format that keeps labels; CAMUS's layout; nnU-Net's raw data;
            DICOM segmentations; or PNG, NIfTI,
            MetaImage or NRRD files, which their content tells. None means the bundled maps that hold a heart.
        split: of a data set that has splits: training, validation, testing or all.

    Raises:
        DataError: no such folder, no map that fits, a view that nothing tells, a map without a sector, other labels.
        ImageError, LabelMapError: a file cannot be read, or holds unknown values.
        UnknownNameError: no such split.
        OutputError: an extra that the format needs is missing.
    """
    found = _found(folder, view, phase, split)
    taken: set[str] = set()  # names in lower case
    first: dict[str, str] = {}
    maps = []
    for one in found:
        if SECTOR not in one.label_map.ids:
            raise DataError(
                expected=f"label maps with a sector (label {SECTOR})",
                got=f"none in {one.stem}",
                remedy="paint it in the studio, or give a folder in CAMUS's layout, whose frames show it",
            )
        fitted = one.label_map.resized(SIDE, SIDE)
        name = _free(one.stem, taken)
        patient = PATIENT.search(one.stem)
        base = one.base or (patient.group() if patient else first.setdefault(fitted.digest, name))
        taken.add(name.lower())
        maps.append(BaseMap(name, base, one.view, one.phase, fitted))
    if not maps:
        wanted = " ".join(word for word in (view, phase) if word) or "any view"
        raise DataError(
            expected=f"label maps of {wanted} in {folder or 'the bundled ones'}",
            got="none",
            remedy="check the folder, --view and --phase",
        )
    return tuple(maps)


def _found(folder: Path | None, view: View | None, phase: Phase | None, split: str) -> Iterator[FoundMap]:
    if folder is None:
        return named(((name, template(name)) for name in BUNDLED if name != "blank"), view, phase)
    if not folder.is_dir():
        raise DataError(expected=f"a folder of label maps at {folder}", got="none", remedy="check the path")
    if is_own(folder):
        return own_maps(folder, view, phase, split)
    if camus_root(folder) is not None:
        return _camus(CamusFolder(folder), view, phase, split)
    if is_nnunet(folder):
        return nnunet_maps(folder, view, phase, split)
    if plain := _files(folder):
        return named(((_stem(path), read_label_map(path)) for path in plain), view, phase)
    return segmentation_maps(folder, view, phase)


def passed_over(folder: Path) -> list[str]:
    """Names of the files beside plain label maps that are none: reports, tables, archives; hidden ones are not told."""
    maps = _files(folder) if folder.is_dir() and not is_own(folder) and not is_nnunet(folder) else []
    pixels = {path.stem.lower() for path in maps}
    others = (path for path in files_in(folder) if path.parent == folder and path not in maps)
    return [
        path.name
        for path in (others if maps else ())
        if not (path.suffix.lower() in PIXELS and path.stem.lower() in pixels) and kind_of(path) not in MAP_KINDS
    ]


def _camus(data: CamusFolder, view: View | None, phase: Phase | None, split: str) -> Iterator[FoundMap]:
    for one in data.frame_ids(None if split == "all" else data.split(split)):
        if view in (None, one.view) and phase in (None, one.phase):
            yield FoundMap(one.stem, one.view, one.phase, data.read(one).label_map)


def _files(folder: Path) -> list[Path]:
    """The files in the folder itself that are label maps by their content."""
    shown = [path for path in sorted(folder.iterdir()) if not is_junk(Path(path.name)) and path.is_file()]
    maps = [path for path in shown if kind_of(path) in MAP_KINDS or path.name.lower().endswith(SUFFIXES)]
    truths = [path for path in maps if stem_of(path).lower().endswith(TRUTH)]
    return truths or maps  # in a folder of pairs, images are no label maps


def _stem(path: Path) -> str:
    stem = stem_of(path)
    return stem[: -len(TRUTH)] if stem.lower().endswith(TRUTH) else stem


def _free(stem: str, taken: set[str]) -> str:
    """A name for files and folders that no other map has, whatever the case of its letters."""
    name = start = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:LONGEST] or "map"
    number = 2
    while name.lower() in taken:
        name, number = f"{start}-{number}", number + 1
    return name


def is_own(folder: Path) -> bool:
    """Whether a folder looks like one of our sets; an archive or a table beside label maps makes none."""
    if _is_list(folder / LIST):
        return True
    marks = [form.mark for name, form in FORMATS.items() if form.mark and name not in SHARED]
    return not _files(folder) and any(next(folder.glob(mark), None) is not None for mark in marks)


def _is_list(path: Path) -> bool:
    """Whether a file lists samples, as the one beside every export does."""
    try:
        with path.open(encoding="utf-8") as lines:
            first = json.loads(lines.readline(1 << 20) or "null")
    except (OSError, ValueError, RecursionError):
        return path.is_file()  # ours, damaged: its reader says how
    return isinstance(first, dict) and {"id", "split"} <= first.keys()


def own_maps(folder: Path, view: View | None, phase: Phase | None, split: str) -> Iterator[FoundMap]:
    """The label map of every sample; of a clip that at end diastole, with which it begins.

    Ids and spacing are those of the sample, to the byte; only CAMUS's layout has no sector, which is found again in the
    image. What splits go by stays what it was.

    Args:
        split: of an export: training, validation, testing or all. A set that was not exported has none.

    Raises:
        DataError, ImageError, LabelMapError: files that are damaged or not ours.
        UnknownNameError: another split.
        OutputError: an extra that is missing.
    """
    split_of = _splits(folder, split)
    for listed in read_set(folder):
        header = listed.header
        shown: Phase = header.phase or "ED"
        if view not in (None, header.view) or phase not in (None, shown):
            continue
        if split_of is not None and split_of.get(header.id) != split:
            continue
        ids = listed.load().ids
        label_map = LabelMap(ids[0] if header.is_clip else ids, header.spacing_mm)
        yield FoundMap(header.id, header.view, shown, label_map, header.base)


def _splits(folder: Path, split: str) -> dict[str, str] | None:
    """Split by id; None where all are meant, or the set names none."""
    if split not in (*SPLITS, ALL):
        raise UnknownNameError("split", split, (*SPLITS, ALL))
    path = folder / LIST
    if split == ALL or not path.is_file():
        return None
    with (
        raised_as(
            DataError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            RecursionError,
            expected=f"id and split of each sample in {path}",
            remedy="export the set again, or take --split all without that file",
        ),
        path.open(encoding="utf-8") as lines,
    ):
        return {sample["id"]: sample["split"] for sample in map(json.loads, lines)}
