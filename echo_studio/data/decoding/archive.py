"""A zip file that holds one recording or one label map: some formats keep header and pixels in two files."""

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from echo_studio.data.decoding.file_kind import HEAD, file_kind, is_junk
from echo_studio.errors import ImageError

MAX_MEMBERS = 4096
MAX_BYTES = 512 << 20
FAULTS = (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError, OSError)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file with the header, unpacked with all that lies beside it, as long as the block lasts.

    Raises:
        ImageError: damaged, more than 512 MiB, none or several files of a known kind in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = _members(path, Path(folder))
        except FAULTS as error:
            raise ImageError(
                expected="a sound zip file", got="a damaged or locked one", remedy="pack it again, without a password"
            ) from error
        known = [one for one in files if _known(one)]
        if len(known) != 1:
            raise ImageError(
                expected="one recording or one label map in a zip file",
                got=f"{len(known)} in {path.name}",
                remedy="pack one, with the file of its pixels; many label maps go into the Data set tab",
            )
        yield known[0]


def _members(path: Path, folder: Path) -> list[Path]:
    files, room = [], MAX_BYTES
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist()[:MAX_MEMBERS]:
            name = Path(member.filename.replace("\\", "/")).name
            if member.is_dir() or is_junk(Path(member.filename)):
                continue
            with archive.open(member) as stream:
                content = stream.read(room + 1)  # not what the archive says of its size: what comes
            room -= len(content)
            if room < 0:
                raise ValueError("too much")
            files.append(folder / name)
            files[-1].write_bytes(content)
    return files


def _known(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file_kind(file.read(HEAD)) != "zip"
    except ImageError:
        return False
