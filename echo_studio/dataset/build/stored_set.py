"""A set on an object store that fsspec knows (s3://, gs://, az://, memory://). Needs the extra `cluster`.

    URL/manifest.jsonl, URL/maps/NAME.png, URL/ID/...   as in a folder, see `set_folder`
    URL/index/0000003.json                              one object a batch: the line that a folder's index has

Stores know no renaming, no appending and no lock, but an object is put whole. So a sample's files are put under their
names, and the batch's object last: it alone counts, and what no such object names is made again over what is there.
Two runs at once waste work and break nothing, since both put the same bytes.
"""

import hashlib
import json
import shutil
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.dataset.build.manifest import SetRequest
from echo_studio.dataset.build.set_folder import MANIFEST, MAPS, RESUME, Index, Made, SetFolder, header_from, read_made
from echo_studio.dataset.extras import need
from echo_studio.errors import OutputError, raised_as
from echo_studio.types import Json

INDEX = "index"
BLOCK = 1 << 20  # bytes in one request
AT_ONCE = 1000  # objects


def set_at(place: Path | str) -> SetFolder:
    """The set in a folder, or behind a URL such as s3://bucket/name; `file://` is a folder.

    Raises:
        OutputError: fsspec does not know the kind of URL, or lacks a library for it.
    """
    scheme, is_url, rest = str(place).partition("://")
    if not is_url or scheme == "file":
        return SetFolder(Path(rest if is_url else place))
    root = Path(mkdtemp(prefix="echo-studio-"))
    stored = StoredSet(root, f"{scheme}://{rest.rstrip('/')}")
    weakref.finalize(stored, shutil.rmtree, root, ignore_errors=True)
    return stored


@contextmanager
def read_here(place: str) -> Iterator[Path]:
    """The folder of a finished set; of one on a store a copy of its samples, which goes with the block.

    Raises:
        OutputError: the store does not answer.
    """
    one = set_at(place)
    if isinstance(one, StoredSet):
        one.store.fetch({name for made in one.index for name in made.samples}, one.root)
    yield one.root


@dataclass(frozen=True)
class Store:
    """Objects below a URL. Whatever a store raises becomes an error of one line."""

    url: str

    def get(self, names: list[str]) -> dict[str, bytes]:
        """What these objects hold; those that are gone are left out."""
        with self._asked() as (filesystem, path):
            found = filesystem.cat([f"{path}/{name}" for name in names], on_error="omit") if names else {}
            return {key.removeprefix(f"{path}/"): data for key, data in found.items()}

    def first_line(self, name: str) -> bytes:
        """Without the rest of the object; nothing where there is no such object."""
        with self._asked() as (filesystem, path):
            with suppress(FileNotFoundError), filesystem.open(f"{path}/{name}", block_size=BLOCK) as file:
                return bytes(file.readline().rstrip(b"\n"))
            return b""

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Each object whole."""
        with self._asked() as (filesystem, path):
            filesystem.pipe({f"{path}/{name}": data for name, data in contents.items()})

    def put_file(self, name: str, source: Path) -> None:
        """The same from a file that may be too large for the memory."""
        with self._asked() as (filesystem, path):
            filesystem.put_file(str(source), f"{path}/{name}")

    def fetch(self, folders: set[str], into: Path) -> None:
        """Copies of what lies directly in these folders."""
        with self._asked() as (filesystem, path):
            found = {}
            for place in filesystem.find(path):
                folder, _, name = place.removeprefix(f"{path}/").partition("/")
                if folder in folders and not folder.startswith(".") and "/" not in name:
                    found[place] = str(into / folder / name)
            filesystem.get(list(found), list(found.values()))

    def names(self, folder: str = "") -> list[str]:
        """Of what lies directly in a folder, in order."""
        with self._asked() as (filesystem, path):
            where = f"{path}/{folder}".rstrip("/")
            filesystem.invalidate_cache(where)
            with suppress(FileNotFoundError):
                return sorted(one.rstrip("/").rpartition("/")[2] for one in filesystem.ls(where, detail=False))
            return []

    @contextmanager
    def _asked(self) -> Iterator[tuple[Any, str]]:
        """The file system and the path in it; what a store raises becomes an error of ours."""
        expected = f"a store that answers at {self.url}"
        with raised_as(OutputError, Exception, expected=expected, remedy=RESUME):  # every store has errors of its own
            filesystem, path = need("fsspec", "cluster").core.url_to_fs(self.url)
            yield filesystem, path.rstrip("/")


class StoredIndex(Index):
    """The index of a set on a store. Each object is read once."""

    def __init__(self, store: Store) -> None:
        super().__init__(Path(INDEX))
        self.store = store
        self._known: dict[str, Made] = {}

    def __iter__(self) -> Iterator[Made]:
        names = [f"{INDEX}/{name}" for name in self.store.names(INDEX)]
        unknown = [name for name in names if name not in self._known]
        for start in range(0, len(unknown), AT_ONCE):
            for name, line in self.store.get(unknown[start : start + AT_ONCE]).items():
                made = read_made(line)
                if made is not None:
                    self._known[name] = made
        yield from (self._known[name] for name in names if name in self._known)

    def append(self, made: Made) -> None:
        name = f"{INDEX}/{made.batch:07d}.json"
        self.store.put({name: json.dumps(asdict(made)).encode()})
        self._known[name] = made


@dataclass(frozen=True)
class StoredSet(SetFolder):
    """A `SetFolder` whose `root` is a copy of manifest and maps that this process alone uses, and goes with it."""

    url: str

    @cached_property
    def store(self) -> Store:
        return Store(self.url)

    @property
    def where(self) -> str:
        return self.url

    @property
    def jobs(self) -> Path:
        return Path.cwd() / f".jobs-{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"

    @cached_property
    def index(self) -> Index:
        return StoredIndex(self.store)

    @property
    def begun(self) -> bool:
        return bool(self.store.first_line(MANIFEST))

    @cached_property
    def header(self) -> Json:
        return header_from(self.store.first_line(MANIFEST), self.url)

    def base(self, number: int) -> LabelMap:
        name = f"{MAPS}/{self.header['maps'][number]['name']}.png"
        copy = self.root / name
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            for data in self.store.get([name]).values():
                copy.write_bytes(data)
        return super().base(number)

    @contextmanager
    def begin(self, request: SetRequest) -> Iterator[None]:
        """As `SetFolder.begin`, without its lock."""
        begun = self.begun
        self.check(request)
        with SetFolder(self.root).begin(request):  # the copy: the manifest is a function of the request
            if not begun:
                maps = (self.root / MAPS).iterdir()
                self.store.put({f"{MAPS}/{path.name}": path.read_bytes() for path in maps})
                self.store.put_file(MANIFEST, self.root / MANIFEST)  # last: with it the set is begun
            yield

    def finished(self) -> set[int]:
        """The batches that have their object; it was put after the samples."""
        return {made.batch for made in self.index}

    def keep(self, sample: str, files: Mapping[str, bytes]) -> None:
        self.store.put({f"{sample}/{name}": data for name, data in files.items()})

    def free_bytes(self) -> None:
        return None

    def _shown(self) -> Iterator[str]:
        return iter(self.store.names())
