"""Label maps out of a set of our own, in whatever format it was exported."""

import json
from collections.abc import Iterator
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.dataset.export.formats import FORMATS, read_set
from echo_studio.dataset.sources.found_map import FoundMap
from echo_studio.dataset.split import SPLITS
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.types import Phase, View

__all__ = ["is_own", "own_maps"]

LIST = "samples.jsonl"  # beside every export
ALL = "all"
# Formats whose marks others use too, so that `LIST` has to tell.
SHARED = ("camus", "nnunet")


def is_own(folder: Path) -> bool:
    """Whether a folder looks like one of our sets."""
    marks = [form.mark for name, form in FORMATS.items() if form.mark and name not in SHARED]
    return (folder / LIST).is_file() or any(next(folder.glob(mark), None) is not None for mark in marks)


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
    """Split by id; None where all are meant, or none are told."""
    if split not in (*SPLITS, ALL):
        raise UnknownNameError("split", split, (*SPLITS, ALL))
    path = folder / LIST
    if split == ALL or not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8") as lines:
            return {told["id"]: told["split"] for told in map(json.loads, lines)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            expected=f"id and split of each sample in {path}",
            got=" ".join(str(error).split())[:80],
            remedy="export the set again, or take --split all without that file",
        ) from error
