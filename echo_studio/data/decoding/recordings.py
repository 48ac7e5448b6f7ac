"""Real frames from a person's file, without anything that says whose they are."""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

import echo_studio
from echo_studio.data.decoding.archive import unpacked
from echo_studio.data.decoding.decoded import Decoded, Recording, Stored, receive
from echo_studio.data.decoding.file_kind import HEAD, file_kind
from echo_studio.errors import ImageError
from echo_studio.types import BoolMask, GrayImage

TIME_LIMIT = 60.0  # seconds; 512 frames of a full screen take ten on two cores
KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "HOME", "LD_LIBRARY_PATH")


class DecoderProcess:
    """A decoder in a process of its own; see `decoder` for what runs there. Ends with its parent, or when idle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "echo_studio.data.decoding.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries quote headers there
            env=_environment(),
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, want: str, path: Path, kind: str, most: int = 1, seconds: float = TIME_LIMIT) -> Decoded:
        """Decode a file of a known kind.

        Args:
            want, kind, most: see `decoder.decode`.
            path: the file; nothing is written beside it.
            seconds: the time limit.

        Raises:
            ImageError: the file is refused, takes too long, or kills its decoder. The message does not name the file.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            self.close()

        with self._lock:
            timer = threading.Timer(seconds, end)
            timer.start()
            try:
                assert self._process.stdin is not None
                assert self._process.stdout is not None
                self._process.stdin.write(json.dumps([want, kind, str(path.resolve()), most]).encode() + b"\n")
                self._process.stdin.flush()
                return receive(cast(BinaryIO, self._process.stdout))
            except (ValueError, KeyError, EOFError, TypeError, OSError) as error:
                self.close()
                raise _late(seconds) if late.is_set() else _died() from error
            finally:
                timer.cancel()

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process.poll() is None:
            if sys.platform == "win32":
                self._process.kill()
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


_residents: dict[int, DecoderProcess] = {}  # by the process that asks: a fork has its own


def _resident() -> DecoderProcess:
    """The decoder that reads the many files of a folder, one after the other; a new one where it ended."""
    known = _residents.get(os.getpid())
    if known is None or not known.alive:
        if known is not None:
            known.close()
        _residents[os.getpid()] = known = DecoderProcess()
    return known


@atexit.register
def _end_resident() -> None:
    if (known := _residents.pop(os.getpid(), None)) is not None:
        known.close()


def decode_apart(path: Path, kind: str, seconds: float = TIME_LIMIT) -> Recording:
    """The recording in a file of a known kind, by a decoder that sees no other file; see `DecoderProcess.ask`."""
    with contextlib.closing(DecoderProcess()) as process:
        decoded = process.ask("recording", path, kind, seconds=seconds)
    assert isinstance(decoded, Recording)
    return decoded


def stored_apart(path: Path, kind: str, most: int = 1, alone: bool = False) -> Stored:
    """The numbers of a file of a known kind; see `DecoderProcess.ask`.

    Args:
        alone: by a decoder that sees no other file.
    """
    with contextlib.closing(DecoderProcess()) if alone else contextlib.nullcontext(_resident()) as process:
        decoded = process.ask("stored", path, kind, most)
    assert isinstance(decoded, Stored)
    return decoded


def _late(seconds: float) -> ImageError:
    return ImageError(
        expected=f"a file that decodes within {seconds:g} s", got="a longer one", remedy="export a shorter one"
    )


def _died() -> ImageError:
    return ImageError(expected="a sound file", got="data that its decoder did not survive", remedy="export it again")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    root = str(Path(echo_studio.__file__).resolve().parent.parent)
    # One thread: each would take its share of the addresses that the limit leaves.
    return {
        **kept,
        "PYTHONPATH": root,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    }


def read_recording(path: Path, suffix: str | None = None) -> Recording:
    """Read any file of `file_kind.KINDS`; the content decides, not the name.

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
        kind = file_kind(head)
        if kind != "zip":
            return decode_apart(path, kind)
        with unpacked(path) as inner, inner.open("rb") as file:
            return decode_apart(inner, file_kind(file.read(HEAD)))
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
