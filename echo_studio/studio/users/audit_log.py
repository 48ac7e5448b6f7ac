"""The audit log: a file that only grows, one JSON line for each login and each export."""

import hashlib
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from echo_studio.data.atomic import sync_folder
from echo_studio.errors import OutputError, raised_as
from echo_studio.types import Json

__all__ = ["AUDIT_LOG", "AuditLog", "folder_sha256"]

AUDIT_LOG = "audit.jsonl"


def folder_sha256(folder: Path) -> tuple[str, int]:
    """One hash for the names and contents of all files below a folder, and their bytes together.

    It is that of the text which `sha256sum` prints for them in the order of their names, seen from the folder.
    """
    digest, size = hashlib.sha256(), 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{found}  {path.relative_to(folder).as_posix()}\n".encode())
        size += path.stat().st_size
    return digest.hexdigest(), size


class AuditLog:
    """The log in the file at `path`, which is made with the first line and is read by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def write(self, act: str, user: str, **details: Json | str | int) -> None:
        """Add a line; it is on the disk when this returns.

        Args:
            act: what was done: login, refused, logout, export.
            user: who did it, "" where there is no login.
            details: what else is worth knowing, such as `what` and `sha256` of an export.

        Raises:
            OutputError: the line could not be written.
        """
        line = json.dumps(
            {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "user": user, "act": act} | details
        )
        expected = f"an audit file {self.path.name} that can be written"
        remedy = "whoever runs the studio has to free the disk"
        with self._lock, raised_as(OutputError, OSError, expected=expected, remedy=remedy):
            new = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # One write: lines of several servers do not mix.
                os.write(handle, f"{line}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
            if new:
                sync_folder(self.path.parent)

    def write_export(self, user: str, project: str, what: str, folder: Path) -> None:
        """Add the line of an export that fills a folder.

        Raises:
            OutputError: see `write`.
        """
        sha256, size = folder_sha256(folder)
        self.write("export", user, project=project, what=what, file=folder.name, bytes=size, sha256=sha256)
