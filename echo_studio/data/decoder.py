"""The decoder's process: `python -m echo_studio.data.decoder KIND PATH` decodes one file to standard output.

Foreign files are opened here and nowhere else. A decoder that is led astray meets the memory limit
or is ended by `decode_apart`, and takes nothing with it.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from echo_studio.data.decoded import Decoded, send
from echo_studio.data.dicom import read_dicom
from echo_studio.data.file_kind import KINDS
from echo_studio.data.nifti_frames import read_nifti_frames, read_packed_nifti_frames
from echo_studio.data.picture_file import read_gif, read_jpeg, read_png
from echo_studio.data.video_file import read_avi, read_mp4
from echo_studio.errors import ImageError

if sys.platform != "win32":
    import resource

MAX_MEMORY = 3 << 30  # of addresses: 256 MiB of frames twice, the libraries, ffmpeg's threads

READERS: dict[str, Callable[[Path], Decoded]] = {
    "png": read_png,
    "jpeg": read_jpeg,
    "gif": read_gif,
    "nifti": read_nifti_frames,
    "nifti-gz": read_packed_nifti_frames,
    "dicom": read_dicom,
    "mp4": read_mp4,
    "avi": read_avi,
}


def decode(kind: str, path: Path) -> Decoded | ImageError:
    """Decode a file; an error comes back as a value, without the file's name and without its library's words.

    A library's message may quote the header, and in a header stand names of patients.
    """
    try:
        return READERS[kind](path)
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
