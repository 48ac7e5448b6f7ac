"""What a person opens: a label map, a real recording to be labelled, or a copy of a project.

A real recording stays in memory for as long as its page needs it. Nothing of it is ever written: no
project, record or export holds real pixels, a file's name or what its header says.
"""

import re
import threading
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABELS, SCHEMA
from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.image_file import SUFFIXES, read_noted, suffix_of
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.errors import EchoStudioError
from echo_studio.studio.sessions import choose_evictions

MAX_RECORDINGS = 4  # each may take 256 MiB
UNSAFE = re.compile(r"[^\w.() -]")


def safe_name(name: str) -> str:
    """The person's name for a file as a name that cannot lead out of a folder: messages tell it."""
    return UNSAFE.sub("_", Path(name.replace("\\", "/")).name)[-80:].lstrip(". ") or "file"


def read_upload(path: Path) -> LabelMap | Recording:
    """A label map where the file holds one, else the frames of a recording.

    Raises:
        EchoStudioError: neither of them; names the file and the cure.
    """
    return read_label_map(path) if _holds_labels(path) else read_recording(path)


def _holds_labels(path: Path) -> bool:
    """The file says so, or has no other values than label ids."""
    if suffix_of(path) not in SUFFIXES:
        return False
    try:
        ids, _, note = read_noted(path)
    except EchoStudioError:
        return False  # the reader of recordings takes more kinds, and says what is wrong where it takes none
    return str(note.get("schema", "")).startswith(SCHEMA.split("/", maxsplit=1)[0]) or bool(np.all(ids < len(LABELS)))


class Recordings:
    """The recordings that pages work on, by token; where there are too many, the oldest of whoever has most goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[str, tuple[str, Recording]] = {}  # with the owner

    def put(self, token: str, owner: str, recording: Recording) -> None:
        with self._lock:
            self._by_token.pop(token, None)
            self._by_token[token] = (owner, recording)
            for other in choose_evictions({key: kept[0] for key, kept in self._by_token.items()}, MAX_RECORDINGS):
                del self._by_token[other]

    def get(self, token: str) -> Recording | None:
        with self._lock:
            return self._by_token[token][1] if token in self._by_token else None

    def drop(self, token: str) -> None:
        with self._lock:
            self._by_token.pop(token, None)
