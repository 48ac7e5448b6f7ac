"""A set as Parquet files for Hugging Face `datasets`: images and labels as image features, a row a sample.

    data/train-00000.parquet, data/validation-00000.parquet, data/test-00000.parquet

`datasets.load_dataset(FOLDER)` reads it, as does whatever reads Parquet. The card (`README.md`) names the files.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import png_of
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.extras import need
from echo_studio.dataset.sample import COPY_AGAIN, Listed, Pixels, SampleHeader, SetSample, header_of
from echo_studio.dataset.split import Split
from echo_studio.errors import DataError, raised_as
from echo_studio.types import Json

PNG = Path("picture.png")  # only its suffix counts
SPLIT_NAMES: dict[Split, str] = {"training": "train", "validation": "validation", "testing": "test"}
ROWS = 256  # a row group, all that is held in memory: some 16 MB of frames of 256 x 256
FILE_ROWS = 8192
EXTRA = "huggingface"
TEXTS = ("id", "base", "view", "phase", "licence", "record", "notice", "schema", "format")
NUMBERS = ("fps", "spacing_y_mm", "spacing_x_mm")


def write_huggingface(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with Parquet files; frames and clips are not mixed, see `export.check_kind`.

    Raises:
        OutputError: pyarrow is not installed.
    """
    need("pyarrow", EXTRA)
    data = folder / "data"
    data.mkdir()
    tables: dict[Split, _Table] = {}
    with ExitStack() as closing:
        for split, sample in samples:
            if split not in tables:
                tables[split] = _Table(data, SPLIT_NAMES[split], sample.is_clip)
                closing.callback(tables[split].close)
            tables[split].add(sample)
        for table in tables.values():
            table.flush()


def read_huggingface(folder: Path) -> Iterator[Listed]:
    """The samples of a folder that `write_huggingface` filled.

    Raises:
        DataError: a damaged file, or rows that Echo Studio did not make.
        OutputError: pyarrow is not installed.
    """
    parquet = need("pyarrow.parquet", EXTRA)
    for path in sorted(folder.glob("data/*.parquet")):
        with raised_as(
            DataError, OSError, ValueError, RecursionError, expected=f"Parquet in {path}", remedy=COPY_AGAIN
        ):
            # A few rows at a time: pixels of a whole file would fill the memory.
            for batch in parquet.ParquetFile(path).iter_batches(batch_size=16):
                for row in batch.to_pylist():
                    header = header_of(_about(row), f"a row of {path}")
                    yield Listed(header, partial(_pixels, row, header))


class _Table:
    """The files of one split, a row group at a time."""

    def __init__(self, folder: Path, name: str, clips: bool) -> None:
        self._folder, self._name, self._clips = folder, name, clips
        self._rows: list[Json] = []
        self._count = 0
        self._file: Any = None

    def add(self, sample: SetSample) -> None:
        self._rows.append(_row(sample))
        if len(self._rows) == ROWS:
            self.flush()

    def flush(self) -> None:
        arrow, parquet = need("pyarrow", EXTRA), need("pyarrow.parquet", EXTRA)
        if not self._rows:
            return
        schema = _schema(arrow, self._clips)
        if self._count % FILE_ROWS == 0:
            self.close()
            path = self._folder / f"{self._name}-{self._count // FILE_ROWS:05d}.parquet"
            self._file = parquet.ParquetWriter(path, schema)
        self._file.write_table(arrow.Table.from_pylist(self._rows, schema))
        self._count += len(self._rows)
        self._rows = []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _row(sample: SetSample) -> Json:
    about = sample.to_json()
    spacing = sample.spacing_mm or (None, None)
    return {
        "image": _pictures(sample, sample.image, NOTICE, about, "frame"),
        "labels": _pictures(sample, sample.ids, sample.schema, {"schema": sample.schema}, "labels"),
        **{key: about[key] for key in TEXTS if key != "record"},
        "record": json.dumps(sample.record, allow_nan=False),
        "fps": sample.fps,
        "spacing_y_mm": spacing[0],
        "spacing_x_mm": spacing[1],
        "tags": list(sample.tags),
    }


def _pictures(sample: SetSample, array: Pixels, remark: str, note: Json, kind: str) -> Any:
    """What an image feature holds: the bytes of a PNG; of a clip, a list of them."""
    frames = array if sample.is_clip else array[None]
    pictures = [
        {"bytes": encode(PNG, frame, sample.spacing_mm, remark, note), "path": f"{sample.id}_{kind}.png"}
        for frame in frames
    ]
    return pictures if sample.is_clip else pictures[0]


def _schema(arrow: Any, clips: bool) -> Any:
    """Columns, and in the metadata what each is for `datasets`."""
    picture = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    feature: Json = {"_type": "Image"}
    if clips:
        picture, feature = arrow.list_(picture), {"feature": feature, "_type": "Sequence"}
    columns = {
        **dict.fromkeys(("image", "labels"), (picture, feature)),
        **{name: (arrow.string(), {"dtype": "string", "_type": "Value"}) for name in TEXTS},
        **{name: (arrow.float64(), {"dtype": "float64", "_type": "Value"}) for name in NUMBERS},
        "tags": (
            arrow.list_(arrow.string()),
            {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
        ),
    }
    features = {name: feature for name, (_, feature) in columns.items()}
    about = json.dumps({"info": {"features": features}})
    return arrow.schema([(name, kind) for name, (kind, _) in columns.items()], {"huggingface": about})


def _about(row: Json) -> Json:
    spacing = [row.get("spacing_y_mm"), row.get("spacing_x_mm")]
    return {
        **{name: row.get(name) for name in (*TEXTS, "fps", "tags")},
        "spacing_mm": None if None in spacing else spacing,
        "record": json.loads(row.get("record") or "null"),
    }


def _pixels(row: Json, header: SampleHeader) -> tuple[list[Pixels], list[Pixels]]:
    with raised_as(DataError, KeyError, TypeError, ValueError, expected=f"pictures of {header.id}", remedy=COPY_AGAIN):
        columns = [row[name] if header.is_clip else [row[name]] for name in ("image", "labels")]
        images, maps = ([png_of(one["bytes"], f"{header.id}.png") for one in column] for column in columns)
        return images, maps
