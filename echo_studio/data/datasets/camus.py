"""The CAMUS data set (Leclerc et al., IEEE TMI 38(9), 2019), read from its official layout.

The layout:

    ROOT/patient0001/patient0001_4CH_ED.nii.gz      the frame (.nii.gz, .nii, .mhd or .png)
    ROOT/patient0001/patient0001_4CH_ED_gt.nii.gz   its labels 0 to 3
    ROOT/patient0001/Info_4CH.cfg                   optional: image quality, EF, ...
    ROOT/database_split/subgroup_training.txt       optional: one patient a line
    ROOT/frames.csv                                 optional: spacing, for containers that hold none
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.datasets.table import Row, read_rows
from echo_studio.data.formats.folder import named_in
from echo_studio.data.formats.image_file import SUFFIXES, read_gray
from echo_studio.data.formats.pair_file import read_pair
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.types import PHASES, VIEWS, GrayImage, Phase, Spacing, View

FRAME_COLUMNS = ("patient", "view", "phase", "spacing_x_mm", "spacing_y_mm")
SPLITS = ("training", "validation", "testing")
PATIENT = re.compile(r"patient\d{4,}")


@dataclass(frozen=True, order=True)
class FrameId:
    """Names one frame of the data set."""

    patient: str
    view: View
    phase: Phase

    @property
    def stem(self) -> str:
        """CAMUS's file name without its suffix, e.g. `patient0001_4CH_ED`."""
        return f"{self.patient}_{self.view}_{self.phase}"


@dataclass(frozen=True)
class CamusFrame:
    """One frame with its labels.

    Attributes:
        frame_id: patient, view and phase.
        image: uint8 (h, w).
        label_map: the same (h, w), with the sector as label 4 and the spacing where it is known.
        info: `Info_*.cfg` as read, empty if there is none.
    """

    frame_id: FrameId
    image: GrayImage
    label_map: LabelMap
    info: dict[str, str] = field(default_factory=dict)


