"""A set as WebDataset shards: tar files in which the files of one sample stand together and share a key.

training-000000.tar:  ID.frame.png  ID.labels.png  ID.json     a frame
                      ID.frames.npy ID.label_maps.npy ID.json  a clip, uint8 (t, h, w)
"""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import png_of
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.sample import COPY_AGAIN, Listed, Pixels, SampleHeader, SetSample, header_of
from echo_studio.dataset.split import Split
from echo_studio.errors import DataError, raised_as

PNG = Path("picture.png")  # only its suffix counts
SHARD = 1000  # samples: some 60 MB of frames of 256 x 256
MAX_MEMBER = 512 << 20  # bytes


def write_webdataset(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with shards of 1000 samples. The same samples give the same bytes."""
    counts: dict[Split, int] = {}
    shards: dict[Split, tarfile.TarFile] = {}
    with ExitStack() as closing:
        for split, sample in samples:
            count = counts.get(split, 0)
            if count % SHARD == 0:
                if split in shards:
                    shards[split].close()
                shards[split] = closing.enter_context(tarfile.open(folder / f"{split}-{count // SHARD:06d}.tar", "x"))
            counts[split] = count + 1
            for name, content in _members(sample).items():
                # Without a time and an owner, which TarInfo leaves at none.
                member = tarfile.TarInfo(f"{sample.id}.{name}")
                member.size = len(content)
                shards[split].addfile(member, io.BytesIO(content))


def read_webdataset(folder: Path) -> Iterator[Listed]:
    """The samples of every shard in a folder.

    Raises:
        DataError: a damaged shard, or samples that Echo Studio did not make.
    """
    for path in sorted(folder.glob("*.tar")):
        with (
            raised_as(DataError, tarfile.TarError, OSError, expected=f"a tar file {path}", remedy=COPY_AGAIN),
            tarfile.open(path, "r:") as shard,
        ):
            for key, content in _grouped(shard):
                yield _listed(content, f"{key} of {path}")


def _members(sample: SetSample) -> dict[str, bytes]:
    about = sample.to_json()
    text = json.dumps(about, allow_nan=False).encode()
    if sample.is_clip:
        return {"frames.npy": _npy(sample.image), "label_maps.npy": _npy(sample.ids), "json": text}
    frame = encode(PNG, sample.image, sample.spacing_mm, NOTICE, about)
    labels = encode(PNG, sample.ids, sample.spacing_mm, sample.schema, {"schema": sample.schema})
    return {"frame.png": frame, "labels.png": labels, "json": text}


def _grouped(shard: tarfile.TarFile) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Key and files of each sample; like WebDataset's own reader, a key goes as far as the first dot."""
    key, content = "", dict[str, bytes]()
    for member in shard:
        if not member.isfile() or member.size > MAX_MEMBER:
            raise DataError(expected="plain files of at most 512 MiB", got=member.name[:80], remedy=COPY_AGAIN)
        name, _, end = member.name.partition(".")
        if name != key and content:
            yield key, content
            content = {}
        file = shard.extractfile(member)
        assert file is not None  # a plain file
        key, content[end] = name, file.read()
    if content:
        yield key, content


def _listed(content: dict[str, bytes], where: str) -> Listed:
    try:
        note = json.loads(content.get("json", b""))
    except (ValueError, RecursionError):
        note = None
    header = header_of(note, where)
    return Listed(header, partial(_pixels, content, header, where))


def _pixels(content: dict[str, bytes], header: SampleHeader, where: str) -> tuple[list[Pixels], list[Pixels]]:
    with raised_as(DataError, KeyError, ValueError, expected=f"image and labels in {where}", remedy=COPY_AGAIN):
        if header.is_clip:
            return [*_array(content["frames.npy"])], [*_array(content["label_maps.npy"])]
        return [png_of(content["frame.png"], where)], [png_of(content["labels.png"], where)]


def _npy(array: Pixels) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> Pixels:
    """uint8 values of an .npy file whose header announces no more than there is."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version of .npy")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype != np.uint8 or by_column or len(shape) != 3:
        raise ValueError(f"values of type {dtype} and shape {shape}")
    return np.frombuffer(content, np.uint8, offset=file.tell()).reshape(shape)
