"""The label maps that a set is made from: bundled ones, a folder of files, or a folder in CAMUS's layout."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.anatomy.variation import SIDE
from echo_studio.data.camus import PATIENT, CamusFolder
from echo_studio.data.image_file import SUFFIXES, suffix_of
from echo_studio.data.label_file import read_label_map
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import DataError
from echo_studio.types import PHASES, Phase, View

__all__ = ["BaseMap", "base_maps"]

VIEW_WORDS: dict[str, View] = {"2CH": "2CH", "A2C": "2CH", "4CH": "4CH", "A4C": "4CH"}
TRUTH = "_gt"  # how CAMUS ends the names of its label files
LONGEST = 39  # characters of a name, so that a number still fits behind it


@dataclass(frozen=True)
class BaseMap:
    """A label map that samples are made from.

    Attributes:
        name: unique in the set, letters, digits, `-` and `_`.
        base: what splits go by: the patient where the file's name tells one, else the name of the first map with
            the same pixels.
        label_map: 256 x 256, as the papers' deformations ask.
    """

    name: str
    base: str
    view: View
    phase: Phase
    label_map: LabelMap


def base_maps(
    folder: Path | None, view: View | None = None, phase: Phase | None = None, split: str = "training"
) -> tuple[BaseMap, ...]:
    """Read label maps, in order of their names, and make them 256 x 256.

    A file's name tells view and phase by words like 4CH, A4C and ED. Where it does, `view` and `phase` choose; where
    it does not, they say what the map shows (no phase: ED).

    Args:
        folder: .png, .nii, .nii.gz or .mhd files, or CAMUS's layout; None for the bundled maps that hold a heart.
        split: of CAMUS's layout alone: training, validation, testing or all.

    Raises:
        DataError: no such folder, no map that fits, a view that nothing tells, a map without a sector.
        ImageError, LabelMapError: a file cannot be read, or holds unknown values.
    """
    if folder is None:
        found = _named(((name, template(name)) for name in BUNDLED if name != "blank"), view, phase)
    elif folder.is_dir() and any(PATIENT.fullmatch(path.name) for path in folder.glob("patient*")):
        found = _camus(CamusFolder(folder), view, phase, split)
    else:
        found = _named(((_stem(path), read_label_map(path)) for path in _files(folder)), view, phase)
    taken: dict[str, str] = {}  # base by name in lower case
    first: dict[str, str] = {}
    maps = []
    for stem, its_view, its_phase, label_map in found:
        if SECTOR not in label_map.ids:
            raise DataError(
                expected=f"label maps with a sector (label {SECTOR})",
                got=f"none in {stem}",
                remedy="draw it in the studio, or give a folder in CAMUS's layout, whose frames show it",
            )
        fitted = label_map.resized(SIDE, SIDE)
        name = _free(stem, taken)
        patient = PATIENT.search(stem)
        base = patient.group() if patient else first.setdefault(fitted.digest, name)
        taken[name.lower()] = base
        maps.append(BaseMap(name, base, its_view, its_phase, fitted))
    if not maps:
        wanted = " ".join(word for word in (view, phase) if word) or "any view"
        raise DataError(
            expected=f"label maps of {wanted} in {folder or 'the bundled ones'}",
            got="none",
            remedy="check the folder, --view and --phase",
        )
    return tuple(maps)


Found = tuple[str, View, Phase, LabelMap]


def _camus(data: CamusFolder, view: View | None, phase: Phase | None, split: str) -> Iterator[Found]:
    for one in data.frame_ids(None if split == "all" else data.split(split)):
        if view in (None, one.view) and phase in (None, one.phase):
            yield one.stem, one.view, one.phase, data.read(one).label_map


def _named(maps: Iterable[tuple[str, LabelMap]], view: View | None, phase: Phase | None) -> Iterator[Found]:
    for stem, label_map in maps:
        words = re.split(r"[^A-Z0-9]+", stem.upper())
        told_view = next((VIEW_WORDS[word] for word in words if word in VIEW_WORDS), None)
        told_phase = next((word for word in PHASES if word in words), None)
        if told_view is None and view is None:
            raise DataError(
                expected=f"--view {' or '.join(get_args(View))} for maps whose names do not tell",
                got=f"none for {stem}",
                remedy="give --view, or name the files like heart_4CH_ED.png",
            )
        if (view and told_view not in (None, view)) or (phase and told_phase not in (None, phase)):
            continue
        shown = told_view or view
        assert shown is not None
        yield stem, shown, told_phase or phase or "ED", label_map


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(expected=f"a folder of label maps at {folder}", got="none", remedy="check the path")
    names = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES))
    shown = [path for path in names if not path.name.startswith(".")]
    truths = [path for path in shown if _bare(path).endswith(TRUTH)]
    return truths or shown  # in a folder of pairs, images are no label maps


def _bare(path: Path) -> str:
    return path.name[: -len(suffix_of(path))]


def _stem(path: Path) -> str:
    return _bare(path).removesuffix(TRUTH)


def _free(stem: str, taken: dict[str, str]) -> str:
    """A name for files and folders that no other map has, whatever the case of its letters."""
    name = start = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:LONGEST] or "map"
    number = 2
    while name.lower() in taken:
        name, number = f"{start}-{number}", number + 1
    return name
