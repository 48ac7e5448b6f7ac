"""Real recordings as commands read them: a frame and what it shows, or every frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from echo_studio.cli.output import progress
from echo_studio.errors import RequestError
from echo_studio.types import GrayImage

if TYPE_CHECKING:
    from echo_studio.anatomy.label_map import LabelMap
    from echo_studio.data.decoding.decoded import Recording
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter


def real_frame(path: Path, at: int, label_map: Path | None, checkpoints: Path | None) -> "tuple[GrayImage, LabelMap]":
    """A frame of a real recording, and what it itself shows: as its label map says, else as the labeller finds it.

    Raises:
        RequestError: no such frame, or a label map of another size.
        ImageError, LabelMapError: a file cannot be read, or the frame has no sector.
    """
    from echo_studio.data.decoding.recordings import read_recording
    from echo_studio.data.formats.label_file import read_label_map

    given = None if label_map is None else read_label_map(label_map)
    recording = read_recording(path)
    if at >= len(recording.frames):
        raise RequestError(
            expected=f"--at 0 to {len(recording.frames) - 1}, the frames of {path.name}", got=str(at), remedy="try 0"
        )
    image = recording.frames[at]

    from echo_studio.evaluate.frames.segmentation import label_frame
    from echo_studio.generate.source import own_label_map

    if given is not None:
        return image, own_label_map(image, given, recording.spacing_mm)
    return image, label_frame(labeller(checkpoints), image, recording.spacing_mm)


def labels_of_every_frame(
    recording: "Recording", corrections: Sequence[str], checkpoints: Path | None
) -> "list[LabelMap]":
    """What each frame of a recording shows: as the labeller finds it, evened out over time, then corrected.

    Args:
        corrections: FRAME=FILE, label maps that are right.

    Raises:
        RequestError: a correction of no frame, of another size, or written in another way.
        ImageError, LabelMapError: a file cannot be read, or no frame has a sector.
    """
    from echo_studio.anatomy.motion.borders import corrected
    from echo_studio.data.formats.label_file import read_label_map
    from echo_studio.evaluate.video.recorded_labels import recorded_labels
    from echo_studio.generate.source import own_label_map
    from echo_studio.generate.video.real_beat import USUAL_FPS

    last, right = len(recording.frames) - 1, {}
    for text in corrections:
        number, _, file = text.partition("=")
        if not file or not number.strip().isdigit() or int(number) > last:
            raise RequestError(
                expected=f"--correct FRAME=FILE, a frame from 0 to {last} and its label map",
                got=text,
                remedy="write it like --correct 12=corrected.png",
            )
        frame = recording.frames[int(number)]
        right[int(number)] = own_label_map(frame, read_label_map(Path(file)), recording.spacing_mm)
    with progress("Labelling") as advance:
        found = recorded_labels(labeller(checkpoints), recording.frames, recording.spacing_mm, advance)
    return corrected(found, right, recording.seconds_per_frame or 1 / USUAL_FPS)


def labeller(checkpoints: Path | None) -> "FrameSegmenter":
    """The labeller among these checkpoints."""
    from echo_studio.evaluate.frames.segmentation import LABELLER, FrameSegmenter
    from echo_studio.generate.catalog import catalog

    return FrameSegmenter.load(catalog(checkpoints).bundled / LABELLER)
