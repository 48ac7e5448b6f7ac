"""What the page shows beside a map: measurements as rows ready to read, and findings with their places.

A row is {"key", "group", "label", "value", "unit"}: `value` is rounded to what the method can tell, `unit` is
"mm", "cm²", "mL", "%", "px", "px²" or "" for a ratio. A finding is {"kind", "words", "place": [x, y], "severity",
"repairable"}; where it is repairable, the operation {"tool": "repair", "kind": kind} mends all of its kind.
"""

import itertools
from collections.abc import Mapping

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.plausibility import FINDINGS, SEVERITIES, Finding
from echo_studio.anatomy.measure.sizes import (
    Measurements,
    biplane_ml,
    ejection_fraction,
    ejection_fraction_percent,
    lv_discs,
    measure,
)
from echo_studio.errors import LabelMapError, UnknownNameError
from echo_studio.types import PHASES, VIEWS, Json, View

DIGITS = {"mm": 1, "cm²": 1, "mL": 0, "%": 0, "px": 0, "px²": 0, "": 2}
MOST = 25  # findings of one kind that are shown: a map of noise has thousands

SLOTS: tuple[str, ...] = tuple(f"{view}-{phase}" for view in VIEWS for phase in PHASES)


def inspect_map(label_map: LabelMap, view: View) -> Json:
    """Measurements and findings of one map: {"measurements": [row, ...], "findings": [finding, ...]}.

    Without spacing lengths are pixels (of square pixels), and ratios stand in for volumes. Values that the map does
    not have, for want of a structure, are left out. Findings come the gravest first, the largest `MOST` of a kind.

    Raises:
        UnknownNameError: another view.
    """
    if view not in VIEWS:
        raise UnknownNameError("view", str(view)[:40], VIEWS)
    rows = _in_mm(measure(label_map, view)) if label_map.spacing_mm else _in_pixels(label_map, view)
    found = [one for find in FINDINGS.values() for one in itertools.islice(find(label_map), MOST)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return {"measurements": rows, "findings": [_shown(finding) for finding in found]}


def inspect_pair(slots: Mapping[str, LabelMap]) -> Json:
    """Volumes and EF of up to four frames of one heart: {"measurements": [row, ...], "notes": [words, ...]}.

    The rows' groups are "4CH", "2CH" and "biplane"; a note tells why a value is missing, or odd.

    Args:
        slots: by the names in `SLOTS`: "4CH-ED" and so on; any may be missing.

    Raises:
        UnknownNameError: another slot.
    """
    for name in slots:
        if name not in SLOTS:
            raise UnknownNameError("slot", str(name)[:40], SLOTS)
    rows: list[Json] = []
    notes: list[str] = []
    for view in reversed(VIEWS):
        ed, es = (slots.get(f"{view}-{phase}") for phase in PHASES)
        edv, esv = _single_plane_ml(ed), _single_plane_ml(es)
        ef = None
        try:
            ef = ejection_fraction_percent(ed, es) if ed and es else None
        except LabelMapError as error:
            notes.append(f"{view}: {error}")
        rows += _volumes(view, f"{view}, single plane", edv, esv, ef)
        for phase, one in zip(PHASES, (ed, es), strict=True):
            if one and lv_discs(one) is None:
                notes.append(f"{view} {phase}: no long axis; paint the cavity with its wall open towards the atrium")
            elif one and one.spacing_mm is None:
                notes.append(f"{view} {phase}: no volume without the pixel spacing")
        if ef is not None and ef < 0:
            notes.append(f"{view}: the cavity is larger at end systole than at end diastole")
    four_ed, four_es, two_ed, two_es = (slots.get(f"{view}-{phase}") for view in ("4CH", "2CH") for phase in PHASES)
    edv = biplane_ml(four_ed, two_ed) if four_ed and two_ed else None
    esv = biplane_ml(four_es, two_es) if four_es and two_es else None
    ef = ejection_fraction(edv, esv) if edv is not None and esv is not None else None
    rows += _volumes("biplane", "biplane", edv, esv, ef)
    return {"measurements": rows, "notes": notes}


def _single_plane_ml(label_map: LabelMap | None) -> float | None:
    discs = lv_discs(label_map) if label_map and label_map.spacing_mm else None
    return discs.volume / 1000 if discs else None


def _volumes(group: str, method: str, edv: float | None, esv: float | None, ef: float | None) -> list[Json]:
    return [
        *_row(f"{group}_edv", group, f"EDV, {method}", edv, "mL"),
        *_row(f"{group}_esv", group, f"ESV, {method}", esv, "mL"),
        *_row(f"{group}_ef", group, f"EF, {method}", ef, "%"),
    ]


def _in_mm(values: Measurements) -> list[Json]:
    return [
        *_row("lv_area", "ventricle", "LV area", values.lv_area_cm2, "cm²"),
        *_row("lv_length", "ventricle", "LV long axis", values.lv_length_mm, "mm"),
        *_row("lv_volume", "ventricle", "LV volume, single plane", values.lv_volume_ml, "mL"),
        *_row("la_area", "atrium", "LA area", values.la_area_cm2, "cm²"),
        *_row("la_length", "atrium", "LA length", values.la_length_mm, "mm"),
        *_row("la_volume", "atrium", "LA volume, single plane", values.la_volume_ml, "mL"),
        *_row("wall", "wall", "Wall, mean", values.wall_mm, "mm"),
        *_segments(values, "mm"),
    ]


def _in_pixels(label_map: LabelMap, view: View) -> list[Json]:
    # In a map whose pixels are 1 mm wide, millimetres are pixels.
    values = measure(LabelMap(label_map.ids, (1.0, 1.0)), view)
    return [
        *_row("lv_area", "ventricle", "LV area", values.lv_area_px, "px²"),
        *_row("lv_length", "ventricle", "LV long axis", values.lv_length_mm, "px"),
        *_row("lv_width_to_length", "ventricle", "LV width to length", values.lv_width_to_length, ""),
        *_row("la_area", "atrium", "LA area", values.la_area_px, "px²"),
        *_row("la_length", "atrium", "LA length", values.la_length_mm, "px"),
        *_row("wall", "wall", "Wall, mean", values.wall_mm, "px"),
        *_row("wall_to_length", "wall", "Wall to LV length", values.wall_to_length, ""),
        *_segments(values, "px"),
    ]


def _segments(values: Measurements, unit: str) -> list[Json]:
    named = [(name, value, f"wall_{name.replace(' ', '_')}") for name, value in values.wall_segments_mm]
    return [row for name, value, key in named for row in _row(key, "wall", f"Wall, {name}", value, unit)]


def _row(key: str, group: str, label: str, value: float | None, unit: str) -> list[Json]:
    """One row, or none where the value is not known; volumes below 10 mL keep a decimal."""
    if value is None:
        return []
    digits = 1 if unit == "mL" and abs(value) < 10 else DIGITS[unit]
    shown = round(float(value), digits) if digits else round(value)
    return [{"key": key, "group": group, "label": label, "value": shown, "unit": unit}]


def _shown(finding: Finding) -> Json:
    return {
        "kind": finding.kind,
        "words": finding.message,
        "place": [round(coordinate, 1) for coordinate in finding.place],
        "severity": finding.severity,
        "repairable": finding.repair is not None,
    }
