"""Decoding of foreign files in a process of its own, with limits of memory and time."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import echo_studio
from echo_studio.data.decoding.decoded import Decoded, receive
from echo_studio.errors import ImageError

TIME_LIMIT = 60.0  # seconds; 512 frames of a full screen take ten on two cores
KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "HOME", "IMAGEIO_FFMPEG_EXE", "LD_LIBRARY_PATH")


def decode_apart(path: Path, kind: str, seconds: float = TIME_LIMIT) -> Decoded:
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
