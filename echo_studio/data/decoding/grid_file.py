"""Files of numbers on a grid in space: NIfTI, MetaImage and NRRD, by SimpleITK. Runs in the decoder's process.

SimpleITK returns what there is of a truncated NIfTI file, and follows a MetaImage or NRRD header to any other file.
Both are caught before it is asked.
"""

import gzip
import math
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from echo_studio.data.decoding.decoded import (
    MAX_FRAMES,
    FrameStack,
    Placement,
    Recording,
    Stored,
    check_size,
    luminance,
    note_of,
    working_size,
)
from echo_studio.data.decoding.file_kind import file_kind
from echo_studio.errors import ImageError
from echo_studio.types import Json

os.environ.setdefault("ITK_NIFTI_SFORM_PERMISSIVE", "1")  # a sheared sform is no reason to refuse the pixels
import SimpleITK as sitk

MAX_STORED = 129 << 20  # bytes: float64 pixels of the largest frame, a header and its extensions
MAX_CHUNK = 64 << 20  # bytes of a long recording that are in memory beside its kept frames
PIECE = 3 << 20  # bytes, a multiple of every type's
MAX_LEAD = 16 << 20  # header extensions before the pixels
MAX_TEXT = 1 << 16
DAMAGED = "copy or export it again"
PLAIN = re.compile(r"[^/\\:%]+")  # the name of a file beside, not a path, an address or a pattern
COMMENT = 6  # the NIfTI extension code of a plain text
SCHEMA_NAME = re.compile(r"[a-z0-9+_-]+/[0-9]+")
HEADERS: tuple[Any, ...] = (nib.Nifti1Header, nib.Nifti2Header)
LONGEST_HEADER = 540
FIRST_OFFSET = 352  # where the pixels of a NIfTI-1 file without extensions begin
UNITS = {1: 1e3, 2: 1.0, 3: 1e-3, "m": 1e3, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "cm": 10.0}  # in mm
SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}  # NIfTI's xyzt_units: the part that is about time
COLOURS = (3, 4)
ENDINGS = {"nifti": ".nii", "nifti-gz": ".nii.gz", "nrrd": ".nrrd", "metaimage": ".mha"}
READERS = {"nifti": "NiftiImageIO", "nifti-gz": "NiftiImageIO", "nrrd": "NrrdImageIO", "metaimage": "MetaImageIO"}


@dataclass(frozen=True)
class Header:
    """What is known of a file before its pixels are read.

    Attributes:
        spacing: (y, x) in mm as written, or None where there is no unit or no spacing.
        placed: whether it tells where the frame lies.
        seconds: from one frame to the next, or None.
        note: of `formats.encode`.
        beside: the file that holds the pixels, or None where they are in the same file.
        second: of NIfTI-2, the header and the length of the pixels in bytes; ITK reads NIfTI-1 alone.
    """

    spacing: tuple[float, float] | None = None
    placed: bool = True
    seconds: float | None = None
    note: Json | None = None
    beside: Path | None = None
    second: tuple[Any, int] | None = None


def read(path: Path, kind: str) -> Recording:
    """The frames of a file of frames, (x, y), (x, y, t) or (x, y, 1, t): the first 512 of them.

    Raises:
        ImageError: a volume over time, impossible fields, fewer pixels than announced.
        RuntimeError, ValueError, OSError: SimpleITK cannot read it.
    """
    header = _header(path, kind, MAX_FRAMES)
    stack = FrameStack()
    with _Grid(path, kind, header) as grid:
        working_size(grid.height, grid.width)
        for chunk in grid.chunks():
            for frame in chunk:
                stack.add(frame if frame.ndim == 2 else luminance(frame[..., :3]))
                if stack.full:
                    break
            if stack.full:
                break
        seconds = header.seconds if grid.frames > 1 else None
    return Recording(stack.as_uint8(), stack.spacing(header.spacing), seconds, grid.frames)


def stored(path: Path, kind: str, most: int = 1) -> Stored:
    """The numbers of a file as they are, scaled by NIfTI's slope and intercept.

    Args:
        most: frames that are accepted.

    Raises:
        ImageError: see `read`; more than 129 MiB.
        RuntimeError, ValueError, OSError: SimpleITK cannot read it.
    """
    header = _header(path, kind, most, MAX_STORED)
    with _Grid(path, kind, header) as grid:
        if grid.frames > most:
            raise _not_frames(grid.size, most)
        pixels = np.concatenate([*grid.chunks()])
        placement = grid.placement() if header.placed else None
    # NaN has no place in JSON; no other program wants it either.
    y, x = (side if math.isfinite(side) else 0.0 for side in header.spacing or (0.0, 0.0))
    return Stored(pixels, (y, x) if header.spacing else None, placement, header.note or {})


