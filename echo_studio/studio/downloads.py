"""The files of a result: PNG pair, NIfTI pair and record, each marked as synthetic by its writer."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.formats.media import write_frame
from echo_studio.errors import UnknownNameError
from echo_studio.studio.studio import Made

PNG_PAIR = ("frame.png", "label_map.png")
NIFTI_PAIR = ("frame.nii.gz", "label_map.nii.gz")
RECORD = "record.json"

# What a person can ask for, and what is inside.
BUNDLES: dict[str, tuple[str, ...]] = {
    "all.zip": (*PNG_PAIR, *NIFTI_PAIR, RECORD),
    "png.zip": (*PNG_PAIR, RECORD),
    "nifti.zip": (*NIFTI_PAIR, RECORD),
    RECORD: (RECORD,),
}
MEDIA_TYPES = {".zip": "application/zip", ".json": "application/json"}


def download(made: Made, name: str) -> bytes:
    """The bytes of one download.

    Raises:
        UnknownNameError: no such download.
    """
    if name not in BUNDLES:
        raise UnknownNameError("download", name, BUNDLES)
    record = json.dumps(made.record(), indent=2, allow_nan=False).encode()
    if name == RECORD:
        return record
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in BUNDLES[name]:
            archive.writestr(file, record if file == RECORD else _written(made, Path(scratch) / file))
    return packed.getvalue()


def file_name(made: Made, name: str) -> str:
    """A name that tells results apart in a downloads folder."""
    request = made.request
    sampling = request.sampling
    stem = f"{sampling.generator}-{sampling.solver}-nfe{sampling.nfe}-seed{request.seed}"
    return f"echo-{stem}-{name}"


def _written(made: Made, path: Path) -> bytes:
    label_map = made.request.label_map
    if path.name.startswith("label_map"):
        write_label_map(path, label_map)
    else:
        write_frame(path, made.generated.image, label_map.spacing_mm, made.record())
    return path.read_bytes()
