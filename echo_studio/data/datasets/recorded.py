"""Recordings in any of three layouts: EchoNet-Dynamic's, CAMUS's half sequences, or a folder of loops.

Every recording is one heartbeat of as many frames as are asked for, whatever its pace and length: see `heartbeat`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.data.datasets.camus import SPLITS, CamusFolder, camus_root
from echo_studio.data.datasets.camus_sequence import half_sequences, read_half_sequence
from echo_studio.data.datasets.echonet import EchonetFolder
from echo_studio.data.datasets.heartbeat import Heartbeat
from echo_studio.data.datasets.loops import LoopFolder, read_loop
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.types import GrayImage, LabelIds, Spacing, View

HELD_OUT = 10  # one loop in so many is for validation, where nobody made splits


@dataclass(frozen=True, eq=False)
class RecordedClip:
    """One recorded heartbeat with a label map for every frame.

    Attributes:
        clip, ids: uint8 (t, h, w), end diastole first.
        es: index of end systole.
        heart_rate: beats a minute, None where the recording does not tell.
    """

    view: View
    clip: GrayImage
    ids: LabelIds
    es: int
    spacing_mm: Spacing | None = None
    heart_rate: float | None = None

    def frame(self, k: int) -> LabelMap:
        return LabelMap(self.ids[k], self.spacing_mm)


# (split, frames, side) to the clips of a split, square.
RecordedClips = Callable[[str, int, int], Iterable[RecordedClip]]


@dataclass(frozen=True)
class RecordedFolder:
    """A folder of recordings, in whichever layout it is.

    Args:
        root: holds `FileList.csv`; or patients with half sequences; or recordings, in folders of any depth.
        view: of loops, whose files do not tell. EchoNet-Dynamic's are 4CH; half sequences have it in their names.
        split_folder: where CAMUS's `subgroup_*.txt` are, if not in its `database_split`.

    Raises:
        DataError: none of the three.
    """

    root: Path
    view: View = "4CH"
    split_folder: Path | None = None

    def __post_init__(self) -> None:
        self.recordings("training")

    @property
    def layout(self) -> str:
        """`EchoNet-Dynamic`, `CAMUS half sequences` or `loops`."""
        return self._layout[0]

    @cached_property
    def _layout(self) -> tuple[str, EchonetFolder | CamusFolder | LoopFolder]:
        if any((root / "FileList.csv").is_file() for root in (self.root, self.root / "EchoNet-Dynamic")):
            return "EchoNet-Dynamic", EchonetFolder(self.root, lenient=True)
        if camus_root(self.root) is not None:
            folder = CamusFolder(self.root, self.split_folder)
            if half_sequences(folder):
                return "CAMUS half sequences", folder
        return "loops", LoopFolder(self.root)

    def recordings(self, split: str) -> list[tuple[str, View, Callable[[int], Heartbeat]]]:
        """Name, view and reader (of a number of frames) of every recording of a split.

        Splits are the data set's own. Of loops every tenth, from the second on, is for validation, and none for
        testing.

        Raises:
            UnknownNameError: no such split.
            DataError: tables or split files are missing or faulty.
        """
        if split not in SPLITS:
            raise UnknownNameError("split", split, SPLITS)
        _, folder = self._layout
        if isinstance(folder, EchonetFolder):
            names = [video.name for video in folder.videos.values() if video.split == split]
            return [(name, "4CH", partial(folder.read, name)) for name in names]
        if isinstance(folder, CamusFolder):
            listed = set(folder.split(split))
            return [
                (f"{patient}_{view}", view, partial(read_half_sequence, folder, patient, view))
                for patient, view in half_sequences(folder)
                if patient in listed
            ]
        held_out = folder.paths[1::HELD_OUT]
        paths = {
            "training": [path for path in folder.paths if path not in held_out],
            "validation": held_out,
            "testing": [],
        }
        return [(str(path.relative_to(self.root)), self.view, partial(read_loop, path)) for path in paths[split]]


def from_end_diastole(clip: RecordedClip) -> RecordedClip:
    """A closed heartbeat turned so that the frame with the largest cavity comes first; ES where it is smallest.

    Raises:
        DataError: no cavity in half of the frames or more, or one that does not get smaller.
    """
    areas = (clip.ids == LV_CAVITY).sum(axis=(1, 2))
    if (areas > 0).mean() < 0.5 or areas.min() == areas.max():
        raise DataError(
            expected="a ventricle that beats", got=f"{int((areas > 0).sum())} of {len(areas)} frames with one",
            remedy="leave this recording out",
        )  # fmt: skip
    first = int(areas.argmax())
    turned = np.roll(areas, -first)
    return RecordedClip(
        clip.view,
        np.roll(clip.clip, -first, axis=0),
        np.roll(clip.ids, -first, axis=0),
        1 + int(turned[1:].argmin()),
        clip.spacing_mm,
        clip.heart_rate,
    )
