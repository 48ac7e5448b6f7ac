"""The public names of `import echo_studio`: hearts as label maps, and the frames and clips that they would give.

A wrong name raises `UnknownNameError`, which lists the choices. Torch is imported by the functions that load a network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Union

from echo_studio.anatomy.edits import defects
from echo_studio.anatomy.label_map import LabelMap as PlainLabelMap
from echo_studio.anatomy.measure.sizes import measure
from echo_studio.anatomy.shape import sliders as shaping
from echo_studio.data import template as templates
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.errors import EchoStudioError
from echo_studio.types import GrayImage, Phase, Spacing, View

if TYPE_CHECKING:
    from echo_studio.generate.checkpoint import Card
    from echo_studio.generate.generator import Generator
    from echo_studio.generate.request import Generated
    from echo_studio.generate.video.generator import VideoEntry, VideoGenerator

__all__ = [
    "CamusFolder",
    "EchoStudioError",
    "LabelMap",
    "apply_defect",
    "list_generators",
    "load_generator",
    "load_segmenter",
    "load_video_generator",
    "measure",
    "reshape",
    "template",
    "what_if",
]


class LabelMap(PlainLabelMap):
    """A label map that can be read from a file and written to one.

    Args:
        ids: uint8 (h, w): 0 outside, 1 LV cavity, 2 LV myocardium, 3 left atrium, 4 sector. 8 to 4096 pixels a side.
        spacing_mm: pixel spacing (y, x) in mm, or None if unknown.

    Raises:
        LabelMapError: another rank, type or size, an unknown id, or a spacing that is not positive.
    """

    @classmethod
    def read(cls, path: str | Path) -> "LabelMap":
        """Read a .png, .nii, .nii.gz or .mhd file.

        Raises:
            ImageError: the file cannot be read or is no single 8-bit frame.
            LabelMapError: unknown label ids, a size outside 8 to 4096, or another schema.
        """
        return _public(read_label_map(Path(path)))

    def write(self, path: str | Path) -> None:
        """Write to .png, .nii or .nii.gz, with schema and spacing.

        Raises:
            OutputError: another suffix, or a place that cannot be written.
        """
        write_label_map(Path(path), self)


def _public(label_map: PlainLabelMap) -> LabelMap:
    return LabelMap(label_map.ids, label_map.spacing_mm)


def template(name: str) -> LabelMap:
    """A bundled label map of 256 x 256 pixels, such as `4ch-ed`. Raises UnknownNameError for another name."""
    return _public(templates.template(name))


def apply_defect(label_map: PlainLabelMap, name: str, **parameters: float | str) -> LabelMap:
    """A label map with a defect, such as `septal`; outside the sector it stays as it is.

    Args:
        parameters: of the defect, lengths in mm (`width_mm=8`) or, for a map without spacing, in pixels (`width_px`).

    Raises:
        UnknownNameError: another defect, parameter or choice.
        RequestError: a value out of its range.
        LabelMapError: the map lacks what the defect needs: a ventricle, or its spacing.
    """
    return _public(defects.apply_defect(label_map, name, parameters))


def reshape(label_map: PlainLabelMap, **sliders: float) -> LabelMap:
    """A label map with its heart or its sector reshaped, by sliders such as `lv_size=1.2` or `tilt=-10`.

    Raises:
        UnknownNameError: another slider.
        RequestError: a value out of its range.
        LabelMapError: the map has no ventricle or no sector to change, or no spacing for `wall_mm`.
    """
    return _public(shaping.reshape(label_map, shaping.Shape.of(sliders)))


def list_generators(folder: Path | None = None) -> Mapping[str, Union["Card", "VideoEntry"]]:
    """What generators there are, by name: those of frames, then those of clips (their `makes` says which).

    Args:
        folder: the only folder of checkpoints; None for the bundled ones and the person's own.
    """
    from echo_studio.generate.catalog import load_cards  # noqa: PLC0415
    from echo_studio.generate.video.catalog import video_generators  # noqa: PLC0415

    return {**load_cards(folder), **video_generators(folder)}


def load_generator(name: str, device: str = "cpu", folder: Path | None = None) -> "Generator":
    """A generator of frames: call it with a label map, see `generate.generator.Generator.__call__`.

    Args:
        name: see `list_generators`.
        device: torch's name of a device.
        folder: the only folder of checkpoints; None for the bundled ones and the person's own.

    Raises:
        UnknownNameError: no such generator.
        CheckpointError: weights that are missing, altered or do not fit.
    """
    from echo_studio.generate import catalog  # noqa: PLC0415

    return catalog.load_generator(name, folder, device)


def load_video_generator(name: str, device: str = "cpu", folder: Path | None = None) -> "VideoGenerator":
    """A generator of clips: call it with a label map at end diastole. Arguments and errors are `load_generator`'s."""
    from echo_studio.generate.video import catalog  # noqa: PLC0415

    return catalog.load_video_generator(name, folder, device)


def load_segmenter(folder: Path | None = None) -> Callable[..., LabelMap]:
    """A function that finds the labels 0 to 3 of a frame: `segmenter(image, spacing_mm=None)`, image uint8 (h, w).

    Args:
        folder: its checkpoint; None for the bundled one.

    Raises:
        CheckpointError: it cannot be read, or holds another kind of network.
    """
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter  # noqa: PLC0415

    network = FrameSegmenter.load(folder)

    def segmenter(image: GrayImage, spacing_mm: Spacing | None = None) -> LabelMap:
        return LabelMap(network.label([image])[0].ids, spacing_mm)

    return segmenter


def what_if(
    frame: GrayImage,
    edit: PlainLabelMap | Callable[[LabelMap], PlainLabelMap],
    view: View = "4CH",
    phase: Phase = "ED",
    *,
    label_map: PlainLabelMap | None = None,
    keep: float = 1.0,
    whole_frame: bool = False,
    seed: int = 0,
    nfe: int | None = None,
    generator: str = "edm-l64",
    folder: Path | None = None,
) -> "Generated":
    """A real frame with another anatomy, its look kept: an edited real frame, which is personal data.

    Args:
        frame: uint8 (h, w).
        edit: the edited label map, of the frame's size, or a function that makes it of the frame's own.
        view, phase: of the frame.
        label_map: what the frame itself shows; None to let the labeller find it.
        keep: how much of the frame's own noise is kept, 0 to 1.
        whole_frame: generate the whole frame; else pixels away from the edit stay the frame's own.
        seed, nfe: see `generate.generator.Generator.__call__`.
        generator: by diffusion, or distilled from such a one.
        folder: the only folder of checkpoints; None for the bundled ones and the person's own.

    Returns:
        `.image` uint8 (h, w), black outside the sector, `.record`, and `.seconds`.

    Raises:
        ImageError: no lit sector is found, or the frame is no uint8 (h, w).
        RequestError: a label map of another size, or a value out of its range.
        UnknownNameError: no such generator.
    """
    from echo_studio.evaluate.frames.segmentation import LABELLER, FrameSegmenter, label_frame  # noqa: PLC0415
    from echo_studio.generate.catalog import catalog  # noqa: PLC0415
    from echo_studio.generate.source import Source, own_label_map  # noqa: PLC0415

    models = catalog(folder)
    if label_map is None:
        own = label_frame(FrameSegmenter.load(models.bundled / LABELLER), frame)
    else:
        own = own_label_map(frame, label_map)
    edited = edit if isinstance(edit, PlainLabelMap) else edit(_public(own))
    source = Source(frame, own, keep, whole_frame)
    return models.load(generator)(edited, view=view, phase=phase, seed=seed, nfe=nfe, source=source)
