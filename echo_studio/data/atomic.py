"""Writing a file, several files or a folder whole or not at all."""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from echo_studio.errors import OutputError
from echo_studio.types import Json


def write_bytes(path: Path, data: bytes, *, private: bool = False) -> None:
    """Put `data` at `path`; whoever looks sees the old file or the new one, never a part.

    Args:
        private: nobody but its owner may read the file, at no moment (mode 600).

    Raises:
        OutputError: the folder does not exist, is not writable or is full. Nothing is left behind.
    """
    write_together({path: data}, private=private)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Put lines at `path`, whole or not at all, without holding all of them at once.

    Raises:
        OutputError: see `write_bytes`.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with part.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, ValueError) as error:
        raise _not_writable(path, error) from error
    finally:
        _remove(part)


def write_together(contents: Mapping[Path, bytes], *, private: bool = False) -> None:
    """Put several files in place; all of them are on the disk before the first one gets its name.

    Raises:
        OutputError: see `write_bytes`; where one cannot get its name, those that are new are taken back.
    """
    # Beside the target, because a rename is atomic only within one file system.
    parts = {path: path.with_name(f".{secrets.token_hex(8)}.tmp") for path in contents}
    fresh: list[Path] = []
    path = Path()
    try:
        for path, part in parts.items():
            _fill(part, contents[path], 0o600 if private else 0o666)
        for path, part in parts.items():
            new = not os.path.lexists(path)
            part.replace(path)
            if new:
                fresh.append(path)
    except (OSError, ValueError) as error:
        for placed in fresh:
            _remove(placed)
        raise _not_writable(path, error) from error
    finally:
        for part in parts.values():
            _remove(part)


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make a folder with these files; whoever looks sees none of them or all.

    Args:
        folder: a new one, or one that is empty.
        contents: file names, without folders of their own, and what they hold.

    Raises:
        OutputError: there is something in it already, or it cannot be made. Nothing is left behind.
    """
    with filling_folder(folder) as part:
        for name, data in contents.items():
            (part / name).write_bytes(data)


@contextlib.contextmanager
def filling_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to be filled by the block; at its end it gets the name, with everything on the disk.

    Args:
        folder: a new one, or one that is empty.

    Raises:
        OutputError: there is something in it already, or it cannot be made or filled. Nothing is left behind,
            whatever the block raises.
    """
    part = folder.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        check_empty(folder)
        part.mkdir()
        yield part
        for path in part.rglob("*"):
            _sync(path)
        if os.path.lexists(folder):
            folder.rmdir()  # refuses a file, and a folder that was filled meanwhile
        part.rename(folder)
    except OSError as error:
        raise _not_writable(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check_empty(folder: Path) -> None:
    """Raise OutputError where a folder is no new and no empty one."""
    try:
        taken = os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir()))
    except ValueError as error:  # a name that holds a null byte
        raise _not_writable(folder, error) from error
    if taken:
        got = "one with files in it" if folder.is_dir() else "a file"
        raise OutputError(expected=f"a new or empty folder {folder.name}", got=got, remedy="name another")


def write_json(path: Path, obj: Json) -> None:
    """Put `obj` at `path` as indented JSON with a final newline, whole or not at all.

    Raises:
        OutputError: see `write_bytes`.
        ValueError, TypeError: `obj` is not strict JSON (NaN, an object of another type).
    """
    write_bytes(path, (json.dumps(obj, indent=2, allow_nan=False) + "\n").encode())


def check_writable(path: Path) -> None:
    """Try the place of a file before the work that would fill it; an existing file is not touched.

    Raises:
        OutputError: a file could not be written there.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        with contextlib.suppress(FileNotFoundError):
            path.lstat()  # refuses a name that is too long or holds a null byte
        part.open("xb").close()
    except (OSError, ValueError) as error:
        raise _not_writable(path, error) from error
    finally:
        _remove(part)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as the files. Windows cannot open folders and does it by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fill(part: Path, data: bytes, mode: int) -> None:
    with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _remove(part: Path) -> None:
    # Where it could not be made (no folder, a folder that is a file) there is nothing to remove.
    with contextlib.suppress(OSError, ValueError):
        part.unlink(missing_ok=True)


def _not_writable(path: Path, error: Exception) -> OutputError:
    if not path.parent.is_dir():
        return OutputError(
            expected=f"a folder {path.parent} to write {path.name} into", got="no such folder", remedy="make it first"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(
        expected=f"a place where {path} can be written", got=reason, remedy="choose another folder or free this one"
    )
