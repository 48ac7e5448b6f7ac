"""The frames of a DICOM file. Runs in the decoder's process.

Of the header only what is listed in `ELEMENTS` is read at all: no name, no date, no number of anybody.
"""

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom.datadict import tag_for_keyword
from pydicom.encaps import generate_frames
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.pixels import apply_color_lut, iter_pixels

from echo_studio.data.decoding.decoded import MAX_SIDE, FrameStack, Recording, luminance, square, working_size
from echo_studio.errors import ImageError
from echo_studio.types import Spacing

TISSUE_2D = 1  # RegionSpatialFormat: 2D; RegionDataType: tissue
CENTIMETRE = 3  # PhysicalUnitsXDirection
MIN_REGION = 64

PIXEL_ELEMENTS = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns", "NumberOfFrames"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("RescaleIntercept", "RescaleSlope", "WindowCenter", "WindowWidth"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")),
    *(f"{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
)
PLACE_ELEMENTS = (
    *("SequenceOfUltrasoundRegions", "PixelSpacing", "ImagerPixelSpacing"),
    *("FrameIncrementPointer", "FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate"),
    *("SOPClassUID", "PixelAspectRatio"),
)
ELEMENTS = (*PIXEL_ELEMENTS, *PLACE_ELEMENTS)
GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
BASELINE = "1.2.840.10008.1.2.4.50"  # JPEG
RUN_LENGTHS = "1.2.840.10008.1.2.5"  # RLE
PACKED = (
    BASELINE,
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",  # JPEG-LS, lossless and not
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",  # JPEG 2000, lossless and not
    "1.2.840.10008.1.2.4.91",
    RUN_LENGTHS,
)
VOLUMES = ("1.2.840.10008.5.1.4.1.1.6.2",)  # Enhanced US Volume Storage: its frames are slices of one moment
REMEDY = "export it uncompressed, as JPEG baseline or as MP4"
GREY_CHROMA = 128  # what both colour differences of a grey pixel are
NEAR = 8  # grey levels: JPEG changes that much


@dataclass(frozen=True)
class Region:
    """A rectangle of the picture, rows y0 to y1 and columns x0 to x1, ends left out; spacing (y, x) in mm or None."""

    y0: int
    y1: int
    x0: int
    x1: int
    spacing_mm: Spacing | None


def tissue_region(header: Any, height: int, width: int) -> Region:
    """The largest calibrated 2D tissue region of an ultrasound picture; without one, the whole picture.

    A region that reaches beyond the picture is not believed, nor its calibration: the picture was resized
    or cut after the scanner wrote it.

    Args:
        header: a pydicom data set.
        height, width: of its frames.
    """
    flat = [
        item for item in header.get("SequenceOfUltrasoundRegions") or [] if item.get("RegionSpatialFormat") == TISSUE_2D
    ]
    # Colour Doppler lies over the tissue as a 2D region of its own.
    tissue = [item for item in flat if item.get("RegionDataType") == TISSUE_2D] or flat
    regions = [region for item in tissue if (region := _region(item, height, width))]
    whole = Region(0, height, 0, width, None)
    chosen = max(regions, key=lambda region: (region.y1 - region.y0) * (region.x1 - region.x0), default=whole)
    return replace(chosen, spacing_mm=chosen.spacing_mm or _pixel_spacing(header))


def seconds_per_frame(header: Any) -> float | None:
    """From the mean of FrameTimeVector or FrameTime, that first which the header points to, or from a frame rate."""
    pointed = header.get("FrameIncrementPointer") == tag_for_keyword("FrameTime")
    for keyword in ("FrameTime", "FrameTimeVector") if pointed else ("FrameTimeVector", "FrameTime"):
        steps = _numbers(header.get(keyword))
        # The vector starts with the 0 of the first frame.
        steps = steps[1:] if len(steps) > 1 else steps
        if steps and (mean := sum(steps) / len(steps)) > 0:
            return mean / 1000
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        rate = _numbers(header.get(keyword))
        if rate and rate[0] > 0:
            return 1 / rate[0]
    return None


