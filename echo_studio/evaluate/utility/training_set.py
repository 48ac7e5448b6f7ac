"""What downstream networks are trained on, real or synthetic alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.data.datasets.camus import FrameId
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.segmentation import fitted
from echo_studio.types import VIEWS, GrayImage, LabelIds

STRUCTURES = {LV_CAVITY: "LV cavity", LV_MYOCARDIUM: "LV myocardium", LEFT_ATRIUM: "left atrium"}


@dataclass(frozen=True)
class TrainingSet:
    """n frames of one size.

    Attributes:
        image: uint8 (n, side, side).
        labels: uint8 (n, side, side), CAMUS's labels 0 to 3.
        view: int64 (n,), positions in `types.VIEWS`.
    """

    image: Tensor
    labels: Tensor
    view: Tensor

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def of(
        cls, frame_ids: Sequence[FrameId], images: Sequence[GrayImage], ids: Sequence[LabelIds], side: int
    ) -> "TrainingSet":
        """From frames and label ids of any sizes; the sector's label becomes 0.

        Raises:
            DataError: fewer than two frames.
        """
        if len(frame_ids) < 2:
            raise DataError(
                expected="at least two frames to learn from",
                got=str(len(frame_ids)),
                remedy="take a larger set or more --maps",
            )
        labels = np.stack([nearest(one, side) for one in ids])
        labels[labels == SECTOR] = 0
        view = torch.tensor([VIEWS.index(frame_id.view) for frame_id in frame_ids])
        return cls(
            torch.from_numpy(np.stack([fitted(image, side) for image in images])), torch.from_numpy(labels), view
        )

    def check(self, task: str) -> None:
        """Raise DataError where a class to be learned is in no frame."""
        if task == "view":
            missing: list[str] = [str(view) for k, view in enumerate(VIEWS) if not bool((self.view == k).any())]
        else:
            missing = [name for label, name in STRUCTURES.items() if not bool((self.labels == label).any())]
        if missing:
            raise DataError(
                expected=f"frames of every class to learn {'the view' if task == 'view' else 'labels'} from",
                got=f"none with {' or '.join(missing)} among {len(self)}",
                remedy="take a set that has them",
            )


def nearest(ids: LabelIds, side: int) -> LabelIds:
    """uint8 (side, side), a copy, at pixel centres."""
    return np.array(cv2.resize(ids, (side, side), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)


def pixels(image: Tensor) -> Tensor:
    """What networks see of frames uint8 (b, h, w): float32 (b, 1, h, w) in [-1, 1]."""
    return image.unsqueeze(1).float() / 127.5 - 1
