"""The label maps that a drawing can start from. Mean shapes of CAMUS's training split (see training/label_maps.py)."""

from dataclasses import dataclass
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.label_file import read_label_map
from echo_studio.errors import UnknownNameError
from echo_studio.types import Phase, View


@dataclass(frozen=True)
class Template:
    """A start: its title, and the view and phase that it is drawn in."""

    title: str
    view: View
    phase: Phase


# The first one opens the studio.
BUNDLED: dict[str, Template] = {
    "4ch-ed": Template("4CH, end diastole", "4CH", "ED"),
    "4ch-es": Template("4CH, end systole", "4CH", "ES"),
    "2ch-ed": Template("2CH, end diastole", "2CH", "ED"),
    "2ch-es": Template("2CH, end systole", "2CH", "ES"),
    "4ch-ed-dilated": Template("4CH, dilated ventricle", "4CH", "ED"),
    "4ch-ed-thick-wall": Template("4CH, thick wall", "4CH", "ED"),
    "4ch-es-large-atrium": Template("4CH, large atrium", "4CH", "ES"),
    "2ch-es-large-atrium": Template("2CH, large atrium", "2CH", "ES"),
    "blank": Template("Blank sector", "4CH", "ED"),
}


def maps_folder() -> Path:
    return Path(__file__).resolve().parent / "maps"


def template(name: str) -> LabelMap:
    """A bundled label map, 256 x 256.

    Raises:
        UnknownNameError: no template of that name.
    """
    if name not in BUNDLED:
        raise UnknownNameError("template", name, BUNDLED)
    return read_label_map(maps_folder() / f"{name}.png")
