"""What a file from outside is, by its first bytes: a name's ending is only a claim."""

import struct

from echo_studio.errors import ImageError

HEAD = 512  # bytes that `file_kind` wants to see

# Kind: what people call it. Every kind has a reader in `decoder.py`.
KINDS: dict[str, str] = {
    "png": "PNG",
    "jpeg": "JPEG",
    "gif": "GIF",
    "nifti": "NIfTI",
    "nifti-gz": "NIfTI",
    "dicom": "DICOM",
    "mp4": "MP4",
    "avi": "AVI",
}
ACCEPTED = "PNG, JPEG, GIF, NIfTI, DICOM, MP4 or AVI"

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"\x1f\x8b": "nifti-gz",
}
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide")
NIFTI_HEADERS = {348: (344, b"n+1\0"), 540: (4, b"n+2\0")}
# What lists other files or addresses. ffmpeg would follow it, so such a file never gets that far.
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
    if head[128:132] == b"DICM":
        return "dicom"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] in MP4_BOXES:
        return "mp4"
    if _is_nifti(head):
        return "nifti"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(LINKS):
        raise ImageError(
            expected=f"a {ACCEPTED} file",
            got="a playlist or an address, which only points to other files",
            remedy="download the recording itself",
        )
    raise ImageError(
        expected=f"a {ACCEPTED} file", got="content of another kind", remedy="export it again as one of these"
    )


def _is_nifti(head: bytes) -> bool:
    for order in "<>":
        size = struct.unpack_from(f"{order}i", head)[0] if len(head) >= 4 else 0
        place, magic = NIFTI_HEADERS.get(size, (0, b"-"))
        if head[place : place + 4] == magic:
            return True
    return False