class _Grid:
    """A file opened by SimpleITK, its size known and held against what is read here."""

    def __init__(self, path: Path, form: str, header: Header) -> None:
        self._folder = tempfile.TemporaryDirectory()
        sitk.ProcessObject_SetGlobalWarningDisplay(False)
        self._reader = sitk.ImageFileReader()
        self._reader.SetImageIO(READERS[form])
        self._reader.SetFileName(str(_with_ending(path, form, header, Path(self._folder.name))))
        self._reader.ReadImageInformation()
        self.size = [int(side) for side in self._reader.GetSize()]
        self._components = int(self._reader.GetNumberOfComponents())
        sides = [side for side in self.size[2:] if side != 1]
        # Three or four planes that no time axis holds are colours.
        self._planar = len(self.size) == 3 and self.size[2] in COLOURS and self._reader.GetPixelID() == sitk.sitkUInt8
        self.width, self.height, self.frames = self.size[0], self.size[1], 1 if self._planar else math.prod(sides)
        if len(sides) > 1:
            raise ImageError(
                expected="a frame or a sequence of frames",
                got=f"a volume over time, shape {tuple(self.size)}",
                remedy="export one slice of it",
            )
        check_size(self.width, self.height)
        kind = sitk.GetPixelIDValueAsString(self._reader.GetPixelID())
        if "complex" in kind or self._components not in (1, *COLOURS):
            raise ImageError(
                expected="one number a pixel",
                got=f"pixels of {self._components} numbers of type {kind}",
                remedy="save it as greyscale",
            )

    def __enter__(self) -> "_Grid":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def chunks(self) -> Iterator[npt.NDArray[Any]]:
        """(n, h, w) or (n, h, w, c), one after the other, each of a bounded size."""
        axis = next((axis for axis, side in enumerate(self.size) if axis > 1 and side > 1), 2)
        step = max(1, MAX_CHUNK // (self.width * self.height * self._components * 8))
        for start in range(0, 1 if self._planar else self.frames, step):
            if self.frames > step:
                size, index = [*self.size], [0] * len(self.size)
                size[axis], index[axis] = min(step, self.frames - start), start
                self._reader.SetExtractSize(size)
                self._reader.SetExtractIndex(index)
            pixels = sitk.GetArrayFromImage(self._reader.Execute())
            if self._planar:
                yield pixels.transpose(1, 2, 0)[None]
            elif self._components > 1:
                yield pixels.reshape(-1, self.height, self.width, self._components)
            else:
                yield pixels.reshape(-1, self.height, self.width)

    def placement(self) -> Placement | None:
        """None where the frame lies in another plane than x and y."""
        across = len(self.size)
        direction = np.array(self._reader.GetDirection()).reshape(across, across)[:2, :2]
        if not np.allclose(direction @ direction.T, np.eye(2), atol=1e-3):
            return None
        steps = direction * self._reader.GetSpacing()[:2]
        return (*(float(one) for one in self._reader.GetOrigin()[:2]), *(float(one) for one in steps.ravel()))


def _with_ending(path: Path, kind: str, header: Header, folder: Path) -> Path:
    """A name by which SimpleITK takes the file for what it is: it looks at endings, and only at those in lower case."""
    ending = ENDINGS[kind]
    if header.second:
        return _first_version(path, kind, *header.second, folder / "grid.nii")
    if header.beside:
        ending = {"nifti": ".hdr", "nrrd": ".nhdr", "metaimage": ".mhd"}[kind]
    if path.name.endswith(ending):
        return path
    link = folder / f"grid{ending}"
    _link(path, link)
    if header.beside:
        _link(header.beside, folder / ("grid.img" if kind == "nifti" else header.beside.name))
    return link


def _first_version(path: Path, kind: str, second: Any, length: int, place: Path) -> Path:
    """A NIfTI-1 copy of a NIfTI-2 file."""
    first = nib.Nifti1Header(endianness=second.endianness, check=False)
    for name in {*first.keys()} & {*second.keys()} - {"sizeof_hdr", "magic", "vox_offset"}:
        first[name] = second[name]
    first["magic"], first["vox_offset"] = b"n+1", FIRST_OFFSET
    with path.open("rb") if kind == "nifti" else gzip.open(path) as file, place.open("wb") as copy:
        file.seek(int(second["vox_offset"]))
        copy.write(first.binaryblock + bytes(FIRST_OFFSET - len(first.binaryblock)))
        while length > 0 and (piece := file.read(min(PIECE, length))):
            copy.write(piece)
            length -= len(piece)
    return place


def _link(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path.resolve())
    except OSError:  # Windows lets few people make links
        link.write_bytes(path.read_bytes())


def _header(path: Path, kind: str, most: int, limit: int | None = None) -> Header:
    if kind in ("nifti", "nifti-gz"):
        return _nifti_header(path, kind, most, limit)
    with path.open("rb") as file:
        text = file.read(MAX_TEXT).decode("latin-1")
    return _metaimage_header(text, path) if kind == "metaimage" else _nrrd_header(text, path)


def _nifti_header(path: Path, kind: str, most: int, limit: int | None) -> Header:
    """nibabel's header, and whether all that it announces is there.

    Args:
        limit: more bytes than these are refused, where the file is packed and goes on.
    """
    with path.open("rb") if kind == "nifti" else gzip.open(path) as file:
        head = file.read(LONGEST_HEADER)
        if file_kind(head) != "nifti":
            raise ImageError(
                expected="NIfTI in a gzip file", got="another kind of content in it", remedy="unpack it first"
            )
        header = next(
            family(head[: family.template_dtype.itemsize], check=False)
            for family in HEADERS
            if family.template_dtype.itemsize in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
        )
        shape = [int(side) for side in header.get_data_shape()]
        beside = _pair(path, kind) if header["magic"].item().startswith(b"ni") else None
        dtype = header.get_data_dtype()
        length = _announced(header, shape, most, limit is not None) * dtype.itemsize
        size = header.structarr.dtype.itemsize
        offset = int(header["vox_offset"]) if math.isfinite(header["vox_offset"]) else 0
        if beside is not None:
            _check_length(beside.stat().st_size, offset + length, shape)
            lead = b""
        else:
            if not size <= offset <= MAX_LEAD:
                raise ImageError(
                    expected="a sound NIfTI header", got=f"pixels said to start at byte {offset}", remedy=DAMAGED
                )
            file.seek(size)
            lead = file.read(offset - size)
            _check_length(size + len(lead) + _left(file, length, path, kind, dtype), offset + length, shape)
            if limit and kind == "nifti-gz" and len(file.read(limit + 1)) > limit:
                raise ImageError(expected="one frame", got=f"more than {limit >> 20} MiB of content", remedy=DAMAGED)
    unit = UNITS.get(int(header["xyzt_units"]) % 8)
    zoom_x, zoom_y = (float(zoom) for zoom in header["pixdim"][1:3])
    step = float(header["pixdim"][4]) * SECONDS.get(int(header["xyzt_units"]) & 0x38, 0.0)
    timed = len(shape) >= 4 and math.isfinite(step) and step > 0
    spacing = (zoom_y * unit, zoom_x * unit) if unit else None
    note = _nifti_note(lead, header)
    exact = note.get("spacing_mm")
    # The note has more digits, but the header is what other programs change.
    if spacing and exact and np.array_equal(spacing, np.array(exact, np.float32)):
        spacing = float(exact[0]), float(exact[1])
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    second = (header, length) if size == LONGEST_HEADER and beside is None else None
    return Header(spacing, placed, step if timed else None, note, beside, second)


def _announced(header: Any, shape: list[int], most: int, all_of_them: bool) -> int:
    """How many numbers of the kept frames there have to be."""
    if not 2 <= len(shape) <= 7:
        raise _not_frames(shape, most)
    check_size(*shape[:2])
    if min(shape) < 1:
        raise _not_frames(shape, most)
    dtype = header.get_data_dtype()
    if dtype.itemsize == 0 or dtype.kind == "c":
        raise ImageError(expected="one number a pixel", got=f"type {dtype}", remedy="save it as greyscale")
    frames, numbers = [side for side in shape[2:4] if side != 1], math.prod(shape[4:])
    if most == 1 and any(side not in COLOURS for side in frames):
        raise _not_frames(shape, most)
    if all_of_them and math.prod(frames) > max(most, *COLOURS):
        raise ImageError(
            expected=f"at most {most} frames", got=f"{math.prod(frames)} frames", remedy="export a shorter sequence"
        )
    return int(shape[0] * shape[1] * min(math.prod(frames), MAX_FRAMES) * numbers)


def _pair(path: Path, kind: str) -> Path:
    """The `.img` of a `.hdr`."""
    found = path.with_suffix(".img")
    if kind != "nifti" or not found.is_file():
        raise _apart(found.name)
    return found


def _left(file: Any, length: int, path: Path, kind: str, dtype: np.dtype[Any]) -> int:
    """How many of the next bytes there are. Read to their end, because ITK puts 0 for what is no number."""
    if kind == "nifti" and dtype.kind != "f":
        return min(path.stat().st_size - int(file.tell()), length)
    count = 0
    while count < length and (piece := file.read(min(length - count, PIECE))):
        count += len(piece)
        if dtype.kind == "f" and not np.isfinite(np.frombuffer(piece, dtype, len(piece) // dtype.itemsize)).all():
            raise ImageError(
                expected="a finite value for every pixel", got="NaN or infinity", remedy="fill these pixels first"
            )
    file.read(1)
    return count


def _check_length(there: int, needed: int, shape: list[int]) -> None:
    if there < needed:
        raise ImageError(
            expected=f"{needed} bytes for shape {tuple(shape)}", got=f"the end after {there} bytes", remedy=DAMAGED
        )


def _nifti_note(lead: bytes, header: Any) -> Json:
    """The note of `formats.encode` in a comment extension, or the schema that `descrip` keeps without it."""
    start = 4  # one flag byte and three of padding; then extensions, each: its size, its code, its body
    while lead[:1] not in (b"", b"\0") and start + 8 <= len(lead):
        size, code = np.frombuffer(lead, f"{header.endianness}i4", 2, start).tolist()
        if size < 8 or start + size > len(lead):
            raise ImageError(expected="a sound NIfTI header", got="a damaged extension", remedy=DAMAGED)
        if code == COMMENT and (note := note_of(lead[start + 8 : start + size].rstrip(b"\0"))):
            return note
        start += size
    description = bytes(header["descrip"].item()).rstrip(b"\0").decode("latin-1")
    return {"schema": description} if SCHEMA_NAME.fullmatch(description) else {}


def _metaimage_header(text: str, path: Path) -> Header:
    fields = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in text.splitlines())}
    missing = [key for key in ("DimSize", "ElementType", "ElementDataFile") if key not in fields]
    if missing:
        raise ImageError(expected="a whole MetaImage header", got=f"no {', '.join(missing)}", remedy=DAMAGED)
    spacing = _numbers(fields.get("ElementSpacing") or fields.get("ElementSize") or "")
    placed = any(key in fields for key in ("TransformMatrix", "Offset", "Position", "Origin", "Orientation"))
    return Header(
        (spacing[1], spacing[0]) if len(spacing) > 1 else None, placed, beside=_beside(fields["ElementDataFile"], path)
    )


def _nrrd_header(text: str, path: Path) -> Header:
    lines = text.partition("\n\n")[0].splitlines()
    fields = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    data = fields.get("data file", fields.get("datafile"))
    if "space directions" in fields:
        vectors = [_numbers(one) for one in re.findall(r"\(([^)]*)\)", fields["space directions"])]
        spacing = [math.hypot(*vector) for vector in vectors if vector]
    else:
        spacing = _numbers(fields.get("spacings", ""))
    units = [UNITS.get(unit) for unit in re.findall(r'"([^"]*)"', fields.get("space units", fields.get("units", "")))]
    known = [side * (unit or 1.0) for side, unit in zip(spacing, units or [1.0] * len(spacing), strict=False)]
    return Header(
        (known[1], known[0]) if len(known) > 1 else None,
        "space directions" in fields,
        beside=_beside(data, path) if data else None,
    )


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        return []


def _beside(name: str, path: Path) -> Path | None:
    """The file with the pixels that a header names; None where they follow the header.

    Raises:
        ImageError: a list, a pattern or a path, which could lead to any file of this machine; no such file.
    """
    if name.upper() == "LOCAL":
        return None
    if not PLAIN.fullmatch(name) or name.upper().startswith("LIST"):
        raise ImageError(
            expected="pixels in the same file, or in one file beside it",
            got="a list or a path",
            remedy="save it again as one file (.mha or .nrrd)",
        )
    if not (found := path.with_name(name)).is_file():
        raise _apart(name)
    return found


def _apart(name: str) -> ImageError:
    return ImageError(
        expected=f"the pixels of this header in {name} beside it",
        got="no such file",
        remedy="keep both files together (in one .zip where they are sent), or save it as one file",
    )


def _not_frames(shape: list[int], most: int) -> ImageError:
    return ImageError(
        expected="a sequence of frames" if most > 1 else "one two-dimensional frame",
        got=f"shape {tuple(shape)}",
        remedy="export one slice of it",
    )
