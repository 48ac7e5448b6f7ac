"""The index of a set that is being made: which samples are finished, with their hashes. It only ever grows.

A line is one batch: `{"batch": 3, "samples": {ID: sha256}, "set_aside": {ID: reason}}`. It is written after the samples
have their names, and it is what counts: a sample that no line names is made again. A line that a crash or a full disk
cut short is passed over, and what follows it begins on a line of its own.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from echo_studio.data.atomic import sync_folder
from echo_studio.errors import OutputError

__all__ = ["Index", "Made", "RESUME", "files_sha256", "read_made"]

SHA256 = re.compile(r"[0-9a-f]{64}")
RESUME = "make room or mend the place, then run the same command again: it goes on where it stopped"


@dataclass(frozen=True)
class Made:
    """A finished batch.

    Attributes:
        batch: its number, from 0.
        samples: sha256 by id, see `files_sha256`.
        set_aside: why a sample cannot be made, by id: its defect does not fit its heart.
    """

    batch: int
    samples: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)


class Index:
    """The index at `path`, which need not exist yet. One process writes it: the one that holds the set's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[Made]:
        """Every whole line, in the order of writing.

        Raises:
            OutputError: the file is there and cannot be read.
        """
        try:
            with self.path.open("rb") as lines:
                yield from (made for line in lines if (made := read_made(line)) is not None)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._fault(error) from error

    def since(self, offset: int) -> tuple[list[Made], int]:
        """The whole lines after `offset` bytes, and where they end: what is new since the last look.

        Raises:
            OutputError: the file is there and cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                told = file.read()
        except FileNotFoundError:
            return [], offset
        except OSError as error:
            raise self._fault(error) from error
        whole = told.rfind(b"\n") + 1
        lines = told[:whole].splitlines()
        return [made for line in lines if (made := read_made(line)) is not None], offset + whole

    def append(self, made: Made) -> None:
        """Add a batch; when this returns, the line and the names of its samples are on the disk.

        Raises:
            OutputError: the disk is full, or the file cannot be written. What was there stays good.
        """
        line = json.dumps(asdict(made)).encode() + b"\n"
        try:
            sync_folder(self.path.parent)
            with self.path.open("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    line = line if file.read(1) == b"\n" else b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._fault(error) from error

    def sha256(self) -> str:
        """One hash for the whole set: of its samples' ids and hashes, whatever the order in which they were made."""
        hashes = {name: digest for made in self for name, digest in made.samples.items()}
        digest = hashlib.sha256()
        for name in sorted(hashes):
            digest.update(f"{name} {hashes[name]}\n".encode())
        return digest.hexdigest()

    def _fault(self, error: OSError) -> OutputError:
        return OutputError(
            expected=f"a place where {self.path} can be kept", got=error.strerror or str(error), remedy=RESUME
        )


def files_sha256(files: Mapping[str, bytes]) -> str:
    """sha256 of a sample: of the names, sizes and bytes of its files."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def read_made(line: bytes) -> Made | None:
    """The batch of a line; None where it is not whole."""
    try:
        made = Made(**json.loads(line))
        whole = isinstance(made.batch, int) and all(SHA256.fullmatch(digest) for digest in made.samples.values())
        return made if whole and isinstance(made.set_aside, dict) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
