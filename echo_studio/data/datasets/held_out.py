"""Frames of patients whom no network was trained on."""

from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.errors import DataError


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
