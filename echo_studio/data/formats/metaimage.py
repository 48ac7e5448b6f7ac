"""One two-dimensional frame out of a MetaImage: a `.mhd` text header and the raw file beside it.

Read here and not through ITK, whose reader prints to the console and follows the header to any folder.
"""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_PIXELS = 4096 * 4096
ELEMENT_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


def read_metaimage(path: Path) -> tuple[npt.NDArray[Any], tuple[float, float] | None]:
    """Pixels (y, x) as stored and the spacing (y, x) in mm where the header tells it.

    Raises:
        ValueError, LookupError, OSError, zlib.error: damaged, truncated, too large, not one frame.
    """
    with path.open("rb") as file:
        text = file.read(1 << 16).decode("latin-1")
    fields = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in text.splitlines())}
    missing = [key for key in ("DimSize", "ElementType", "ElementDataFile") if key not in fields]
    if missing:
        raise ValueError(f"no {', '.join(missing)} in the header")
    sides = [int(side) for side in fields["DimSize"].split()]
    if len(sides) < 2 or any(side != 1 for side in sides[2:]):
        raise ValueError(f"size {fields['DimSize']} is not one two-dimensional frame")
    width, height = sides[:2]
    if min(width, height) < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"a frame of {width}x{height} pixels")
    if fields["ElementType"] not in ELEMENT_TYPES or int(fields.get("ElementNumberOfChannels", "1")) != 1:
        raise ValueError(
            f"pixels of type {fields['ElementType']} in {fields.get('ElementNumberOfChannels', 1)} channels"
        )
    big = "true" in (fields.get(f"{kind}ByteOrderMSB", "").lower() for kind in ("BinaryData", "Element"))
    dtype = np.dtype((">" if big else "<") + ELEMENT_TYPES[fields["ElementType"]])
    raw = path.with_name(Path(fields["ElementDataFile"]).name)
    if not raw.is_file():
        raise ValueError(f"no data file {raw.name} beside it")
    size = width * height * dtype.itemsize
    with raw.open("rb") as file:
        content = file.read(size + (1 << 20))
    if fields.get("CompressedData", "").lower() == "true":
        content = zlib.decompressobj().decompress(content, size)
    if len(content) < size:
        raise ValueError(f"{len(content)} of {size} bytes in {raw.name}")
    pixels = np.frombuffer(content, dtype, width * height).reshape(height, width)
    listed = [float(value) for value in fields.get("ElementSpacing", "").split()]
    return pixels, (listed[1], listed[0]) if len(listed) >= 2 else None
