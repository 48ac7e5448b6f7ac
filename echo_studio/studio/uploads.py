"""What a person opens: a label map, a real recording to be labelled, or a copy of a project.

A real recording stays in memory for as long as its page needs it. Nothing of it is ever written: no
project, record or export holds real pixels, a file's name or what its header says.
"""

import contextlib
import re
import threading
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.data.decoding.decoded import MAX_FRAMES, Recording, Stored
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.image_file import read_stored
from echo_studio.data.formats.label_file import label_map_of
from echo_studio.errors import ImageError
from echo_studio.studio.sessions import choose_evictions

MAX_RECORDINGS = 4  # each may take 256 MiB
MOST_LABELS = 16  # values of a label map, with those of another program; speckle has a hundred
SOME = 1 << 18
MIX = np.array([1, 1 << 16, 1 << 32])  # makes one number of a colour
UNSAFE = re.compile(r"[^\w.() -]")


def safe_name(name: str) -> str:
    """The person's name for a file as a name that cannot lead out of a folder: messages tell it."""
    return UNSAFE.sub("_", Path(name.replace("\\", "/")).name)[-80:].lstrip(". ") or "file"


def read_upload(path: Path) -> LabelMap | Recording:
    """A label map where the file holds one, else the frames of a recording.

    What a file is, its numbers tell and not whether it is sound: labels with a fault are refused as such.

    Raises:
        EchoStudioError: neither of them; names the file and the cure.
    """
    found = None
    with contextlib.suppress(ImageError):  # the reader of recordings takes more kinds, and says what is wrong
        found = read_stored(path, MAX_FRAMES, alone=True)
    if found is not None and _holds_labels(found):
        return label_map_of(found, path)
    recording = read_recording(path)
    if int(recording.frames.max()) < MOST_LABELS:
        raise ImageError(
            expected="a frame that is not black, or a label map as PNG, NIfTI, MetaImage or NRRD",
            got=f"values 0 to {recording.frames.max()} in {path.name}",
            remedy="export it again with its grey levels, or save the label map as PNG",
        )
    return recording


def _holds_labels(found: Stored) -> bool:
    """The file says so; or it has fewer values or colours than any recording; or all lie where only ids do."""
    if str(found.note.get("schema", "")).startswith(SCHEMA.split("/", maxsplit=1)[0]):
        return True
    values = found.frames.ravel() if found.frames.ndim == 3 else found.frames[..., :3].astype(np.int64) @ MIX
    some = values[:: max(1, values.size // SOME)]
    few = len(np.unique(some)) <= MOST_LABELS and len(np.unique(values)) <= MOST_LABELS
    return few or bool(values.min() >= 0 and 1 < values.max() < MOST_LABELS)


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