def _region(item: Any, height: int, width: int) -> Region | None:
    x0, y0, x1, y1 = (
        int(value) if isinstance(value := item.get(f"RegionLocation{corner}"), int) else -1
        for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    )
    # Writers disagree whether the last row and column belong to the region: both are taken.
    inside = 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    if not inside or min(x1 - x0, y1 - y0) < MIN_REGION:
        return None
    spacing = None
    if item.get("PhysicalUnitsXDirection") == item.get("PhysicalUnitsYDirection") == CENTIMETRE:
        deltas = [_numbers(item.get(keyword)) for keyword in ("PhysicalDeltaY", "PhysicalDeltaX")]
        if all(deltas) and all(delta[0] != 0 for delta in deltas):
            spacing = abs(deltas[0][0]) * 10, abs(deltas[1][0]) * 10
    return Region(y0, min(y1 + 1, height), x0, min(x1 + 1, width), spacing)


def _pixel_spacing(header: Any) -> Spacing | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        values = _numbers(header.get(keyword))
        if len(values) == 2 and min(values) > 0:
            return values[0], values[1]
    return None


def _numbers(value: Any) -> list[float]:
    """The finite numbers of an element with one value or many; empty where any is none."""
    if value is None or isinstance(value, str):
        return []
    try:
        numbers = [float(one) for one in (value if hasattr(value, "__iter__") else [value])]
    except (TypeError, ValueError):
        return []
    return numbers if all(math.isfinite(number) for number in numbers) else []


def read(path: Path, _kind: str) -> Recording:
    """The frames of a DICOM file, cut to its 2D tissue region where an ultrasound header tells it.

    Raises:
        ImageError: no picture, impossible fields, a compression that is not read here.
    """
    Image.MAX_IMAGE_PIXELS = MAX_SIDE * MAX_SIDE // 2  # Pillow refuses twice as many: a JPEG frame tells its own size
    # Its own step, because opening a deflated file means to inflate it, to any size.
    syntax = _named_syntax(path)
    if syntax and syntax not in (*NATIVE, *PACKED):
        known = syntax.startswith("1.2.840.10008.1.2") and syntax in pydicom.uid.UID_dictionary
        raise ImageError(
            expected="DICOM that is uncompressed or holds JPEG, JPEG-LS, JPEG 2000 or RLE",
            got=pydicom.uid.UID(syntax).name if known else "an unknown compression",
            remedy=REMEDY,
        )
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=[*ELEMENTS])
    if header.get("SOPClassUID") in VOLUMES:
        raise ImageError(
            expected="frames over time", got="a 3D volume (Enhanced US Volume)", remedy="export a plane of it as a loop"
        )
    height, width, total = _shape(header, path, syntax)
    region = tissue_region(header, height, width)
    ratio = 1.0 if region.spacing_mm else _pixel_ratio(header)
    grey = None
    stack = FrameStack()
    for frame in _stored_frames(path, header, syntax, total):
        if frame.shape[:2] != (height, width):
            raise _damaged(f"a frame of {frame.shape[1]}x{frame.shape[0]} where the header says {width}x{height}")
        grey = grey or _grey_of(header, frame)
        stack.add(square(grey(frame)[region.y0 : region.y1, region.x0 : region.x1], ratio))
        if stack.full or len(stack.frames) == total:
            break
    if len(stack.frames) < total and not stack.full:
        raise _damaged(f"{len(stack.frames)} of {total} frames")
    frames = stack.as_uint8(_window(header))
    if header.PhotometricInterpretation == "MONOCHROME1":
        frames = 255 - frames
    step = seconds_per_frame(header) if total > 1 else None
    return Recording(frames, stack.spacing(region.spacing_mm), step, total)


