"""What throughput.py prints and writes: rows, tables, files and the plot."""

import csv
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stopwatch import Laps

NFE = [1, 2, 5, 10, 20, 50, 100, 200, 1000]
SLOWEST, CHAIN = "sdm", 1000  # what the papers' Fig. 4 compares with: SDM's full chain


@dataclass(frozen=True)
class Row:
    """One point of the plot.

    Attributes:
        trained: whether with the weights of a checkpoint or random ones.
        formulation: of `formulations.FORMULATIONS`.
        computed_from: how many calls the run was computed from; 0 where it was timed whole.
    """

    generator: str
    trained: bool
    formulation: str
    nfe: int
    seconds: float
    computed_from: int

    @property
    def images_per_second(self) -> float:
        return 1 / self.seconds


def rows_of(name: str, trained: bool, formulation: str, timed: Mapping[int, Laps], nfe: Sequence[int]) -> list[Row]:
    """Rows of one generator in one formulation, from whole runs at some NFE and the calls within the longest.

    A run that was not timed is the longest one with the median call added, or taken away, for each NFE of difference.
    """
    longest = max(timed)
    rows = []
    for count in nfe:
        if count in timed:
            seconds, calls = timed[count].seconds, 0
        else:
            seconds = timed[longest].seconds + (count - longest) * timed[longest].call
            calls = len(timed[longest].calls)
        rows.append(Row(name, trained, formulation, count, seconds, calls))
    return rows


def ratios(rows: Sequence[Row]) -> dict[Row, float | None]:
    """How many times the images a second of SDM's full chain in the same formulation; None where SDM was not timed."""
    chains = {row.formulation: row for row in rows if (row.generator, row.nfe) == (SLOWEST, CHAIN)}
    return {row: chains[row.formulation].seconds / row.seconds if row.formulation in chains else None for row in rows}


def print_tables(rows: Sequence[Row], about: str) -> None:
    print(about)
    columns = sorted({row.nfe for row in rows})
    names = list(dict.fromkeys(row.generator for row in rows))
    untrained = {row.generator for row in rows if not row.trained}
    by = {(row.generator, row.formulation, row.nfe): row for row in rows}
    times = ratios(rows)

    def head(title: str) -> None:
        print(f"\n{title}\n{'NFE':14}" + "".join(f"{nfe:>10}" for nfe in columns))

    def line(name: str, cells: list[str]) -> None:
        print(f"{name + ('*' if name in untrained else ''):14}" + "".join(f"{cell:>10}" for cell in cells))

    calls = [row.computed_from for row in rows if row.computed_from and row.formulation == "prepared"]
    computed = f"; ~ computed from {min(calls)} calls or more" if calls else ""
    head(f"images a second, modulation prepared, channels-last (* random weights{computed})")
    for name in names:
        found = [by.get((name, "prepared", nfe)) for nfe in columns]
        line(name, [f"{'~' * (r.computed_from > 0)}{r.images_per_second:.3g}" if r else "" for r in found])
    if any(times.values()):
        head(f"times the images a second of {SLOWEST} at {CHAIN} NFE")
        for name in names:
            found = [by.get((name, "prepared", nfe)) for nfe in columns]
            line(name, [f"{times[r]:.1f}" if r else "" for r in found])
    print("\nseconds an image at 20 NFE, and how many times as fast the prepared modulation is")
    print(f"{'':14}{'prepared':>10}{'recomputed':>12}{'papers':>10}{'vs recomp.':>12}{'vs papers':>11}")
    for name in names:
        three = [by.get((name, formulation, 20)) for formulation in ("prepared", "recomputed", "papers")]
        if None not in three:
            ours, again, theirs = (row.seconds for row in three if row)
            cells = f"{ours:10.3f}{again:12.3f}{theirs:10.3f}{again / ours:12.2f}{theirs / ours:11.2f}"
            print(f"{name + ('*' if name in untrained else ''):14}{cells}")


def save(folder: Path, rows: Sequence[Row], about: str) -> None:
    """throughput.csv, throughput.json and throughput.png."""
    folder.mkdir(parents=True, exist_ok=True)
    times = ratios(rows)
    records = [
        {
            **dataclasses.asdict(row),
            "images_per_second": row.images_per_second,
            f"times_{SLOWEST}_{CHAIN}": times[row],
        }
        for row in rows
    ]
    with (folder / "throughput.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    (folder / "throughput.json").write_text(json.dumps({"about": about, "rows": records}, indent=2) + "\n")
    plot(folder / "throughput.png", rows, about)


def plot(path: Path, rows: Sequence[Row], about: str) -> None:
    """Both axes logarithmic; filled where timed, hollow where computed, dashed in the papers' formulation."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(dict.fromkeys(row.generator for row in rows)):
        for formulation, style in (("prepared", "-"), ("papers", ":")):
            line = [row for row in rows if (row.generator, row.formulation) == (name, formulation)]
            if not line:
                continue
            nfe, speed = [row.nfe for row in line], [row.images_per_second for row in line]
            label = name if formulation == "prepared" else None
            axes.plot(nfe, speed, style, color=f"C{place}", label=label, alpha=1 if label else 0.6)
            if label:
                faces = [f"C{place}" if row.computed_from == 0 else "white" for row in line]
                axes.scatter(nfe, speed, c=faces, edgecolors=f"C{place}", zorder=3)
    axes.set(xscale="log", yscale="log", xlabel="NFE", ylabel="images a second")
    axes.set_xticks(NFE, [str(nfe) for nfe in NFE])
    axes.grid(which="both", alpha=0.25)
    axes.legend(title="dotted: papers' formulation\nhollow: computed from calls", fontsize=8, title_fontsize=8)
    axes.set_title(about, fontsize=8)
    FigureCanvasAgg(figure).print_png(path)
