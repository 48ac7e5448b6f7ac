"""What the speckle of a recording remembers: one cycle at the recording's own pace, labelled frame by frame."""

from pathlib import Path

import cv2
import numpy as np

from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.datasets.heartbeat import check_recorded
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.evaluate.video.lv_curve import clip_labels
from echo_studio.evaluate.video.memory import Memory, memory_of
from echo_studio.types import LabelIds

MOST = 64  # frames: two seconds at 30 fps, about two beats
SMOOTH = 1.0  # frames: deviation of the Gaussian over time by which each label's share is evened out
USUAL_FPS = 30.0  # where a recording does not say


def recorded_memory(path: Path, labeller: FrameSegmenter) -> Memory:
    """Measure a recording.

    Args:
        path: MP4, AVI or DICOM.
        labeller: finds the ventricle in each frame.

    Raises:
        ImageError: the file cannot be read, or no frame has a lit sector.
        DataError: a still.
        RequestError: fewer than 3 frames.
    """
    recording = read_recording(path)
    check_recorded(len(recording.frames), recording.total, path.name)
    clip = np.asarray(recording.frames[:MOST])
    if (clip == clip[:1]).all():
        raise DataError(expected="a recording that moves", got=f"{len(clip)} equal frames", remedy="leave it out")
    # What a frame leaves dark is dark in one frame or another: the sector is that of all together.
    sector = sector_of_image(np.asarray(clip.max(axis=0)))
    ids = smoothed([with_sector(one.ids, sector) for one in clip_labels(labeller, clip, recording.spacing_mm)])
    pace = recording.seconds_per_frame
    return memory_of(
        clip, np.where(sector, ids, 0).astype(np.uint8), 1 / pace if pace else USUAL_FPS, recording.spacing_mm
    )


def smoothed(labels: list[LabelIds]) -> LabelIds:
    """uint8 (t, h, w) label maps evened out over time: a slip of the labeller in one frame is gone.

    Each pixel has the label with the largest share of about three frames.
    """
    stack = np.stack(labels)
    kernel = cv2.getGaussianKernel(2 * round(2 * SMOOTH) + 1, SMOOTH)[:, 0]
    half = len(kernel) // 2
    padded = np.pad(stack, ((half, half), (0, 0), (0, 0)), mode="edge")
    known = np.unique(stack)
    shares = np.zeros((len(known), *stack.shape), np.float32)
    for k, weight in enumerate(kernel):
        for place, label in enumerate(known):
            shares[place] += np.float32(weight) * (padded[k : k + len(stack)] == label)
    return np.asarray(known[shares.argmax(axis=0)], np.uint8)