def _shape(header: Any, path: Path, syntax: str) -> tuple[int, int, int]:
    """(height, width, frames), held against the size of the file."""
    if header.get("Rows") is None or header.get("Columns") is None:
        raise ImageError(expected="a DICOM file with a picture", got="none in it", remedy="choose another file")
    numbers = [header.get(keyword) for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")]
    height, width, samples, bits = (int(number) if isinstance(number, int) else 0 for number in numbers)
    total = int(1 if (number := header.get("NumberOfFrames")) is None else number)
    working_size(height, width)
    depths = (8, 16, 32) if samples == 3 else (1, 8, 16, 32)
    if samples not in (1, 3) or bits not in depths or total < 1:
        raise _damaged(f"{samples} samples of {bits} bits in {total} frames")
    if header.get("PhotometricInterpretation") not in (*GREY, *COLOUR, "PALETTE COLOR"):
        raise ImageError(
            expected="a grey, RGB, YBR or palette picture", got="another colour model", remedy="export it as RGB"
        )
    # Frames of YBR_FULL_422 share their colours in pairs: two thirds of the bytes.
    shared = header.PhotometricInterpretation == "YBR_FULL_422"
    pixels = height * width * (2 if shared and samples == 3 else samples)
    # Of packed frames each takes some bytes at least: an item's header.
    least = (pixels * bits * total) // 8 if not syntax or syntax in NATIVE else total * 8
    if least > path.stat().st_size:
        raise _damaged(f"{total} frames of {width}x{height} announced and fewer bytes in the file")
    return height, width, total


def _named_syntax(path: Path) -> str:
    """The transfer syntax that the file names; empty where it has no file meta information."""
    with path.open("rb") as file:
        read_preamble(file, force=True)
        return str(_read_file_meta_info(file).get("TransferSyntaxUID", ""))


def _pixel_ratio(header: Any) -> float:
    """Width of a pixel by its height."""
    sides = _numbers(header.get("PixelAspectRatio"))
    return sides[1] / sides[0] if len(sides) == 2 and min(sides) > 0 else 1.0


def _stored_frames(path: Path, header: Any, syntax: str, total: int) -> Iterator[npt.NDArray[Any]]:
    """(h, w) or (h, w, 3) of any whole number type, one after the other, in the colours in which they are stored."""
    shared = header.PhotometricInterpretation == "YBR_FULL_422" and (not syntax or syntax in NATIVE)
    if syntax == BASELINE and header.get("SamplesPerPixel") == 3:
        yield from _baseline_frames(path, header, total)
        return
    if syntax == RUN_LENGTHS and header.get("BitsAllocated") == 8 and header.get("PixelRepresentation") == 0:
        yield from _run_length_frames(path, header, total)
        return
    if syntax and not shared:
        yield from iter_pixels(path, raw=True)
        return
    data = pydicom.dcmread(path, force=True)
    if not syntax:
        little, implicit = data.original_encoding[1], data.original_encoding[0]
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = NATIVE[0] if implicit else NATIVE[1] if little else NATIVE[2]
    if not shared:
        yield from iter_pixels(data, raw=True)
        return
    # pydicom 3.0 loses count after the first such frame. Two pixels: their brightness, then the colour that they share.
    height, width = int(header.Rows), int(header.Columns)
    size = height * width * 2
    if len(data.PixelData) >= total * height * width * 3:  # flagged wrongly: each pixel has its own colour
        data.PhotometricInterpretation = "YBR_FULL"
        yield from iter_pixels(data, raw=True)
    for number in range(total if len(data.PixelData) < total * height * width * 3 else 0):
        frame = np.frombuffer(data.PixelData, np.uint8, size, number * size)
        yield frame.reshape(height, width // 2, 4)[..., :2].reshape(height, width)


def _baseline_frames(path: Path, header: Any, total: int) -> Iterator[npt.NDArray[Any]]:
    """Of JPEG in brightness and colour differences only the brightness is decoded, which takes a third of the time."""
    bright = None
    for packed in generate_frames(pydicom.dcmread(path, force=True).PixelData, number_of_frames=total):
        with Image.open(io.BytesIO(packed), formats=["JPEG"]) as picture:
            # Where Adobe's marker tells what is stored, Pillow makes RGB of it; else it leaves what is stored.
            plain = "adobe_transform" not in picture.info
            picture.draft("L" if bright and plain else "YCbCr" if plain else picture.mode, picture.size)
            frame = np.array(picture)
        bright = _is_ybr(frame, header) if bright is None else bright
        yield frame if frame.ndim == 2 or not bright else frame[..., 0]


def _run_length_frames(path: Path, header: Any, total: int) -> Iterator[npt.NDArray[Any]]:
    """Each plane is packed as TIFF's PackBits, which Pillow unpacks; pydicom does it in Python and slowly.

    Of brightness and colour differences only the brightness is unpacked.
    """
    planes, size = int(header.SamplesPerPixel), (int(header.Columns), int(header.Rows))
    for number, packed in enumerate(
        generate_frames(pydicom.dcmread(path, force=True).PixelData, number_of_frames=total)
    ):
        try:
            count, *starts = struct.unpack_from("<16I", packed)  # DICOM PS3.5 G.5
            ends = [*starts[1:count], len(packed)]
            unpacked = [
                np.asarray(Image.frombytes("L", size, packed[start:end], "packbits", "L"))
                for start, end in zip(starts[:planes], ends, strict=False)
            ]
            frame = unpacked[0] if planes == 1 else np.stack(unpacked, -1)
        except (ValueError, IndexError, struct.error):  # runs that go on in the next row, or a damaged frame
            yield from islice(iter_pixels(path, raw=True), number, None)
            return
        if number == 0 and frame.ndim == 3 and _is_ybr(frame, header):
            planes = 1
        yield frame[..., 0] if planes == 1 and frame.ndim == 3 else frame


def _is_ybr(frame: npt.NDArray[Any], header: Any) -> bool:
    """Whether a frame (h, w, 3) is stored as brightness and colour differences.

    Scanners and archives flag it wrongly, but most of an echocardiogram is grey: red, green and blue are equal there,
    or the differences are nil.
    """
    if frame.dtype == np.uint8:
        first, *others = (frame[..., part].astype(np.int16) for part in range(3))
        as_ybr, as_rgb = (
            float(np.all([np.abs(one - grey) <= NEAR for one in others], axis=0).mean())
            for grey in (np.int16(GREY_CHROMA), first)
        )
        if as_ybr != as_rgb and max(as_ybr, as_rgb) > 0.5:
            return as_ybr > as_rgb
    # JPEG 2000 undoes its own colour transform.
    return str(header.PhotometricInterpretation).startswith("YBR_FULL")


def _grey_of(header: Any, first: npt.NDArray[Any]) -> Any:
    """The function that makes a stored frame grey, of which the first one is known."""
    if header.PhotometricInterpretation in COLOUR:
        if first.ndim == 2:
            return lambda frame: frame
        return (lambda frame: frame[..., 0]) if _is_ybr(first, header) else luminance
    bits, stored = int(header.BitsAllocated), int(header.get("BitsStored") or header.BitsAllocated)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        if bits > 16:
            raise _damaged(f"a palette of {bits} bits")
        table = luminance(apply_color_lut(np.arange(1 << bits, dtype=np.uint16)[None], header)[..., :3])[0]
        # Some writers keep 8-bit colours in a table that says 16.
        table = (table >> 8 if table.max() > 255 else table).astype(np.uint8)
        return lambda frame: table[frame.astype(np.intp) & ((1 << bits) - 1)]
    if header.get("PixelRepresentation") == 0 and 1 < stored < bits:
        mask = (1 << stored) - 1
        return lambda frame: frame & frame.dtype.type(mask)  # old overlays live in the bits above
    return lambda frame: frame * frame.dtype.type(255) if bits == 1 else frame


def _window(header: Any) -> tuple[float, float] | None:
    """(low, high) of the first window, in stored values. None for 8-bit pictures: they are shown as they are."""
    if header.PhotometricInterpretation not in GREY or int(header.get("BitsStored") or 8) <= 8:
        return None
    first = []
    for keyword, default in (
        ("WindowCenter", None),
        ("WindowWidth", None),
        ("RescaleSlope", 1),
        ("RescaleIntercept", 0),
    ):
        value = header.get(keyword, default)
        value = value[0] if isinstance(value, pydicom.multival.MultiValue) and value else value
        first.append(float("nan") if value is None else float(value))
    centre, width, slope, intercept = first
    if not (np.isfinite(first).all() and width > 1 and slope > 0):
        return None
    # DICOM PS3.3 C.11.2.1.2.
    low, high = (centre - 0.5 + side * (width - 1) / 2 for side in (-1, 1))
    return (low - intercept) / slope, (high - intercept) / slope


def _damaged(what: str) -> ImageError:
    return ImageError(expected="a whole DICOM picture", got=what, remedy="export or copy it again")
