"""Label maps that pages send to make sets of: kept in a folder of each page, as files that the page has named."""

import re
import tempfile
import threading
import zipfile
from pathlib import Path

from echo_studio.data.formats.image_file import SUFFIXES, suffix_of
from echo_studio.errors import DataError

__all__ = ["MAX_FILE", "UploadedMaps"]

MAX_FILES = 5000
MAX_FILE = 64 << 20  # bytes, of one file or archive
MAX_BOX = 512 << 20  # bytes, of all


class UploadedMaps:
    """Label maps that pages have sent; each page has a box, which goes with its session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[str, tempfile.TemporaryDirectory[str]] = {}

    def of(self, token: str) -> Path:
        """The folder of a page's box."""
        with self._lock:
            if token not in self._boxes:
                self._boxes[token] = tempfile.TemporaryDirectory(prefix="echo-studio-maps-")
            return Path(self._boxes[token].name)

    def names(self, token: str) -> list[str]:
        """What is in a page's box."""
        with self._lock:
            box = self._boxes.get(token)
        return sorted(path.name for path in Path(box.name).iterdir()) if box else []

    def put(self, token: str, name: str, data: bytes) -> int:
        """Take in a label map, or every label map of a ZIP archive; how many.

        Raises:
            DataError: another kind of file, a damaged archive, or more than a box holds.
        """
        if name.lower().endswith(".zip"):
            return self._unpack(token, data)
        self._save(token, name, data)
        return 1

    def drop(self, token: str) -> None:
        """Empty a page's box."""
        with self._lock:
            box = self._boxes.pop(token, None)
        if box is not None:
            box.cleanup()

    def close(self) -> None:
        for token in list(self._boxes):
            self.drop(token)

    def _unpack(self, token: str, data: bytes) -> int:
        count = 0
        with tempfile.TemporaryFile() as file:
            file.write(data)
            try:
                with zipfile.ZipFile(file) as archive:
                    for member in archive.infolist():
                        shown = not Path(member.filename).name.startswith((".", "__"))
                        if member.is_dir() or not shown or not member.filename.lower().endswith(SUFFIXES):
                            continue
                        with archive.open(member) as stream:
                            # Not what the archive says of its size: what comes.
                            self._save(token, member.filename, stream.read(MAX_FILE + 1))
                        count += 1
            except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, NotImplementedError, ValueError) as error:
                raise DataError(
                    expected="a ZIP archive of label maps",
                    got=f"{error}"[:80],
                    remedy="pack it again, without a password",
                ) from error
        if not count:
            raise DataError(
                expected=f"label maps ({', '.join(SUFFIXES)}) in the archive",
                got="none",
                remedy="pack the files themselves",
            )
        return count

    def _save(self, token: str, name: str, data: bytes) -> None:
        box = self.of(token)
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(name.replace("\\", "/")).name).lstrip(".-")[-120:]
        if not plain.lower().endswith(SUFFIXES):
            raise DataError(
                expected=f"a label map as {', '.join(SUFFIXES)} or a .zip of them",
                got=name[-60:],
                remedy="choose others",
            )
        held = [path.stat().st_size for path in box.iterdir()]
        if len(data) > MAX_FILE or len(held) >= MAX_FILES or sum(held) + len(data) > MAX_BOX:
            raise DataError(
                expected=f"at most {MAX_FILES} label maps of {MAX_FILE >> 20} MiB, {MAX_BOX >> 20} MiB together",
                got="more",
                remedy="make the set with `echo-studio synthesise`, which reads a folder",
            )
        suffix = suffix_of(Path(plain))
        stem, path, number = plain[: -len(suffix)], box / plain, 2
        while path.exists():
            path, number = box / f"{stem}-{number}{suffix}", number + 1
        path.write_bytes(data)
