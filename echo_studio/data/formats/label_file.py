"""Label map files: PNG and NIfTI, each naming the label schema."""

from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.data.atomic import write_bytes
from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import read_noted
from echo_studio.errors import LabelMapError


def read_label_map(path: Path) -> LabelMap:
    """Read a label map, with its spacing where the file tells it.

    Args:
        path: .png (8-bit, one channel), .nii, .nii.gz or .mhd. A file that names no schema is
            taken as plain ids 0 to 4, of which CAMUS's labels 0 to 3 are a part.

    Raises:
        ImageError: the file cannot be read, is no single 8-bit frame, or its spacing is not positive.
        LabelMapError: unknown label ids, a size outside 8 to 4096, or another schema.
    """
    ids, spacing, note = read_noted(path)
    schema = note.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise LabelMapError(
            expected=f"labels of schema {SCHEMA}",
            got=f"schema {schema} in {path.name}",
            remedy=f"convert the ids to {SCHEMA} and save them again",
        )
    return LabelMap(ids, spacing)


def write_label_map(path: Path, label_map: LabelMap) -> None:
    """Write a label map with schema and spacing to .png, .nii or .nii.gz, whole or not at all.

    `read_label_map` gives back an equal one, whatever the container.

    Raises:
        OutputError: another suffix, or a place that cannot be written.
    """
    write_bytes(path, encode(path, label_map.ids, label_map.spacing_mm, SCHEMA, {"schema": SCHEMA}))
