"""DICOM pictures come out right, cut and measured as their header says, or are refused in one line."""

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless, UltrasoundMultiFrameImageStorage

from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.decoding.decoder import decode
from echo_studio.data.decoding.file_kind import HEAD, file_kind
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.errors import EchoStudioError, ImageError
from tests.conftest import echo_like

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
IMAGE, _ = echo_like(shape=(96, 80))
FRAMES = np.stack([np.roll(IMAGE, k, axis=1) for k in range(3)])
NAME = "Doe^Jane"


def dicom(pixels: np.ndarray, model: str = "MONOCHROME2", **elements: Any) -> Dataset:
    """A data set with (n, h, w) or (n, h, w, 3) pixels, a patient's name, and any other elements."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = UltrasoundMultiFrameImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = "1.2.3.4"
    made.PatientName, made.Modality, made.PhotometricInterpretation = NAME, "US", model
    made.NumberOfFrames, made.Rows, made.Columns = pixels.shape[:3]
    made.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
    if pixels.ndim == 4:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * pixels.dtype.itemsize
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.PixelData = pixels.tobytes()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def saved(made: Dataset, path: Path) -> Path:
    made.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Dataset], Any]:
    return lambda made: read_recording(saved(made, tmp_path / "scan.dcm"))


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Dataset | bytes], str]:
    def check(made: Dataset | bytes) -> str:
        path = tmp_path / "scan.dcm"
        path.write_bytes(made) if isinstance(made, bytes) else saved(made, path)
        with pytest.raises(EchoStudioError) as caught:
            read_recording(path)
        message = str(caught.value)
        assert "scan.dcm" in message
        assert "\n" not in message
        assert "Doe" not in message
        return message

    return check


def region(x0: int, y0: int, x1: int, y1: int, **elements: Any) -> Dataset:
    made = Dataset()
    made.RegionSpatialFormat = made.RegionDataType = 1
    made.RegionLocationMinX0, made.RegionLocationMinY0 = x0, y0
    made.RegionLocationMaxX1, made.RegionLocationMaxY1 = x1, y1
    made.PhysicalUnitsXDirection = made.PhysicalUnitsYDirection = 3
    made.PhysicalDeltaX, made.PhysicalDeltaY = 0.03, 0.04
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.usefixtures("decoder_process")
def test_grey_frames_come_back_byte_for_byte_with_their_pace(read) -> None:
    recording = read(dicom(FRAMES, FrameTime=20, PixelSpacing=[0.4, 0.3]))
    assert np.array_equal(recording.frames, FRAMES)
    assert recording.spacing_mm == (0.4, 0.3)
    assert recording.seconds_per_frame == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("elements", "seconds"),
    [({"FrameTimeVector": [0, 10, 30]}, 0.02), ({"CineRate": 50}, 0.02), ({"FrameTime": 0}, None), ({}, None)],
)
def test_the_pace_is_told_in_several_ways(read, elements: dict[str, Any], seconds: float | None) -> None:
    assert read(dicom(FRAMES, **elements)).seconds_per_frame == (seconds and pytest.approx(seconds))


def test_monochrome1_is_turned_round(read) -> None:
    assert np.array_equal(read(dicom(255 - FRAMES, "MONOCHROME1")).frames, FRAMES)


def test_sixteen_bits_go_through_the_window_or_from_lowest_to_highest(read) -> None:
    wide = FRAMES.astype(np.uint16) * 16 + 100
    assert np.abs(read(dicom(wide)).frames.astype(int) - FRAMES).max() <= 1
    cut = read(dicom(wide, WindowCenter=100 + 1024, WindowWidth=2048)).frames
    assert np.abs(cut.astype(int) - np.clip(FRAMES.astype(int) * 2, 0, 255)).max() <= 2
    shifted = dicom(wide, WindowCenter=1024, WindowWidth=2048, RescaleIntercept=-100, RescaleSlope=1)
    assert np.array_equal(read(shifted).frames, cut)


@pytest.mark.parametrize("model", ["RGB", "YBR_FULL", "YBR_FULL_422"])
def test_colour_becomes_luminance(read, model: str) -> None:
    grey = np.repeat(FRAMES[..., None], 3, axis=-1)
    if model == "RGB":
        pixels = grey
    else:
        pixels = np.stack([FRAMES, np.full_like(FRAMES, 128), np.full_like(FRAMES, 128)], axis=-1)
    made = dicom(pixels, model)
    if model == "YBR_FULL_422":
        made.PixelData = np.stack(
            [
                FRAMES[..., ::2],
                FRAMES[..., 1::2],
                np.full_like(FRAMES[..., ::2], 128),
                np.full_like(FRAMES[..., ::2], 128),
            ],
            axis=-1,
        ).tobytes()
    assert np.abs(read(made).frames.astype(int) - FRAMES).max() <= 1


def test_a_palette_is_looked_up(read) -> None:
    table = (np.arange(256, dtype=np.uint16)[::-1] * 257).tobytes()
    made = dicom(255 - FRAMES, "PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"{colour}PaletteColorLookupTableData", table)
    assert np.abs(read(made).frames.astype(int) - FRAMES).max() <= 1


def test_packed_frames_are_unpacked(read) -> None:
    rle = dicom(FRAMES)
    rle.compress(RLELossless)
    assert np.array_equal(read(rle).frames, FRAMES)
    packed = []
    for frame in FRAMES:
        buffer = BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=95)
        packed.append(buffer.getvalue())
    made = dicom(FRAMES, PixelData=encapsulate(packed))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    assert np.abs(read(made).frames.astype(int) - FRAMES).mean() < 3


def run_lengths(planes: list[bytes]) -> bytes:
    """A frame whose planes are packed in runs of 128 bytes, which end in the middle of rows: PS3.5 G.5 forbids that."""
    packed = [
        b"".join(bytes([len(plane[k : k + 128]) - 1]) + plane[k : k + 128] for k in range(0, len(plane), 128))
        for plane in planes
    ]
    starts = [64 + sum(len(one) for one in packed[:k]) for k in range(len(packed))]
    return struct.pack("<16I", len(packed), *starts, *[0] * (15 - len(packed))) + b"".join(packed)


def test_run_lengths_are_unpacked_byte_for_byte_in_grey_and_in_colours_within_rows_and_across_them(read) -> None:
    red = FRAMES.copy()
    red[:, 40:44] = 7
    colours = np.stack([red, FRAMES, FRAMES], -1)
    bright = np.stack([FRAMES, *[np.full_like(FRAMES, 128)] * 2], -1)
    plain = {"RGB": read(dicom(colours, "RGB")).frames, "YBR_FULL": FRAMES}
    for pixels, model in ((colours, "RGB"), (bright, "YBR_FULL")):
        packed = dicom(pixels, model)
        packed.compress(RLELossless)
        assert np.array_equal(read(packed).frames, plain[model]), model
    across = dicom(FRAMES)
    across.PixelData = encapsulate([run_lengths([frame.tobytes()]) for frame in FRAMES])
    across["PixelData"].VR = "OB"
    across.file_meta.TransferSyntaxUID = RLELossless
    assert np.array_equal(read(across).frames, FRAMES)


def test_a_frame_of_run_lengths_that_ends_too_early_is_refused(refused) -> None:
    torn = dicom(FRAMES)
    torn.PixelData = encapsulate(
        [run_lengths([frame.tobytes()])[: 900 if k else None] for k, frame in enumerate(FRAMES)]
    )
    torn["PixelData"].VR = "OB"
    torn.file_meta.TransferSyntaxUID = RLELossless
    assert refused(torn)


def test_the_tissue_region_is_cut_out_and_gives_the_spacing(read) -> None:
    doppler = region(0, 0, 79, 95, RegionSpatialFormat=3)
    made = dicom(FRAMES, SequenceOfUltrasoundRegions=Sequence([doppler, region(10, 20, 75, 90)]), PixelSpacing=[1, 1])
    recording = read(made)
    assert np.array_equal(recording.frames, FRAMES[:, 20:91, 10:76])
    assert recording.spacing_mm == pytest.approx((0.4, 0.3))


@pytest.mark.parametrize("box", [(10, 20, 300, 90), (70, 20, 10, 90), (0, 0, 20, 20)])
def test_a_region_that_cannot_be_is_not_believed(read, box: tuple[int, int, int, int]) -> None:
    recording = read(dicom(FRAMES, SequenceOfUltrasoundRegions=Sequence([region(*box)])))
    assert np.array_equal(recording.frames, FRAMES)
    assert recording.spacing_mm is None


def test_a_region_in_other_units_cuts_but_does_not_measure(read) -> None:
    odd = region(10, 20, 75, 90, PhysicalUnitsXDirection=4)
    recording = read(dicom(FRAMES, SequenceOfUltrasoundRegions=Sequence([odd]), ImagerPixelSpacing=[0.5, 0.6]))
    assert recording.frames.shape == (3, 71, 66)
    assert recording.spacing_mm == (0.5, 0.6)


@pytest.mark.usefixtures("decoder_process")
def test_nothing_of_the_patient_comes_along(tmp_path: Path) -> None:
    recording = read_recording(saved(dicom(FRAMES, PatientID="12345", StudyDate="20200101"), tmp_path / "scan.dcm"))
    told = repr({**recording.__dict__, "frames": None})
    assert not any(word in told for word in ("Doe", "12345", "2020", "scan"))
    assert list(tmp_path.iterdir()) == [tmp_path / "scan.dcm"]


@pytest.mark.parametrize(
    ("elements", "word"),
    [
        ({"Rows": 0}, "64"),
        ({"Rows": 65535, "Columns": 65535}, "4096"),
        ({"Rows": 4096, "Columns": 4096}, "fewer bytes"),
        ({"NumberOfFrames": 10**6}, "fewer bytes"),
        ({"NumberOfFrames": -1}, "-1 frames"),
        ({"BitsAllocated": 13}, "13 bits"),
        ({"BitsAllocated": 16}, "fewer bytes"),
        ({"SamplesPerPixel": 2}, "2 samples"),
        ({"PhotometricInterpretation": "Doe"}, "colour model"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "damaged"),
    ],
)
def test_impossible_fields_are_refused(refused, elements: dict[str, Any], word: str) -> None:
    assert word in refused(dicom(FRAMES, **elements))


def test_a_file_without_a_picture_is_refused(refused) -> None:
    made = dicom(FRAMES)
    del made.PixelData
    refused(made)
    del made.Rows
    assert "none in it" in refused(made)


def test_a_million_packed_frames_in_a_small_file_are_refused(refused) -> None:
    made = dicom(FRAMES)
    made.compress(RLELossless)
    made.NumberOfFrames = 10**6
    assert "fewer bytes" in refused(made)
    made.NumberOfFrames = 5
    refused(made)


@pytest.mark.usefixtures("decoder_process")
def test_a_packed_frame_that_is_larger_than_its_header_says_is_refused(refused) -> None:
    buffer = BytesIO()
    Image.new("L", (9000, 9000)).save(buffer, "JPEG")
    made = dicom(FRAMES[:1], PixelData=encapsulate([buffer.getvalue()]))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    refused(made)


@pytest.mark.usefixtures("decoder_process")
def test_sequences_nested_without_end_are_read_past_or_refused(tmp_path: Path) -> None:
    whole = saved(dicom(FRAMES), tmp_path / "whole.dcm").read_bytes()
    # An open sequence with an open item in it, 20000 deep, where the first element of the picture was.
    opened = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    place = whole.index(b"\x28\x00\x02\x00US")
    (tmp_path / "scan.dcm").write_bytes(whole[:place] + opened * 20000 + whole[place:])
    with pytest.raises(EchoStudioError, match=r"scan\.dcm"):
        read_recording(tmp_path / "scan.dcm")


def test_truncated_and_damaged_files_are_read_or_refused_but_never_crash(tmp_path: Path, refused) -> None:
    whole = saved(dicom(FRAMES, SequenceOfUltrasoundRegions=Sequence([region(10, 20, 75, 90)])), tmp_path / "whole.dcm")
    content = whole.read_bytes()
    for length in (140, 400, 700, len(content) // 2, len(content) - 10):
        refused(content[:length])
    random = np.random.default_rng(3)
    head = len(content) - FRAMES.size
    for _ in range(12):
        flipped = np.frombuffer(content, np.uint8).copy()
        flipped[random.integers(132, head, 5)] = random.integers(0, 256, 5)
        (tmp_path / "flipped.dcm").write_bytes(flipped.tobytes())
        try:
            read_recording(tmp_path / "flipped.dcm")
        except EchoStudioError as error:
            assert "Doe" not in str(error)


@pytest.mark.parametrize(("syntax", "word"), [("1.2.840.10008.1.2.4.100", "MPEG2"), ("1.9", "unknown")])
def test_a_compression_that_is_not_read_is_named(refused, syntax: str, word: str) -> None:
    made = dicom(FRAMES, PixelData=encapsulate([b"12"] * 3))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    made.ensure_file_meta()
    content = BytesIO()
    pydicom.dcmwrite(content, made, implicit_vr=False, little_endian=True, enforce_file_format=True)
    assert word in refused(content.getvalue())


@pytest.mark.usefixtures("decoder_process")
def test_a_deflated_file_is_never_inflated(refused, tmp_path: Path) -> None:
    made = dicom(FRAMES)
    made.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    made.add_new((0x0009, 0x1001), "OB", bytes(200 << 20))
    assert "Deflated" in refused(made)
    assert (tmp_path / "scan.dcm").stat().st_size < 1 << 20


@pytest.mark.parametrize(
    ("name", "shape", "spacing"),
    [
        ("examples_ybr_color.dcm", (30, 240, 320), None),  # its region reaches beyond the picture: it was resized
        ("examples_palette.dcm", (1, 350, 800), None),
        ("examples_rgb_color.dcm", (1, 240, 320), None),
        ("examples_jpeg2k.dcm", (1, 480, 640), None),
    ],
)
def test_pydicom_s_ultrasound_examples_open(name: str, shape: tuple[int, ...], spacing: None) -> None:
    place = Path(pydicom.__file__).parent / "data" / "test_files" / name
    recording = read_recording(place)
    assert recording.frames.shape == shape
    assert recording.spacing_mm == spacing
    assert 5 < recording.frames.mean() < 60


@pytest.mark.slow
def test_every_file_that_pydicom_brings_opens_or_is_refused_in_one_line() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    opened = 0
    for path in sorted(folder.glob("*.dcm")):
        try:
            kind = file_kind(path.read_bytes()[:HEAD])
        except ImageError as error:
            result: Recording | ImageError = error
        else:
            result = decode("recording", kind, path)  # what the process apart runs, without 78 processes
        if isinstance(result, ImageError):
            assert "\n" not in str(result)
        else:
            assert result.frames.dtype == np.uint8
            opened += 1
    assert opened > 20
