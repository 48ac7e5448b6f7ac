"""The label maps that a set is made of: those on the canvas, kept views, bundled ones, or files that a page sends."""

import re
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.shape.variation import SIDE
from echo_studio.data.decoding.file_kind import PIXELS, is_junk
from echo_studio.data.formats.image_file import SUFFIXES, suffix_of
from echo_studio.dataset.build.manifest import BaseMap
from echo_studio.dataset.sources.base_maps import base_maps
from echo_studio.errors import DataError, raised_as
from echo_studio.studio.sessions import Session
from echo_studio.types import Phase, View

MAX_FILES = 5000
MAX_FILE = 64 << 20  # bytes, of one file or archive
MAX_BYTES = 512 << 20  # bytes, of all


class UploadedMaps:
    """Label maps that pages have sent; each page has a folder, which is removed with its session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: dict[str, tempfile.TemporaryDirectory[str]] = {}

    def of(self, token: str) -> Path:
        """The folder of a page."""
        with self._lock:
            if token not in self._folders:
                self._folders[token] = tempfile.TemporaryDirectory(prefix="echo-studio-maps-")
            return Path(self._folders[token].name)

    def names(self, token: str) -> list[str]:
        """The files of a page."""
        with self._lock:
            folder = self._folders.get(token)
        return sorted(path.name for path in Path(folder.name).iterdir()) if folder else []

    def put(self, token: str, name: str, data: bytes) -> int:
        """Take in a label map, or every label map of a ZIP archive; how many.

        Raises:
            DataError: another kind of file, a damaged archive, or more than a page may send.
        """
        if name.lower().endswith(".zip"):
            return self._unpack(token, data)
        self._save(token, name, data)
        return int(name.lower().endswith(SUFFIXES))

    def drop(self, token: str) -> None:
        """Remove the files of a page."""
        with self._lock:
            folder = self._folders.pop(token, None)
        if folder is not None:
            folder.cleanup()

    def close(self) -> None:
        for token in list(self._folders):
            self.drop(token)

    def _unpack(self, token: str, data: bytes) -> int:
        count = 0
        with tempfile.TemporaryFile() as file:
            file.write(data)
            with (
                raised_as(
                    DataError,
                    zipfile.BadZipFile,
                    RuntimeError,
                    OSError,
                    EOFError,
                    ValueError,
                    expected="a ZIP archive of label maps",
                    remedy="pack it again, without a password",
                ),
                zipfile.ZipFile(file) as archive,
            ):
                for member in archive.infolist():
                    name = member.filename.lower()
                    if member.is_dir() or is_junk(Path(name)) or not name.endswith((*SUFFIXES, *PIXELS)):
                        continue
                    with archive.open(member) as stream:
                        # Not what the archive says of its size: what comes.
                        self._save(token, member.filename, stream.read(MAX_FILE + 1))
                    count += name.endswith(SUFFIXES)
        if not count:
            raise DataError(
                expected=f"label maps ({', '.join(SUFFIXES)}) in the archive",
                got="none",
                remedy="pack the files themselves",
            )
        return count

    def _save(self, token: str, name: str, data: bytes) -> None:
        folder = self.of(token)
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(name.replace("\\", "/")).name).lstrip(".-")[-120:]
        if not plain.lower().endswith((*SUFFIXES, *PIXELS)):
            raise DataError(
                expected=f"a label map as {', '.join(SUFFIXES)} or a .zip of them",
                got=name[-60:],
                remedy="choose others",
            )
        sizes = [path.stat().st_size for path in folder.iterdir()]
        if len(data) > MAX_FILE or len(sizes) >= MAX_FILES or sum(sizes) + len(data) > MAX_BYTES:
            raise DataError(
                expected=f"at most {MAX_FILES} label maps of {MAX_FILE >> 20} MiB, {MAX_BYTES >> 20} MiB together",
                got="more",
                remedy="make the set with `echo-studio synthesise`, which reads a folder",
            )
        if plain.lower().endswith((*PIXELS, ".mhd", ".nhdr")) and (folder / plain).exists():
            raise DataError(
                expected="header and pixels in two files whose names no other map has",
                got=f"a second {plain}",
                remedy="give the maps different names, or save each as one file (.mha, .nrrd or .nii.gz)",
            )
        suffix = suffix_of(Path(plain))
        stem, path, number = plain[: -len(suffix)], folder / plain, 2
        while path.exists():
            path, number = folder / f"{stem}-{number}{suffix}", number + 1
        path.write_bytes(data)


@dataclass(frozen=True)
class MapSource:
    """Which label maps a set is made of.

    Attributes:
        kind: canvas, slots (the kept views), bundled, or files (that the page has sent).
        revision, view, phase: of the canvas.
        map_view, map_phase: of bundled maps and files; None for what their names say.
    """

    kind: Literal["canvas", "slots", "bundled", "files"]
    revision: int
    view: View
    phase: Phase
    map_view: View | None = None
    map_phase: Phase | None = None


def set_maps(session: Session, uploaded: UploadedMaps, source: MapSource) -> tuple[BaseMap, ...]:
    """The label maps of a source, at the size of sets.

    Raises:
        RequestError: the canvas changed meanwhile.
        EchoStudioError: there are none, or a file holds none.
    """
    if source.kind == "bundled":
        return base_maps(None, source.map_view, source.map_phase)
    if source.kind == "files":
        if not uploaded.names(session.token):
            raise DataError(expected="label maps", got="none sent yet", remedy="choose files first")
        return base_maps(uploaded.of(session.token), source.map_view, source.map_phase)
    if source.kind == "canvas":
        canvas = session.require(source.revision, "press it again").resized(SIDE, SIDE)
        return (BaseMap("canvas", "canvas", source.view, source.phase, canvas),)
    kept = session.project.slots()
    if not kept:
        raise DataError(
            expected="kept views", got="none", remedy="keep the canvas as 4CH-ED or another in the Edit tab"
        )
    return tuple(_slot_map(name, label_map) for name, label_map in kept.items())


def _slot_map(name: str, label_map: LabelMap) -> BaseMap:
    """A kept view, whose name is such as 4CH-ED."""
    view: View = "2CH" if name.startswith("2CH") else "4CH"
    return BaseMap(name, name, view, "ES" if name.endswith("ES") else "ED", label_map.resized(SIDE, SIDE))
