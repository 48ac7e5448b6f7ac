"""A report: what evaluations found, as tables in the papers' layout, plots and contact sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from echo_studio.types import Json

Cell = str | int | float | None
LONG_NAMES = {"lv_endo": "LV endocardium", "lv_epi": "LV epicardium", "la": "left atrium"}
DISTANCES = (("frechet", "Fréchet distance"), ("kernel", "kernel distance"))


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        columns: headings.
        rows: a value for each heading; None is shown as a dash, numbers as they are.
        published: numbers of the rows that come from a paper, not from us.
        note: what must be known to read it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    published: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Plot:
    """Lines over NFE.

    Attributes:
        lines: (NFE, value) by name.
        log: both axes are logarithmic; else that of NFE alone.
    """

    title: str
    measure: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    log: bool = False


@dataclass(frozen=True)
class Report:
    """Everything that is on the page.

    Attributes:
        pictures: contact sheets and the like, by caption.
        records: what was read, by file name: settings, versions and all figures.
    """

    title: str
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    pictures: dict[str, Path] = field(default_factory=dict)
    records: dict[str, Json] = field(default_factory=dict)


def shown(value: Cell) -> str:
    """A cell as text."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def fidelity_rows(report: Json) -> list[tuple[str, str, str]]:
    """What `evaluate.frames.fidelity.measure_fidelity` finds, a line a figure: of generated frames, of real ones."""
    rows = [("frames", str(report["n"]["made"]), str(report["n"]["other"]))]
    if report["adherence"]:
        real = report["adherence"]["real"]
        rows += [
            (f"Dice, {LONG_NAMES[key]}", f"{value:.3f}", f"{real[key]:.3f}")
            for key, value in report["adherence"]["made"].items()
        ]
    rows += [(key.upper(), f"{report[key]:.3f}", "") for key in ("ssim", "psnr") if report[key] is not None]
    for network, name in (("echo", "echo features"), ("inception", "Inception")):
        if report[network]:
            rows += [
                (f"{title}, {name}", f"{report[network][key]:.3f}", f"{report[network][f'{key}_real']:.3f}")
                for key, title in DISTANCES
            ]
    for key, entry in report["speckle"].items():
        if key != "n":
            ours, theirs = (f"{entry[name]['mean']:.3f} ± {entry[name]['sd']:.3f}" for name in ("made", "real"))
            rows.append((key.replace("_", " "), ours, theirs))
    profile = report["depth_profile"]
    return [
        *rows,
        ("depth profile, grey levels apart", f"{profile['distance']:.2f}", f"{profile['distance_real']:.2f}"),
    ]
