"""What a file from outside is, by its first bytes: a name's ending is only a claim."""

import re
import struct
from pathlib import Path

from echo_studio.errors import ImageError

HEAD = 512  # bytes that `file_kind` wants to see

# Kind: what people call it. Every kind has a reader in `decoder.py`.
KINDS: dict[str, str] = {
    "png": "PNG",
    "jpeg": "JPEG",
    "gif": "GIF",
    "nifti": "NIfTI",
    "nifti-gz": "NIfTI",
    "metaimage": "MetaImage",
    "nrrd": "NRRD",
    "zip": "zip",
    "dicom": "DICOM",
    "mp4": "MP4",
    "avi": "AVI",
    "matroska": "MKV or WebM",
    "asf": "WMV",
    "mpeg": "MPEG",
    "mpegts": "MPEG",
    "flv": "FLV",
    "ogg": "Ogg",
}
VIDEO = ("mp4", "avi", "matroska", "asf", "mpeg", "mpegts", "flv", "ogg")
GRIDS = ("nifti", "nifti-gz", "metaimage", "nrrd")  # files of numbers on a grid in space, which SimpleITK reads
ACCEPTED = "PNG, JPEG, GIF, NIfTI, MetaImage, NRRD, DICOM, MP4, AVI, MKV, WebM or WMV"

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"\x1f\x8b": "nifti-gz",
    b"NRRD000": "nrrd",
    b"PK\x03\x04": "zip",
    b"\x1a\x45\xdf\xa3": "matroska",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    b"\x00\x00\x01\xba": "mpeg",
    b"FLV\x01": "flv",
    b"OggS": "ogg",
}
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
NIFTI_HEADERS = {348: (344, (b"n+1\0", b"ni1\0")), 540: (4, (b"n+2\0", b"ni2\0"))}
METAIMAGE = re.compile(rb"\s*(?:ObjectType|Comment|NDims|ObjectSubType|Name)\s*=")
TS_PACKET = 188
PIXELS = (".raw", ".zraw", ".img", ".bin")  # of headers that keep them in a file of their own
STORED_CLASS = b"\x02\x00\x02\x00UI"  # the element MediaStorageSOPClassUID; then two bytes of length, and the UID
STORAGE = b"1.2.840.10008.5.1.4.1.1."
DOCUMENTS = (b"1.2.840.10008.1.3.10", *(STORAGE + group for group in (b"88.", b"104.", b"9.", b"11.")))
LITTER = ("thumbs.db", "desktop.ini", "icon\r")
# What lists other files or addresses. FFmpeg would follow it, so such a file never gets that far.
LINKS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"[playlist]", b"http://", b"https://", b"rtsp://", b"file:")


def file_kind(head: bytes) -> str:
    """The kind of a file, a key of `KINDS`.

    Args:
        head: its first `HEAD` bytes.

    Raises:
        ImageError: a playlist or an address, or nothing that is read here.
    """
    for signature, kind in SIGNATURES.items():
        if head.startswith(signature):
            return kind
    if _is_dicom(head):
        return "dicom"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] in MP4_BOXES:
        return "mp4"
    if _is_nifti(head):
        return "nifti"
    if METAIMAGE.match(head):
        return "metaimage"
    if head[:1] == b"G" and head[TS_PACKET : TS_PACKET + 1] == b"G":
        return "mpegts"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(LINKS):
        raise ImageError(
            expected=f"a {ACCEPTED} file",
            got="a playlist or an address, which only points to other files",
            remedy="download the recording itself",
        )
    raise ImageError(
        expected=f"a {ACCEPTED} file", got="content of another kind", remedy="export it again as one of these"
    )


def _is_dicom(head: bytes) -> bool:
    """With its preamble, or without: then it begins with an element of the groups 0002 or 0008."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16:
        return False
    typed = head[4:6].isalpha() and head[4:6].isupper()
    little, big = struct.unpack_from("<HH", head), struct.unpack_from(">HH", head)
    short = struct.unpack_from("<I", head, 4)[0] <= 64
    begins = [group in (0x0002, 0x0008) and element <= 0x0060 for group, element in (little, big)]
    return (begins[0] and (typed or short)) or (begins[1] and typed)


def _is_nifti(head: bytes) -> bool:
    for order in "<>":
        size = struct.unpack_from(f"{order}i", head)[0] if len(head) >= 4 else 0
        place, magic = NIFTI_HEADERS.get(size, (0, ()))
        if head[place : place + 4] in magic:
            return True
    return False


def holds_no_picture(head: bytes) -> bool:
    """Whether a DICOM file is a directory, a report, a waveform or another document, by its first bytes."""
    place = head.find(STORED_CLASS)
    return place >= 0 and head[place + len(STORED_CLASS) + 2 :].startswith(DOCUMENTS)


def is_junk(path: Path) -> bool:
    """Whether a file is none that a person made: hidden ones, what macOS and Windows leave in every folder."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts if part not in (".", ".."))
    return hidden or path.name.lower() in LITTER
