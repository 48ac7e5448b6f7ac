"""The studio's own set format, which any program can read: a folder a sample, with PNG files and one JSON.

    SET/ID/frame.png     8-bit grey, with the notice, the spacing and the record in its text chunks
    SET/ID/labels.png    8-bit, ids of camus+sector/2
    SET/ID/record.json   the sample's description, `SampleHeader.to_json`

A clip has frame_000.png, labels_000.png and so on.
"""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.sample import COPY_AGAIN, Listed, Pixels, SetSample, header_of
from echo_studio.dataset.split import Split
from echo_studio.errors import DataError, raised_as

PNG = Path("picture.png")  # only its suffix counts
RECORD = "record.json"
MAX_JSON = 8 << 20  # bytes


def write_pairs(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with samples; only `samples.jsonl` names the split, see `export`."""
    for _, sample in samples:
        write_pair(folder / sample.id, sample)


def write_pair(folder: Path, sample: SetSample) -> None:
    """Make the folder of one sample. Not atomic by itself: see `atomic.filling_folder`."""
    folder.mkdir()
    for name, data in pair_files(sample).items():
        (folder / name).write_bytes(data)


def pair_files(sample: SetSample) -> dict[str, bytes]:
    """The files of a sample's folder by name; the same sample gives the same bytes."""
    about = sample.to_json()
    files: dict[str, bytes] = {}
    images, maps = (array if sample.is_clip else array[None] for array in (sample.image, sample.ids))
    for name, image, ids in zip(_names(len(images), sample.is_clip), images, maps, strict=True):
        files[f"frame{name}.png"] = encode(PNG, image, sample.spacing_mm, NOTICE, about)
        files[f"labels{name}.png"] = encode(PNG, ids, sample.spacing_mm, sample.schema, {"schema": sample.schema})
    files[RECORD] = (json.dumps(about, indent=2, allow_nan=False) + "\n").encode()
    return files


def read_pairs(folder: Path) -> Iterator[Listed]:
    """The samples of a set, in the order of their names. Folders without a record.json are someone else's.

    A hidden folder is a sample that is being written.

    Raises:
        DataError: a record is damaged, or its id is not its folder's name.
    """
    for place in sorted(path.parent for path in folder.glob(f"[!.]*/{RECORD}")):
        yield _listed(place)


def read_pair(place: Path) -> SetSample:
    """The sample in a folder. Raises as `read_pairs` does, and ImageError where a picture cannot be read."""
    return _listed(place).load()


def read_json(path: Path) -> Any:
    """What a small JSON file holds.

    Raises:
        DataError: it cannot be read, is over 8 MiB or no JSON.
    """
    with raised_as(DataError, OSError, ValueError, RecursionError, expected=f"JSON in {path}", remedy=COPY_AGAIN):
        if path.stat().st_size > MAX_JSON:
            raise ValueError(f"{path.stat().st_size} bytes")
        return json.loads(path.read_bytes(), parse_constant=_no_number)


def _listed(place: Path) -> Listed:
    header = header_of(read_json(place / RECORD), str(place / RECORD))
    if header.id != place.name:
        raise DataError(
            expected=f"the sample {place.name} in {place}", got=header.id, remedy="name the folder as its record does"
        )
    return Listed(header, partial(_pixels, place, header.is_clip))


def _no_number(name: str) -> None:
    raise ValueError(f"{name}, which JSON does not have")


def _pixels(place: Path, clip: bool) -> tuple[list[Pixels], list[Pixels]]:
    names = _names(len(list(place.glob("frame_*.png"))), clip)
    images = [read_gray(place / f"frame{name}.png")[0] for name in names]
    return images, [read_label_map(place / f"labels{name}.png").ids for name in names]


def _names(count: int, clip: bool) -> list[str]:
    return [f"_{number:03d}" for number in range(count)] if clip else [""]
