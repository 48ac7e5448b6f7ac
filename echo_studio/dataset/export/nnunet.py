"""A set as an nnU-Net v2 raw data set (Isensee et al., Nature Methods 18, 2021), in 2D NIfTI.

    DatasetNNN_Name/dataset.json
    DatasetNNN_Name/imagesTr/ID_0000.nii.gz  labelsTr/ID.nii.gz     training and validation
    DatasetNNN_Name/imagesTs/ID_0000.nii.gz  labelsTs/ID.nii.gz     testing
    DatasetNNN_Name/splits_final.json        the one fold; nnU-Net reads it from its folder of preprocessed data

The ids are those of camus+sector/2, the sector too: nnU-Net asks for consecutive ones with 0 as background.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from echo_studio.anatomy.labels import LABEL_COUNTS, LABELS, OUTSIDE, SCHEMA, SCHEMA_2
from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import read_noted
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.sample import Listed, Pixels, SetSample, header_of
from echo_studio.dataset.split import SPLITS, Split
from echo_studio.errors import OutputError

NIFTI = Path("frame.nii.gz")  # only its suffix counts
NAME = re.compile(r"Dataset[0-9]{3}_[A-Za-z0-9_-]+")
CHANNEL = "_0000.nii.gz"
FOLDERS: dict[Split, str] = {"training": "Tr", "validation": "Tr", "testing": "Ts"}


def check_nnunet_name(folder: Path) -> None:
    """Raise OutputError where a folder has a name under which nnU-Net would not find it."""
    if NAME.fullmatch(folder.name) is None:
        raise OutputError(
            expected="a folder named as nnU-Net asks, Dataset and three digits, as in Dataset501_Echo",
            got=folder.name,
            remedy="name it so, inside the folder nnUNet_raw",
        )


def write_nnunet(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with frames, one case each; clips are refused before, see `export.FORMATS`."""
    cases: dict[Split, list[str]] = {split: [] for split in SPLITS}
    schema = SCHEMA
    for split, sample in samples:
        images, labels = (folder / f"{kind}{FOLDERS[split]}" for kind in ("images", "labels"))
        for place in (images, labels):
            place.mkdir(exist_ok=True)
        frame = encode(NIFTI, sample.image, sample.spacing_mm, NOTICE, sample.to_json())
        (images / f"{sample.id}{CHANNEL}").write_bytes(frame)
        labels_file = encode(
            NIFTI, sample.ids, sample.spacing_mm, f"{sample.schema} {NOTICE}", {"schema": sample.schema}
        )
        (labels / f"{sample.id}.nii.gz").write_bytes(labels_file)
        cases[split].append(sample.id)
        schema = SCHEMA_2 if sample.schema == SCHEMA_2 else schema
    about = {
        "channel_names": {"0": "ultrasound"},
        "labels": {
            "background" if label.id == OUTSIDE else label.key: label.id for label in LABELS[: LABEL_COUNTS[schema]]
        },
        "numTraining": len(cases["training"]) + len(cases["validation"]),
        "file_ending": ".nii.gz",
        "name": "Echo Studio",
        "description": f"Echocardiograms drawn from label maps: {NOTICE}",
        "licence": "each case's own, in samples.jsonl",
    }
    (folder / "dataset.json").write_text(json.dumps(about, indent=2) + "\n")
    fold = {"train": cases["training"], "val": cases["validation"]}
    (folder / "splits_final.json").write_text(json.dumps([fold], indent=2) + "\n")


def read_nnunet(folder: Path) -> Iterator[Listed]:
    """The samples of a folder that `write_nnunet` filled.

    Raises:
        DataError: cases that Echo Studio did not make.
        ImageError: a damaged file.
    """
    for path in sorted(folder.glob(f"images??/*{CHANNEL}"), key=lambda path: path.name):
        header = header_of(read_noted(path)[2], str(path))
        yield Listed(header, partial(_pixels, path))


def _pixels(path: Path) -> tuple[list[Pixels], list[Pixels]]:
    case = path.name.removesuffix(CHANNEL)
    labels = path.parent.with_name(path.parent.name.replace("images", "labels")) / f"{case}.nii.gz"
    return [read_noted(path)[0]], [read_label_map(labels).ids]
