"""What a curation knows of each sample before anybody looks: read from a manifest, or from the samples themselves."""

from collections.abc import Iterator
from pathlib import Path

from echo_studio.dataset.build.manifest import Item
from echo_studio.dataset.build.set_folder import MANIFEST, SetFolder
from echo_studio.dataset.pairs import RECORD, read_json
from echo_studio.dataset.sample import SampleHeader, header_of
from echo_studio.types import Json

__all__ = ["COLUMNS", "DEFECT_TAG", "found_rows", "planned_rows"]

COLUMNS = ("id", "made", "base", "map", "generator", "solver", "nfe", "view", "phase", "defect", "ef")
DEFECT_TAG = "defect "  # how a sample's own tags name its defect

Row = tuple[str | int | float | None, ...]


def planned_rows(folder: SetFolder) -> Iterator[Row]:
    """Every sample of a manifest, in its order, none of them made; values of `COLUMNS`.

    Raises:
        DataError: the manifest is none.
    """
    header = folder.header
    with (folder.root / MANIFEST).open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            yield _planned(header, Item.of(line))


def _planned(header: Json, item: Item) -> Row:
    how, about = header["generators"][item.how], header["maps"][item.map]
    defect = item.defect["name"] if item.defect else ""
    described = about["base"], about["name"], how["generator"], how["solver"], how["nfe"], about["view"]
    # A clip has no phase; a frame with an ejection fraction shows end systole.
    phase = "" if how.get("clip") else "ES" if item.ef is not None else about["phase"]
    return item.id, 0, *described, phase, defect, item.ef


def found_rows(root: Path, known: set[str]) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """The samples of a plain set of PNG pairs that are not known yet, with their tags.

    Raises:
        DataError: a record that is none.
    """
    for place in sorted(path.parent for path in root.glob(f"[!.]*/{RECORD}") if path.parent.name not in known):
        header = header_of(read_json(place / RECORD), str(place / RECORD))
        yield _found(header, place.name), tuple(tag for tag in header.tags if not tag.startswith(DEFECT_TAG))


def _found(header: SampleHeader, name: str) -> Row:
    record = header.record
    anatomy = record.get("anatomy")
    anatomy = anatomy if isinstance(anatomy, dict) else {}
    told = anatomy.get("defect")
    defect = told.get("name") if isinstance(told, dict) else None
    nfe, ef = record.get("nfe"), anatomy.get("ef")
    return (
        *(name, 1, header.base),
        *(_text(anatomy.get("map")), _text(record.get("generator")), _text(record.get("solver"))),
        nfe if isinstance(nfe, int) else None,
        *(header.view, header.phase or "", _text(defect)),
        float(ef) if isinstance(ef, int | float) else None,
    )


def _text(value: object) -> str:
    return value[:80] if isinstance(value, str) else ""
