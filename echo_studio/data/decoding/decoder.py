"""The decoder's process: `python -m echo_studio.data.decoding.decoder KIND PATH` decodes one file to standard output.

Foreign files are opened here and nowhere else. A decoder that is led astray meets the memory limit
or is ended by `decode_apart`, and takes nothing with it.
"""

import importlib
import sys
import warnings
from pathlib import Path

from echo_studio.data.decoding.decoded import Recording, send
from echo_studio.data.formats.file_kind import KINDS
from echo_studio.errors import ImageError

if sys.platform != "win32":
    import resource

MAX_MEMORY = 3 << 30  # of addresses: 256 MiB of frames twice, the libraries, ffmpeg's threads

# The module whose `read(path, kind)` decodes a kind. A process reads one file: the libraries of the others would only
# cost it time.
READERS: dict[str, str] = {
    **dict.fromkeys(("png", "jpeg", "gif"), "picture_file"),
    **dict.fromkeys(("nifti", "nifti-gz"), "nifti_frames"),
    **dict.fromkeys(("mp4", "avi"), "video_file"),
    "dicom": "dicom",
}


def decode(kind: str, path: Path) -> Recording | ImageError:
    """Decode a file; an error comes back as a value, without the file's name and without its library's words.

    A library's message may quote the header, and in a header stand names of patients.
    """
    try:
        recording: Recording = importlib.import_module(f"echo_studio.data.decoding.{READERS[kind]}").read(path, kind)
        return recording
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


def main(arguments: list[str]) -> None:
    """Decode the file PATH of KIND to standard output."""
    warnings.simplefilter("ignore")
    if sys.platform != "win32":
        # macOS has the call but does not keep to it; there the time limit has to do.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    kind, path = arguments
    send(decode(kind, Path(path)), sys.stdout.buffer)


if __name__ == "__main__":
    main(sys.argv[1:])
