"""The folder of a set that is being made.

    SET/manifest.jsonl   what it is made of, see `manifest`
    SET/maps/NAME.png    the label maps, 256 x 256: the set needs nothing from where they came
    SET/index.jsonl      which samples are finished, with their hashes; it only ever grows
    SET/s0000000/        the samples, in the studio's own format, see `pairs`

A hidden folder is a sample being written, and goes with the next run.

A line of the index is one batch: `{"batch": 3, "samples": {ID: sha256}, "set_aside": {ID: reason}}`. It is written
after the samples have their names, and it is what counts: a sample that no line names is made again. A line that a
crash or a full disk cut short is passed over, and what follows it begins on a line of its own.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.atomic import sync_folder, write_folder, write_lines
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.data.lock import FileLock
from echo_studio.dataset.build.manifest import MANIFEST_FORMAT, Item, SetRequest
from echo_studio.errors import DataError, OutputError, raised_as
from echo_studio.types import Json

SHA256 = re.compile(r"[0-9a-f]{64}")
RESUME = "make room or mend the place, then run the same command again: it goes on where it stopped"
MANIFEST, INDEX, MAPS, LOCK, JOBS = "manifest.jsonl", "index.jsonl", "maps", ".lock", ".jobs"
LEFT_OVER = "[.]*.tmp"
KEPT = 16  # label maps


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
        return iter(self.since(0)[0])

    def since(self, offset: int) -> tuple[list[Made], int]:
        """The whole lines after `offset` bytes, and where they end: what is new since the last look.

        Raises:
            OutputError: the file is there and cannot be read.
        """
        found = []
        with self._kept(), suppress(FileNotFoundError), self.path.open("rb") as lines:
            lines.seek(offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                offset += len(line)
                if (made := read_made(line)) is not None:
                    found.append(made)
        return found, offset

    def append(self, made: Made) -> None:
        """Add a batch; when this returns, the line and the names of its samples are on the disk.

        Raises:
            OutputError: the disk is full, or the file cannot be written. What was there stays good.
        """
        line = json.dumps(asdict(made)).encode() + b"\n"
        with self._kept():
            sync_folder(self.path.parent)
            with self.path.open("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    line = line if file.read(1) == b"\n" else b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def sha256(self) -> str:
        """One hash for the whole set: of its samples' ids and hashes, whatever the order in which they were made."""
        hashes = {name: digest for made in self for name, digest in made.samples.items()}
        digest = hashlib.sha256()
        for name in sorted(hashes):
            digest.update(f"{name} {hashes[name]}\n".encode())
        return digest.hexdigest()

    def _kept(self) -> AbstractContextManager[None]:
        return raised_as(OutputError, OSError, expected=f"a place where {self.path} can be kept", remedy=RESUME)


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