def camus_root(folder: Path) -> Path | None:
    """The folder with the patients: this one, or one below it, as archives are unpacked; None if there is none."""
    below = [path for path in (folder, folder / "database_nifti") if path.is_dir()]
    if folder.is_dir():
        below += [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
        below += [path / "database_nifti" for path in below[1:]]
    return next((path for path in below if _has_patients(path)), None)


def _has_patients(folder: Path) -> bool:
    return folder.is_dir() and any(PATIENT.fullmatch(entry.name) and entry.is_dir() for entry in folder.iterdir())


@dataclass(frozen=True)
class CamusFolder:
    """A folder in CAMUS's layout.

    Args:
        root: the folder that holds `patientXXXX/`, or one above it such as `CAMUS_public/`.
        split_folder: where `subgroup_*.txt` are, if not in `root/database_split`.

    Raises:
        DataError: the folder does not exist or holds no patient.
    """

    root: Path
    split_folder: Path | None = None

    def __post_init__(self) -> None:
        found = camus_root(self.root)
        if found is not None:
            object.__setattr__(self, "root", found)
            return
        raise DataError(
            expected="a folder in CAMUS's layout (patientXXXX/patientXXXX_4CH_ED.nii.gz)",
            got=f"{self.root}, which {'holds no patient' if self.root.is_dir() else 'is no folder'}",
            remedy="give the folder that holds the patient folders",
        )

    @cached_property
    def patients(self) -> list[str]:
        """All patient folders, in order."""
        return sorted(p.name for p in self.root.iterdir() if p.is_dir() and PATIENT.fullmatch(p.name))

    def split(self, name: str) -> list[str]:
        """The patients of `training`, `validation` or `testing`, as the split file lists them.

        Raises:
            UnknownNameError: another name.
            DataError: no split file, or it lists a patient that the folder does not hold.
        """
        if name not in SPLITS:
            raise UnknownNameError("split", name, SPLITS)
        path = self.split_path(name)
        if path is None:
            raise DataError(
                expected=f"subgroup_{name}.txt in {self.root / 'database_split'}",
                got="no such file",
                remedy="copy CAMUS's database_split folder there, or write one patient a line",
            )
        listed = self.listed(path)
        missing = sorted(set(listed) - set(self.patients))
        if missing:
            raise DataError(
                expected=f"every patient of {path.name} in {self.root}",
                got=f"{len(missing)} missing ({', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''})",
                remedy="download them or take them off the list",
            )
        return listed

    def split_path(self, name: str) -> Path | None:
        """The file that lists the patients of a split; None if there is none."""
        folders = [self.split_folder] if self.split_folder else [self.root, self.root.parent]
        file_name = f"subgroup_{name}.txt"
        candidates = [
            path for folder in folders for path in (folder / "database_split" / file_name, folder / file_name)
        ]
        return next((path for path in candidates if path.is_file()), None)

    @staticmethod
    def listed(path: Path) -> list[str]:
        """The patients that a split file lists, whether the folder holds them or not.

        Raises:
            DataError: it cannot be read as text.
        """
        try:
            return path.read_text(encoding="utf-8-sig").split()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(
                expected=f"one patient a line in {path}", got=str(error), remedy="write it again as plain text"
            ) from error

    def frame_ids(self, patients: list[str] | None = None) -> list[FrameId]:
        """The frames that exist (image and labels) of the given patients, of all by default."""
        return [
            frame_id
            for patient in (self.patients if patients is None else patients)
            for view in VIEWS
            for phase in PHASES
            if self.path(frame_id := FrameId(patient, view, phase)) and self.path(frame_id, "_gt")
        ]

    def path(self, frame_id: FrameId, suffix: str = "") -> Path | None:
        """The file of a frame (`_gt` for its labels), whatever its container; None if there is none."""
        return self.file(frame_id.patient, f"{frame_id.stem}{suffix}", SUFFIXES)

    def file(self, patient: str, stem: str, suffixes: Sequence[str]) -> Path | None:
        """The file of a patient with that stem and the first of these suffixes; None if there is none."""
        places = (named_in(self.root / patient, f"{stem}{end}") for end in suffixes)
        return next((path for path in places if path), None)

    def read(self, frame_id: FrameId) -> CamusFrame:
        """Read one frame.

        Raises:
            DataError: the pair is not complete, or image and labels differ in size or place.
            ImageError, LabelMapError: a file cannot be read or holds unknown values.
        """
        image_path, label_path = self.path(frame_id), self.path(frame_id, "_gt")
        if image_path is None or label_path is None:
            raise DataError(
                expected=f"{frame_id.stem} and {frame_id.stem}_gt in {self.root / frame_id.patient}",
                got="no image" if image_path is None else "no labels",
                remedy="run `echo-studio check-data` on the folder",
            )
        images, labelled, spacing = read_pair(image_path, label_path)
        image, ids = images[0], labelled[0]
        known = spacing or self.listed_spacing.get(frame_id)
        labels = LabelMap(ids, known)
        if SECTOR not in ids:
            labels = LabelMap(with_sector(labels.ids, sector_of_image(image)), known)
        return CamusFrame(frame_id, image, labels, self.info(frame_id.patient, frame_id.view))

    def read_image(self, frame_id: FrameId) -> GrayImage:
        """The image of a frame alone, uint8 (h, w): no labels are read and no sector is sought.

        Raises:
            DataError: there is none.
            ImageError: it cannot be read.
        """
        path = self.path(frame_id)
        if path is None:
            raise DataError(
                expected=f"{frame_id.stem} in {self.root / frame_id.patient}", got="no image", remedy="check the folder"
            )
        return read_gray(path)[0]

    def info(self, patient: str, view: View) -> dict[str, str]:
        """`Info_2CH.cfg` or `Info_4CH.cfg` of a patient as read, empty if there is none."""
        path = self.root / patient / f"Info_{view}.cfg"
        if not path.is_file():
            return {}
        pairs = (
            line.split(":", 1)
            for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
            if ":" in line
        )
        return {key.strip(): value.strip() for key, value in pairs}

    @cached_property
    def listed_spacing(self) -> dict[FrameId, Spacing]:
        """Spacing (y, x) in mm of the frames for which `frames.csv` has one; empty without that file.

        Raises:
            DataError: `frames.csv` lacks a column or has a spacing that is no number.
        """
        path = self.root / "frames.csv"
        return dict(read_rows(path, FRAME_COLUMNS, spacing_row)) if path.is_file() else {}


def spacing_row(row: Row) -> tuple[FrameId, Spacing] | None:
    """Frame and spacing (y, x) in mm of a row of frames.csv; None where it has none."""
    if not row["spacing_x_mm"] or row["view"] not in VIEWS or row["phase"] not in PHASES:
        return None
    spacing = float(row["spacing_y_mm"]), float(row["spacing_x_mm"])
    if not all(0 < side < math.inf for side in spacing):
        raise ValueError(f"a spacing of {spacing}")
    return FrameId(row["patient"], row["view"], row["phase"]), spacing


def held_out(data: CamusFolder, split: str) -> list[FrameId]:
    """The frames of a split, none of whose patients is in the training split.

    Raises:
        DataError: the training split itself, a patient in both, or no frame.
        UnknownNameError: no split of that name.
    """
    patients = data.split(split)
    both = sorted(set(patients) & set(data.split("training")))
    if both:
        raise DataError(
            expected="a split of patients whom no network was trained on",
            got=f"{', '.join(both[:3])}{', ...' if len(both) > 3 else ''} in {split} and in training",
            remedy="take them off one of the lists or name another split",
        )
    frame_ids = data.frame_ids(patients)
    if not frame_ids:
        raise DataError(expected=f"frames with labels in the {split} split", got="none", remedy="check the folder")
    return frame_ids
