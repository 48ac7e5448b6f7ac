"""Real frames from a person's file, without anything that says whose they are."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import echo_studio
from echo_studio.data.decoding.decoded import Recording, receive
from echo_studio.data.formats.file_kind import HEAD, file_kind
from echo_studio.errors import ImageError
from echo_studio.types import BoolMask, GrayImage

TIME_LIMIT = 60.0  # seconds; 512 frames of a full screen take ten on two cores
KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "HOME", "IMAGEIO_FFMPEG_EXE", "LD_LIBRARY_PATH")


def decode_apart(path: Path, kind: str, seconds: float = TIME_LIMIT) -> Recording:
    """Decode a file of a known kind; see `decoder` for what runs on the other side.

    Args:
        path: the file; nothing is written beside it.
        kind: a key of `file_kind.KINDS`.
        seconds: the time limit.

    Raises:
        ImageError: the file is refused, takes too long, or kills its decoder. The message does not name the file.
    """
    # The answer comes through a file without a name, which goes with its last handle, whatever happens.
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "echo_studio.data.decoding.decoder", kind, str(path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,  # libraries quote headers there
            env=_environment(),
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ImageError(
                expected=f"a file that decodes within {seconds:g} s", got="a longer one", remedy="export a shorter one"
            ) from error
        finally:
            _end(process)
        answer.seek(0)
        try:
            return receive(answer)
        except (ValueError, KeyError, EOFError, TypeError) as error:
            raise ImageError(
                expected="a sound file", got="data that its decoder did not survive", remedy="export it again"
            ) from error


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    root = str(Path(echo_studio.__file__).resolve().parent.parent)
    # One thread: each would take its share of the addresses that the limit leaves.
    return {**kept, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a decoder that still runs, and the ffmpeg that it may have started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def read_recording(path: Path, suffix: str | None = None) -> Recording:
    """Read PNG, JPEG, GIF, NIfTI, DICOM, MP4 or AVI; the content decides, not the name.

    Colour becomes grey by luminance, coloured text and traces with it. Frames over 1024 a side are reduced
    to fit, by area averaging. Of long recordings the first 512 frames are kept, fewer where these would
    take more than 256 MiB; `total` tells how many there are. 8-bit values stay as they are, wider ones are
    stretched by the file's window or else from the lowest to the highest. Of an ultrasound DICOM file with
    a calibrated 2D tissue region only this region is kept, as long as it lies within the picture.

    Args:
        path: the file. It is decoded in a process of its own with limits of memory and time.
        suffix: for an upload under a made-up name: what the person's file ends in. Only messages use it.

    Raises:
        ImageError: no such file, empty, damaged, of another kind, under 64 or over 4096 pixels a side.
    """
    name = path.name if suffix is None else f"the {suffix or 'nameless'} file"
    try:
        if not path.is_file():
            raise ImageError(expected="a file with frames", got="no file there", remedy="check the path")
        with path.open("rb") as file:
            head = file.read(HEAD)
        if not head:
            raise ImageError(expected="a file with frames", got="an empty file", remedy="copy it again")
        return decode_apart(path, file_kind(head))
    except OSError as error:
        raise ImageError(
            expected="a readable file", got=f"{name}: {error.strerror or 'no access'}", remedy="check its permissions"
        ) from error
    except ImageError as error:
        raise ImageError(expected=error.expected, got=f"{name}: {error.got}", remedy=error.remedy) from error


def without_annotations(image: GrayImage, sector_mask: BoolMask) -> GrayImage:
    """A frame with everything outside the sector black: names, dates, scales, logos stand there.

    This is what may be shown and kept. Text or a trace that the scanner drew into the sector itself stays.

    Args:
        image: uint8 (h, w).
        sector_mask: (h, w) True inside the sector.

    Raises:
        ImageError: the two have different shapes.
    """
    if image.shape != sector_mask.shape:
        raise ImageError(
            expected=f"a sector mask of shape {image.shape}",
            got=f"{sector_mask.shape}",
            remedy="fit the sector to this frame",
        )
    return np.where(sector_mask, image, np.uint8(0))
