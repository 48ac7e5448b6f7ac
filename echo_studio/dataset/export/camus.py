"""A set in CAMUS's layout, for programs that read that data set; see `data.datasets.camus` for the layout.

Every sample is a patient of its own: end diastole and end systole of one patient would claim an ejection fraction
that no heart had. CAMUS has no label for the sector, for fluid and mass, so 4, 5 and 6 become 0.
"""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from echo_studio.anatomy.labels import OUTSIDE, TISSUE
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import read_noted
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.sample import Listed, Pixels, SetSample, header_of
from echo_studio.dataset.split import SPLITS, Split

NIFTI = Path("frame.nii.gz")  # only its suffix counts


def write_camus(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder: `patient0001/patient0001_4CH_ED.nii.gz`, `..._gt.nii.gz`, `Info_4CH.cfg`, `database_split/`.

    Args:
        folder: an empty one.
        samples: frames; clips are refused before, see `export.FORMATS`.
    """
    listed: dict[Split, list[str]] = {split: [] for split in SPLITS}
    for number, (split, sample) in enumerate(samples, start=1):
        patient = f"patient{number:04d}"
        place = folder / patient
        place.mkdir()
        stem = f"{patient}_{sample.view}_{sample.phase}"
        about = sample.to_json()
        ids = np.where(np.isin(sample.ids, TISSUE), np.uint8(OUTSIDE), sample.ids)
        (place / f"{stem}.nii.gz").write_bytes(encode(NIFTI, sample.image, sample.spacing_mm, NOTICE, about))
        note = {"labels": "CAMUS: 0 background, 1 LV cavity, 2 LV myocardium, 3 left atrium", "notice": NOTICE}
        (place / f"{stem}_gt.nii.gz").write_bytes(
            encode(NIFTI, ids, sample.spacing_mm, f"CAMUS labels, {NOTICE}", note)
        )
        (place / f"Info_{sample.view}.cfg").write_text(_info(sample), encoding="ascii")
        listed[split].append(patient)
    lists = folder / "database_split"
    lists.mkdir()
    for split, patients in listed.items():
        (lists / f"subgroup_{split}.txt").write_text("".join(f"{patient}\n" for patient in patients))


def read_camus(folder: Path) -> Iterator[Listed]:
    """The samples of a folder that `write_camus` filled. The sector comes from the image, as for CAMUS itself.

    Raises:
        DataError: no such layout, or frames that Echo Studio did not make.
        ImageError: a damaged file.
    """
    camus = CamusFolder(folder)
    for frame_id in camus.frame_ids():
        path = camus.path(frame_id)
        assert path is not None  # listed because it is there
        header = header_of(read_noted(path)[2], str(path))
        yield Listed(header, partial(_pixels, camus, frame_id))


def _pixels(camus: CamusFolder, frame_id: FrameId) -> tuple[list[Pixels], list[Pixels]]:
    frame = camus.read(frame_id)
    return [frame.image], [frame.label_map.ids]


def _info(sample: SetSample) -> str:
    """CAMUS's own keys where they are true of a frame that nobody's heart gave: no sex, no age, no quality, no EF."""
    about = sample.to_json()
    lines = {
        "NbFrame": "1",
        f"{sample.phase}": "1",
        "Notice": NOTICE,
        "Sample": sample.id,
        "LabelMap": sample.base,
        **{key.capitalize(): json.dumps(about[key]) for key in ("licence", "tags", "spacing_mm", "record")},
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())