@dataclass(frozen=True)
class SetFolder:
    """A set on the disk, begun or not."""

    root: Path

    @property
    def where(self) -> Path | str:
        """What `stored_set.set_at` takes."""
        return self.root

    @property
    def jobs(self) -> Path:
        """Where a cluster's jobs leave what they have to say."""
        return self.root / JOBS

    @property
    def index(self) -> Index:
        return Index(self.root / INDEX)

    @property
    def begun(self) -> bool:
        return (self.root / MANIFEST).is_file()

    @cached_property
    def header(self) -> Json:
        """The first line of the manifest.

        Raises:
            DataError: there is no manifest, or another format's.
        """
        with _no_manifest(self.where), (self.root / MANIFEST).open("rb") as lines:
            return header_from(lines.readline(), self.where)

    @cached_property
    def _bases(self) -> dict[int, LabelMap]:
        return {}

    def base(self, number: int) -> LabelMap:
        """A label map of the manifest; the last few stay in memory.

        Raises:
            DataError, ImageError, LabelMapError: it is missing or has been changed.
        """
        if number in self._bases:
            return self._bases[number]
        about = self.header["maps"][number]
        label_map = read_label_map(self.root / MAPS / f"{about['name']}.png")
        if label_map.digest != about["sha256"]:
            raise DataError(
                expected=f"the label map {about['name']} with sha256 {about['sha256'][:12]}...",
                got=f"{label_map.digest[:12]}...",
                remedy=f"put the map of the manifest back into {self.root / MAPS}",
            )
        if len(self._bases) >= KEPT:
            self._bases.clear()
        return self._bases.setdefault(number, label_map)

    def check(self, request: SetRequest) -> None:
        """Refuse a folder that holds something else than this request's set.

        Raises:
            DataError: a set of another request.
            OutputError: other files.
        """
        if self.begun:
            wanted = request.header(self.header.get("deformation"), self.header["schema"])
            differs = next((key for key in wanted if wanted[key] != self.header.get(key)), None)
            if differs is not None:
                if missing := _other_weights(self.header, wanted):
                    raise DataError(
                        expected=f"the weights with which {self.where} was begun: {', '.join(missing)}",
                        got="others of these names",
                        remedy="bring them back by `echo-studio import-model`, or begin a new set in another folder",
                    )
                raise DataError(
                    expected=f"{self.where} as it was begun with {differs} {_short(self.header.get(differs))}",
                    got=_short(wanted[differs]),
                    remedy="give the same options, or name another folder",
                )
        elif any(name not in (MAPS, LOCK) for name in self._shown()):
            raise OutputError(
                expected=f"a new or an empty folder {self.where}", got="one with files in it", remedy="name another"
            )

    @contextmanager
    def begin(self, request: SetRequest) -> Iterator[None]:
        """Hold the folder for the block, with the request's manifest and maps in it.

        Raises:
            BusyError: another run holds it.
            DataError, OutputError: see `check`, or it cannot be written.
        """
        self.check(request)
        with raised_as(OutputError, OSError, expected=f"a folder at {self.root}", remedy="name another"):
            (self.root / MAPS).mkdir(parents=True, exist_ok=True)
        with self.held():
            if not self.begun:
                for one in request.maps:
                    write_label_map(self.root / MAPS / f"{one.name}.png", one.label_map)
                write_lines(self.root / MANIFEST, request.lines())  # last: with it the set is begun
            yield

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder of a set for the block, and clear away what crashes left, also those of the block's workers.

        Raises:
            BusyError: another run holds it.
        """
        lock = FileLock.of(self.root / LOCK, f"set {self.root}")
        try:
            self._clear()
            yield
            self._clear()
        finally:
            lock.release()

    def _clear(self) -> None:
        for part in self.root.glob(LEFT_OVER):
            shutil.rmtree(part, ignore_errors=True)

    def batches(self) -> Iterator[tuple[int, list[Item]]]:
        """Number and samples of every batch: neighbours of one generator, as many as the manifest says."""
        with (self.root / MANIFEST).open(encoding="utf-8") as lines:
            next(lines)
            yield from in_batches((Item.of(line) for line in lines), self.header["batch"])

    def finished(self) -> set[int]:
        """The batches of which every sample is there or set aside."""
        names = {entry.name for entry in os.scandir(self.root)} if self.begun else set()
        return {made.batch for made in self.index if made.samples.keys() <= names}

    def keep(self, sample: str, files: Mapping[str, bytes]) -> None:
        """Put the files of a sample into their place, all or none.

        Raises:
            OutputError: it cannot be written; no half sample is left behind.
        """
        place = self.root / sample
        with raised_as(OutputError, OSError, OutputError, expected=f"a place for {place}", remedy=RESUME):
            if place.exists():  # renamed, but not in the index: what it holds is not known
                shutil.rmtree(place)
            try:
                write_folder(place, files)
            except OutputError:
                if not place.exists():
                    raise
                # A worker that outlives its killed driver was quicker: its files are the same, but nobody says so.
                shutil.rmtree(place)
                write_folder(place, files)

    def free_bytes(self) -> int | None:
        """Room for more, where it can be known; the folder need not exist yet."""
        path = self.root.absolute()
        return shutil.disk_usage(next(place for place in (path, *path.parents) if place.is_dir())).free

    def count(self) -> dict[str, int]:
        """How many `samples` are finished, and how many are `set_aside` because they cannot be made."""
        samples = {name for made in self.index for name in made.samples}
        return {"samples": len(samples), "set_aside": len({name for made in self.index for name in made.set_aside})}

    def _shown(self) -> Iterator[str]:
        places = self.root.iterdir() if self.root.is_dir() else iter(())
        return (path.name for path in places if not path.match(LEFT_OVER))


def header_from(line: bytes, where: Path | str) -> Json:
    """The header of a manifest.

    Raises:
        DataError: the line is no header, or one of another format.
    """
    with _no_manifest(where):
        header = json.loads(line)
        if header["format"] != MANIFEST_FORMAT:
            raise ValueError(f"{header['format']}")
        return dict(header)


def _no_manifest(where: Path | str) -> AbstractContextManager[None]:
    causes = OSError, ValueError, KeyError, TypeError, RecursionError
    expected = f"a manifest {MANIFEST_FORMAT} in {where}"
    return raised_as(DataError, *causes, expected=expected, remedy="name another folder")


def in_batches(items: Iterator[Item], size: int) -> Iterator[tuple[int, list[Item]]]:
    """Number and samples of every batch."""
    number, batch = 0, list[Item]()
    for item in items:
        if batch and (len(batch) == size or item.how != batch[0].how):
            yield number, batch
            number, batch = number + 1, []
        batch.append(item)
    if batch:
        yield number, batch


def _other_weights(begun: Json, wanted: Json) -> list[str]:
    """Checkpoints, as `name sha256`, that have other weights by now; empty where the headers differ in more."""

    def without_weights(header: Json) -> Json:
        return {
            **header,
            "generators": [{**one, "checkpoints": sorted(one["checkpoints"])} for one in header["generators"]],
        }

    if without_weights({key: begun.get(key) for key in wanted}) != without_weights(wanted):
        return []
    pairs = zip(begun["generators"], wanted["generators"], strict=True)
    changed = {
        f"{name} {sha256[:12]}"
        for old, new in pairs
        for name, sha256 in old["checkpoints"].items()
        if new["checkpoints"][name] != sha256
    }
    return sorted(changed)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
