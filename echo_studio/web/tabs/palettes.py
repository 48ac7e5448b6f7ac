"""Colours of the labels on the canvas: the standard ones, and a set that is safer for colour-blind eyes."""

from dataclasses import dataclass

from echo_studio.anatomy.labels import LABELS


@dataclass(frozen=True)
class Palette:
    """A colour (r, g, b) for each label id, in order, and what people read in the menu."""

    title: str
    colours: tuple[tuple[int, int, int], ...]


# Vermillion, yellow and sky blue of Okabe and Ito (2008): of their hues the three that stay furthest apart.
PALETTES: dict[str, Palette] = {
    "standard": Palette("Standard", tuple(label.colour for label in LABELS)),
    "okabe-ito": Palette("Okabe–Ito", ((0, 0, 0), (213, 94, 0), (240, 228, 66), (86, 180, 233), (72, 76, 86))),
}
