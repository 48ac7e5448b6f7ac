"""Label map files: PNG and NIfTI, each naming the label schema."""

from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LABEL_COUNTS, MASS, SCHEMA, SCHEMAS
from echo_studio.data.atomic import write_bytes
from echo_studio.data.decoding.decoded import Stored
from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import read_stored, spacing_of, whole_numbers
from echo_studio.errors import LabelMapError


def read_label_map(path: Path) -> LabelMap:
    """Read a label map, with its spacing where the file tells it.

    Args:
        path: PNG of any bit depth, NIfTI, MetaImage or NRRD; the content decides and not the name. A file that names no
            schema is taken as plain ids 0 to 4, of which CAMUS's labels 0 to 3 are a part: a 5 of another program
            is hardly fluid.

    Raises:
        ImageError: the file cannot be read, is no single frame of whole numbers, or its spacing is not positive.
        LabelMapError: unknown label ids, a size outside 8 to 4096, or another schema.
    """
    return label_map_of(read_stored(path), path)


def label_map_of(found: Stored, path: Path) -> LabelMap:
    """The label map in the numbers of the file `path`; see `read_label_map`.

    Raises:
        ImageError, LabelMapError: see `read_label_map`.
    """
    if len(found.frames) > 1:
        raise LabelMapError(
            expected="one label map", got=f"{len(found.frames)} in {path.name}", remedy="save one frame of them"
        )
    ids, spacing = whole_numbers(found, path)[0], spacing_of(found, path)
    schema = found.note.get("schema", SCHEMA)
    if schema not in SCHEMAS:
        raise LabelMapError(
            expected=f"labels of schema {' or '.join(SCHEMAS)}",
            got=f"schema {schema} in {path.name}",
            remedy=f"convert the ids to {SCHEMAS[-1]} and save them again",
        )
    try:
        label_map = LabelMap(ids, spacing)
    except LabelMapError as error:
        raise LabelMapError(expected=error.expected, got=f"{error.got} in {path.name}", remedy=error.remedy) from error
    if label_map.schema != SCHEMA and schema == SCHEMA:
        new = [str(label) for label in (FLUID, MASS) if (ids == label).any()]
        raise LabelMapError(
            expected=f"label ids 0 to {LABEL_COUNTS[SCHEMA] - 1} in a file that names no schema, or {SCHEMA}",
            got=f"unknown label ids {', '.join(new)} in {path.name}",
            remedy=f"convert the ids, or name the schema {SCHEMAS[-1]} in the file if they are fluid and mass",
        )
    return label_map


def write_label_map(path: Path, label_map: LabelMap) -> None:
    """Write a label map with schema and spacing to .png, .nii or .nii.gz, whole or not at all.

    `read_label_map` gives back an equal one, whatever the container.

    Raises:
        OutputError: another suffix, or a place that cannot be written.
    """
    write_bytes(path, encode(path, label_map.ids, label_map.spacing_mm, label_map.schema, {"schema": label_map.schema}))
