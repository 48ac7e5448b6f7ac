"""A project as one .echo file: a zip with the database and the content files that it refers to."""

import io
import re
import sqlite3
import struct
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

from echo_studio.data.atomic import sync_folder, write_bytes
from echo_studio.errors import DataError, OutputError
from echo_studio.project.store import DATABASE, FILES, ContentFiles, Store

SUFFIX = ".echo"
CURE = "export the copy again, or import another one"
CONTENT = re.compile(rf"{FILES}/([0-9a-f]{{64}})\.png")
MAX_FILES = 2000
MAX_FILE = 64 << 20  # bytes; an incompressible frame of 4096 x 4096 has 16 MiB
MAX_DATABASE = 256 << 20
MAX_TOTAL = 1 << 30
END = struct.Struct("<4s4H2LH")  # the end record of a zip without a comment
MAX_DIRECTORY = 1 << 20
NO_TIME = (1980, 1, 1, 0, 0, 0)  # the same project gives the same bytes

# What zipfile raises on damaged or unusual archives.
UNREADABLE = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def pack(store: Store, path: Path) -> None:
    """Write a copy of the project to `path`, whole or not at all.

    Raises:
        OutputError: another suffix than .echo, a place that cannot be written, or more than a copy can hold.
        DataError: a content file is damaged.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(expected=f"a file name that ends in {SUFFIX}", got=path.name, remedy="change the suffix")
    buffer = io.BytesIO()
    with store.reading() as sql, zipfile.ZipFile(buffer, "w") as archive:
        database = _compact(sql)
        names = sorted(store.references())
        _add(archive, DATABASE, database, zipfile.ZIP_DEFLATED)
        for name in names:
            _add(archive, f"{FILES}/{name}.png", store.files.read(name), zipfile.ZIP_STORED)
    if len(names) > MAX_FILES or len(database) > MAX_DATABASE or buffer.tell() > MAX_TOTAL // 2:
        raise OutputError(
            expected=f"a project of at most {MAX_FILES} files and {MAX_TOTAL >> 21} MiB",
            got=f"{len(names)} files and {buffer.tell() >> 20} MiB",
            remedy="remove kept results",
        )
    write_bytes(path, buffer.getvalue())


def unpack(path: Path, folder: Path) -> None:
    """Put what is in a copy into a new folder. Names and hashes are checked here, what they mean is not.

    Raises:
        DataError: it is no copy, is damaged, holds other names, or more than a project can have.
        OutputError: the folder cannot be written.
    """
    try:
        with path.open("rb") as file:
            _check_directory(file, path.name)
            with zipfile.ZipFile(file) as archive:
                entries = _checked(archive, path.name)
                (folder / FILES).mkdir(parents=True)
                files = ContentFiles(folder / FILES)
                for entry in entries:
                    _unpack_one(archive, entry, folder, files, path.name)
    except UNREADABLE as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:120]
        raise _refused("a readable copy of a project", f"{path.name}: {reason or type(error).__name__}") from error
    sync_folder(folder)


def _compact(sql: sqlite3.Connection) -> bytes:
    # Rebuilt, because the free pages of the original still hold what was removed.
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        sql.backup(copy)
        copy.execute("VACUUM")
        return copy.serialize()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, compression: int) -> None:
    entry = zipfile.ZipInfo(name, NO_TIME)
    entry.compress_type = compression
    archive.writestr(entry, data)


def _check_directory(file: io.BufferedReader, name: str) -> None:
    """Refuse a table of contents that is too long, before zipfile makes objects of it."""
    size = file.seek(0, io.SEEK_END)
    if not END.size <= size <= MAX_TOTAL:
        raise _refused("a copy of a project", f"a file of {size} bytes, {name}")
    file.seek(max(0, size - END.size - 20))
    tail = file.read()
    mark, _, _, _, count, length, _, comment = END.unpack(tail[-END.size :])
    if mark != b"PK\x05\x06" or comment or tail.startswith(b"PK\x06\x07"):  # the last one leads to a 64-bit table
        raise _refused("a copy of a project", f"another file, {name}, or a part of one")
    if count > MAX_FILES + 1 or length > MAX_DIRECTORY:
        raise _refused(f"at most {MAX_FILES} files", f"{count} in {name}")


def _checked(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    names = {entry.orig_filename for entry in entries}
    if len(names) < len(entries) or DATABASE not in names:
        raise _refused(f"one {DATABASE} and no name twice", f"another table of contents in {name}")
    for entry in entries:
        limit = MAX_DATABASE if entry.orig_filename == DATABASE else MAX_FILE
        if entry.orig_filename != DATABASE and CONTENT.fullmatch(entry.orig_filename) is None:
            raise _refused("only names that Echo Studio gives", f"{entry.orig_filename[:60]!r} in {name}")
        if entry.file_size > limit:
            raise _refused(f"at most {limit} bytes a file", f"{entry.file_size} in {name}")
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused("files that are stored or deflated", f"others in {name}")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL:
        raise _refused(f"at most {MAX_TOTAL} bytes", f"{total} in {name}")
    return entries


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, files: ContentFiles, name: str) -> None:
    with archive.open(entry) as stream:
        data = stream.read(entry.file_size + 1)  # no more than was announced, whatever the stream would give
    if len(data) != entry.file_size:
        raise _refused(f"{entry.file_size} bytes of {entry.orig_filename}", f"{len(data)} in {name}")
    if entry.orig_filename == DATABASE:
        write_bytes(folder / DATABASE, data)
    elif f"{FILES}/{files.put(data)}.png" != entry.orig_filename:
        raise _refused(f"{entry.orig_filename} as it was written", f"other content in {name}")


def _refused(expected: str, got: str) -> DataError:
    return DataError(expected=expected, got=got, remedy=CURE)
