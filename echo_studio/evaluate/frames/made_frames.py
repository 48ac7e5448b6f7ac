"""Frames to score: generated from the label maps of real ones, or found in a folder.

Every measure of a generator starts from them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.data.formats.image_file import read_gray
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.segmentation import fitted
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage, Json

BATCH = 8
SIDE = 256  # of the frames that measures compare, as generators make them


LABELS = ("_gt", "labels")  # how names of label maps end, in CAMUS's layout and in sets of pairs


def read_frames(folder: Path) -> dict[str, GrayImage]:
    """Every frame by its name: the path below the folder without its suffix, in order.

    Raises:
        DataError: no such folder, no frame in it, or frames of several sizes.
        ImageError: a file that is no 8-bit grey PNG.
    """
    if not folder.is_dir():
        raise DataError(expected="a folder of PNG frames", got=f"no folder {folder}", remedy="check the path")
    paths = sorted(path for path in folder.rglob("*.png") if path.is_file() and not _is_labels(path))
    if not paths:
        raise DataError(expected=f"PNG frames in {folder}", got="none", remedy="give the folder that holds them")
    frames = {path.relative_to(folder).with_suffix("").as_posix(): read_gray(path)[0] for path in paths}
    sizes = sorted({f"{image.shape[1]}x{image.shape[0]}" for image in frames.values()})
    if len(sizes) > 1:
        raise DataError(
            expected=f"frames of one size in {folder}",
            got=", ".join(sizes[:3]) + (", ..." if len(sizes) > 3 else ""),
            remedy="resize them or check each size by itself",
        )
    return frames


def _is_labels(path: Path) -> bool:
    """Whether a PNG holds labels: by its name, or in the folder of a set's label maps."""
    in_maps = path.parent.name == "maps" and (path.parents[1] / "manifest.jsonl").is_file()
    return in_maps or path.stem.endswith(LABELS)


@dataclass(frozen=True)
class MadeSet:
    """Frames and where they come from.

    Attributes:
        names: one each.
        images: uint8 (h, w).
        real: the real frame of each one's label map; empty where they are not known.
        source: generator and setting, or the folder, for reports.
    """

    names: Sequence[str]
    images: Sequence[GrayImage]
    real: Sequence[CamusFrame]
    source: Json


def made_now(
    generator: Generator,
    frames: Sequence[CamusFrame],
    sampling: Sampling,
    seed: int,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> MadeSet:
    """A frame from the label map of each real one, at the generator's own size; frame k with seed + k.

    Args:
        on_frame: called with (done, total) after each batch.
    """
    side = generator.card.resolution
    images: list[GrayImage] = []
    for start in range(0, len(frames), BATCH):
        requests = [
            GenerationRequest(
                frame.label_map.resized(side, side),
                sampling,
                frame.frame_id.view,
                frame.frame_id.phase,
                seed + start + k,
            )
            for k, frame in enumerate(frames[start : start + BATCH])
        ]
        images += [result.image for result in generator.generate_batch(requests)]
        on_frame(len(images), len(frames))
    source = {"generator": sampling.generator, "solver": sampling.solver, "nfe": sampling.nfe, "seed": seed}
    return MadeSet([frame.frame_id.stem for frame in frames], images, frames, source)


def found_in(folder: Path, frames: Sequence[CamusFrame] = ()) -> MadeSet:
    """The frames of a folder; they belong to real frames where each name, or its folder's, is that of one.

    Args:
        frames: real ones that they may have been made from.

    Raises:
        DataError, ImageError: see `read_frames`.
    """
    found = read_frames(folder)
    by_stem = {frame.frame_id.stem: frame for frame in frames}
    parts = {name: PurePosixPath(name).parts[::-1] for name in found}
    belongs = [next((by_stem[part] for part in parts[name] if part in by_stem), None) for name in found]
    known = [frame for frame in belongs if frame is not None]
    real = known if len(known) == len(found) else []
    return MadeSet(list(found), list(found.values()), real, {"images": str(folder)})


def at_side(image: GrayImage) -> GrayImage:
    """A frame at `SIDE` x `SIDE`, see `fitted`."""
    return fitted(image, SIDE)
