"""Volumes and EF of CAMUS's patients by the studio's own measurements, beside ranges that can be cited.

python benchmarks/measure_camus.py PATH_TO_CAMUS [--split validation] [--json]

PATH_TO_CAMUS may come from ECHO_STUDIO_CAMUS instead. Biplane values need the spacing of both views; frames
without it count in the single-plane EF alone, which needs none. Where patients have Info_*.cfg with a reference
EF or volumes, the mean difference is printed too.
"""

import argparse
import json
import os
import statistics
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.sizes import (
    biplane_ejection_fraction_percent,
    ejection_fraction_percent,
    lv_biplane_ml,
    lv_discs,
)
from echo_studio.data.datasets.camus import SPLITS, CamusFolder, FrameId
from echo_studio.types import PHASES, VIEWS

# Lang et al., J. Am. Soc. Echocardiogr. 28(1), 2015, table 2: two-dimensional normal ranges (2 SD), men; women.
NORMAL = {"EDV": "62-150; 46-106 mL", "ESV": "21-61; 14-42 mL", "EF": "52-72; 54-74 %"}

# The names that reference values have in CAMUS's Info_*.cfg, in its older and newer containers.
REFERENCE = {"EDV": ("LVedv",), "ESV": ("LVesv",), "EF": ("LVef", "EF")}

WHY = """Why measured values differ from those ranges:
- the ranges are of healthy adults, biplane; CAMUS's patients came to a hospital's echo laboratory, many with a low EF.
- a single plane knows nothing of the other: regional wall motion and foreshortening shift each view by itself.
- the labels hold trabeculae and papillary muscles in the cavity; ED and ES are the largest and smallest cavity drawn.
Means of EDV, ESV and EF over CAMUS's patients as published with the data set: not found."""


def measured(maps: Mapping[tuple[str, str], LabelMap]) -> dict[str, float]:
    """Every value of one patient that his frames allow, by name; `maps` by view and phase."""
    values: dict[str, float | None] = {}
    for view in VIEWS:
        for phase, name in zip(PHASES, ("EDV", "ESV"), strict=True):
            discs = lv_discs(maps[view, phase]) if maps[view, phase].spacing_mm else None
            values[f"{name} {view}"] = discs.volume / 1000 if discs else None
        values[f"EF {view}"] = ejection_fraction_percent(maps[view, "ED"], maps[view, "ES"])
    four, two = ([maps[view, phase] for phase in PHASES] for view in ("4CH", "2CH"))
    values["EDV biplane"], values["ESV biplane"] = lv_biplane_ml(four[0], two[0]), lv_biplane_ml(four[1], two[1])
    values["EF biplane"] = biplane_ejection_fraction_percent(*four, *two)
    if values["EF 4CH"] is not None and values["EF 2CH"] is not None:
        values["EF mean of both views"] = (values["EF 4CH"] + values["EF 2CH"]) / 2
    return {name: value for name, value in values.items() if value is not None}


def references(info: Mapping[str, str], view: str) -> dict[str, float]:
    """What a patient's Info_*.cfg says, by the names of `measured`."""
    found = {}
    for name, keys in REFERENCE.items():
        for key in keys:
            if info.get(key):
                found[f"{name} {view}"] = float(info[key].split()[0])
    return found


def summary(values: list[float]) -> dict[str, float]:
    return {
        "patients": len(values),
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values) if len(values) > 1 else 0.0,
        "low": min(values),
        "high": max(values),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("camus", type=Path, nargs="?", default=os.environ.get("ECHO_STUDIO_CAMUS"))
    parser.add_argument("--split", choices=SPLITS, default="validation")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.camus is None:
        parser.error("name CAMUS's folder, or set ECHO_STUDIO_CAMUS")
    data = CamusFolder(Path(args.camus))
    columns: dict[str, list[float]] = defaultdict(list)
    differences: dict[str, list[float]] = defaultdict(list)
    patients = data.split(args.split)
    for patient in patients:
        frames = {(v, p): data.read(FrameId(patient, v, p)) for v in VIEWS for p in PHASES}
        values = measured({key: frame.label_map for key, frame in frames.items()})
        for name, value in values.items():
            columns[name].append(value)
        for view in VIEWS:
            for name, reference in references(frames[view, "ED"].info, view).items():
                if name in values:
                    differences[name].append(values[name] - reference)
    table = {name: summary(values) for name, values in sorted(columns.items())}
    beside = {name: summary(values) for name, values in sorted(differences.items())}
    if args.json:
        report = {"split": args.split, "patients": len(patients), "measured": table, "minus_reference": beside}
        print(json.dumps(report, indent=2))
        return
    print(f"CAMUS {args.split}, {len(patients)} patients; mean ± sd (range); normal men; women (Lang 2015, table 2)")
    for name, row in table.items():
        unit = "%" if name.startswith("EF") else "mL"
        spread = f"{row['mean']:6.1f} ± {row['sd']:5.1f} {unit:2} ({row['low']:.0f} to {row['high']:.0f})"
        print(f"{name:22} n={row['patients']:<4.0f}{spread:36} {NORMAL[name.split()[0]]}")
    if "EF biplane" not in table:
        print("biplane: no patient has the spacing of both views")
    for name, row in beside.items():
        print(f"{name:22} minus Info_*.cfg: {row['mean']:+.1f} ± {row['sd']:.1f}, n={row['patients']}")
    if not beside:
        print("no patient has Info_*.cfg with reference values")
    print(WHY)


if __name__ == "__main__":
    main()
