"""A folder of made frames, whatever program wrote them: every PNG below it that is no label map."""

from pathlib import Path

from echo_studio.data.formats.image_file import read_gray
from echo_studio.errors import DataError
from echo_studio.types import GrayImage

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
