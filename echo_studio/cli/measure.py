"""`echo-studio measure`: sizes, volumes and anomalies of a label map file."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.edit import SpacingOption, read
from echo_studio.cli.output import JsonOption, print_result, table
from echo_studio.types import Json, View


def measure(
    label_map: Annotated[Path, typer.Option(help="Label map, ids 0 to 6: .png, .nii or .nii.gz.")],
    view: Annotated[View | None, typer.Option(help="Apical view: names the wall's segments.")] = None,
    es: Annotated[
        Path | None, typer.Option(help="End systole of the same view, --label-map being end diastole: gives the EF.")
    ] = None,
    two_chamber: Annotated[
        Path | None, typer.Option(help="The 2CH view at the same moment, --label-map being 4CH: biplane volumes.")
    ] = None,
    two_chamber_es: Annotated[
        Path | None, typer.Option(help="End systole of the 2CH view: with the three others the biplane EF.")
    ] = None,
    spacing_mm: SpacingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a heart and list what is odd about it.

    Areas in cm², lengths in mm, volumes (method of discs) in mL where the spacing is known, else pixels and ratios.

    \b
    Example:
      echo-studio measure --label-map map.png --view 4CH --es map-es.png --json
    """
    from echo_studio.anatomy.measure import sizes as measuring
    from echo_studio.anatomy.measure.plausibility import check_plausibility

    guide = read(label_map, spacing_mm)
    systole, two, two_systole = (read(path, spacing_mm) if path else None for path in (es, two_chamber, two_chamber_es))
    values = measuring.measure(guide, view).to_json()
    if systole:
        values["ef_percent"] = measuring.ejection_fraction_percent(guide, systole)
    if two:
        values["lv_biplane_ml"] = measuring.biplane_ml(guide, two)
        values["la_biplane_ml"] = measuring.biplane_ml(guide, two, measuring.la_discs)
    if systole and two and two_systole:
        values["biplane_ef_percent"] = measuring.biplane_ejection_fraction_percent(guide, systole, two, two_systole)
    findings = check_plausibility(guide)
    rows = [
        (finding.severity, finding.message, f"{finding.place[0]:.0f}, {finding.place[1]:.0f}", finding.repair or "")
        for finding in findings
    ]
    odd = ["", table(("Finding", "What", "x, y", "Repair"), rows)] if findings else ["nothing odd"]
    found = {
        "label_map": str(label_map),
        "view": view,
        "spacing_mm": guide.spacing_mm,
        "measurements": values,
        "findings": [finding.to_json() for finding in findings],
    }
    print_result(as_json, found, table(("Measurement", "Value"), _rows(values, guide.spacing_mm is not None)), *odd)


UNITS = {"px": "pixels", "cm2": "cm²", "mm": "mm", "ml": "mL", "percent": "%"}


def _rows(values: Json, in_mm: bool) -> list[tuple[str, str]]:
    """One row a value that is known; the name's last word is its unit."""
    rows = []
    for key, value in values.items():
        if key == "wall_segments_mm":
            rows += [(f"wall, {name}", f"{mm:.1f} mm") for name, mm in value.items() if mm is not None]
        elif value is not None and not (key.endswith("_px") and in_mm):
            *words, last = key.split("_")
            name = " ".join(words if last in UNITS else [*words, last])
            rows.append((name, f"{value:.0f} pixels" if last == "px" else f"{value:.2f} {UNITS.get(last, '')}".strip()))
    return rows
