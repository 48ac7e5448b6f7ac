"""Writing a file whole or not at all."""

import contextlib
import json
import os
import secrets
from pathlib import Path

from echo_studio.errors import OutputError
from echo_studio.types import Json

__all__ = ["check_writable", "write_bytes", "write_json"]


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path`; whoever looks sees the old file or the new one, never a part.

    Raises:
        OutputError: the folder does not exist, is not writable or is full. Nothing is left behind.
    """
    # Beside the target, because a rename is atomic only within one file system.
    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, ValueError) as error:
        raise _not_writable(path, error) from error
    finally:
        _remove(part)


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
