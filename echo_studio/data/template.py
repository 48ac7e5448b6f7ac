"""The label maps that a drawing can start from. Mean shapes of CAMUS's training split (see training/label_maps.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.errors import UnknownNameError

# Name: title. The first one opens the studio; the page reads view and phase off the name.
BUNDLED: dict[str, str] = {
    "4ch-ed": "4CH, end diastole",
    "4ch-es": "4CH, end systole",
    "2ch-ed": "2CH, end diastole",
    "2ch-es": "2CH, end systole",
    "4ch-ed-dilated": "4CH, dilated ventricle",
    "4ch-ed-thick-wall": "4CH, thick wall",
    "4ch-es-large-atrium": "4CH, large atrium",
    "2ch-es-large-atrium": "2CH, large atrium",
    "blank": "Blank sector",
}


def maps_folder() -> Path:
    return Path(__file__).resolve().parent / "maps"


@dataclass(frozen=True)
class Templates:
    """Label maps NAME.png in a folder, the bundled ones by default, with titles; the first one opens the studio."""

    folder: Path = field(default_factory=maps_folder)
    titles: Mapping[str, str] = field(default_factory=lambda: BUNDLED)

    def read(self, name: str) -> LabelMap:
        """The label map of a name.

        Raises:
            UnknownNameError: no template of that name.
        """
        if name not in self.titles:
            raise UnknownNameError("template", name, self.titles)
        return read_label_map(self.folder / f"{name}.png")


def template(name: str) -> LabelMap:
    """A bundled label map, 256 x 256.

    Raises:
        UnknownNameError: no template of that name.
    """
    return Templates().read(name)
