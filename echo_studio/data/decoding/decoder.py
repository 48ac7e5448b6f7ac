"""The decoder's process: `python -m echo_studio.data.decoding.decoder` decodes the files that standard input names.

A line of JSON for each file: what is wanted, its kind, its path, and the most frames. The answers go to standard output
(`decoded.send`). Foreign files are opened here and nowhere else. A decoder that is led astray meets the memory limit or
is ended by its parent, and takes nothing with it.
"""

import importlib
import json
import signal
import sys
import warnings
from pathlib import Path

from echo_studio.data.decoding.decoded import Decoded, send
from echo_studio.data.decoding.file_kind import GRIDS, KINDS, VIDEO
from echo_studio.errors import ImageError

if sys.platform != "win32":
    import resource

MAX_MEMORY = 3 << 30  # of addresses: 256 MiB of frames twice, the libraries, FFmpeg's threads
IDLE = 120  # seconds after which a process that nobody asks ends

# The module that decodes a kind: `read(path, kind)` gives a recording, `stored(path, kind, most)` the numbers as they
# are. The libraries of other kinds would only cost the process time.
READERS: dict[str, str] = {
    **dict.fromkeys(("png", "jpeg", "gif"), "picture_file"),
    **dict.fromkeys(GRIDS, "grid_file"),
    **dict.fromkeys(VIDEO, "video_file"),
    "dicom": "dicom",
}


def decode(want: str, kind: str, path: Path, most: int = 1) -> Decoded | ImageError:
    """Decode a file; an error comes back as a value, without the file's name and without its library's words.

    A library's message may quote the header, and in a header stand names of patients.

    Args:
        want: "recording" or "stored".
        most: frames that are accepted of what is stored.
    """
    try:
        module = importlib.import_module(f"echo_studio.data.decoding.{READERS[kind]}")
        decoded: Decoded = module.read(path, kind) if want == "recording" else module.stored(path, kind, most)
        return decoded
    except ImageError as error:
        return error
    except MemoryError:
        return ImageError(
            expected="a file that needs little memory",
            got=f"over {MAX_MEMORY >> 30} GiB",
            remedy="export a shorter one",
        )
    except Exception:  # anything at all: decoders of foreign data raise what they like
        return ImageError(
            expected=f"a sound {KINDS[kind]} file", got="damaged or truncated data", remedy="export or copy it again"
        )


def main() -> None:
    """Answer until standard input ends."""
    warnings.simplefilter("ignore")
    if sys.platform != "win32":
        # macOS has the call but does not keep to it; there the time limit has to do.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(IDLE)
    for line in sys.stdin:
        if sys.platform != "win32":
            signal.alarm(0)
        want, kind, path, most = json.loads(line)
        send(decode(want, kind, Path(path), most), sys.stdout.buffer)
        if sys.platform != "win32":
            signal.alarm(IDLE)


if __name__ == "__main__":
    main()
