"""A report: what evaluations found, as tables in the papers' layout, plots and contact sheets.

The JSON of each evaluation becomes tables and plots; a file's name begins with what it holds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from echo_studio.errors import DataError
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
    """Lines over NFE, or over another axis.

    Attributes:
        lines: (NFE, value) by name.
        log: both axes are logarithmic; else that of NFE alone.
        axis: what the values stand over.
    """

    title: str
    measure: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    log: bool = False
    axis: str = "NFE"


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


def scores_by(found: Json) -> dict[str, Json]:
    """Figures by whose they are. What holds no `labeller` was measured when the labeller alone scored."""
    return {"judge": found, "labeller": found["labeller"]} if "labeller" in found else {"labeller": found}


def fidelity_rows(report: Json) -> list[tuple[str, str, str]]:
    """What `evaluate.frames.fidelity.measure_fidelity` finds, a line a figure: of generated frames, of real ones."""
    rows = [("frames", str(report["n"]["made"]), str(report["n"]["other"]))]
    by = scores_by(report)
    for scorer, scores in by.items():
        if scores["adherence"]:
            real = scores["adherence"]["real"]
            rows += [
                (f"Dice, {LONG_NAMES[key]} ({scorer})", f"{value:.3f}", f"{real[key]:.3f}")
                for key, value in scores["adherence"]["made"].items()
            ]
    rows += [(key.upper(), f"{report[key]:.3f}", "") for key in ("ssim", "psnr") if report[key] is not None]
    networks = {f"echo features ({scorer})": scores["echo"] for scorer, scores in by.items()}
    if report["inception"]:
        networks["Inception"] = report["inception"]
    rows += [
        (f"{title}, {name}", f"{found[key]:.3f}", f"{found[f'{key}_real']:.3f}")
        for name, found in networks.items()
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


def realism_rows(report: Json) -> list[tuple[str, str, str, str]]:
    """What `evaluate.frames.realism.measure_realism` finds, a line a figure: of made frames, real ones, the ratio."""
    rows = []
    for entry in report["two_sample"]:
        area, name = entry["auc"], f"AUC at {entry['side']} x {entry['side']}"
        rows.append((name, f"{_spread(area)}, highest {area['max']:.3f}", "", ""))
    figures = {f"high-pass strength, σ = {entry['sigma']:g} px": entry for entry in report["high_pass"]}
    figures |= {key.replace("_", " "): entry for key, entry in report["speckle"].items() if key != "n"}
    figures |= {"mean grey": report["grey"]["mean"], "contrast": report["grey"]["contrast"]}
    for name, entry in figures.items():
        if entry is not None:
            ratio = "" if entry["mean_ratio"] is None else f"{entry['mean_ratio']:.3f}"
            rows.append((name, _spread(entry["made"]), _spread(entry["real"]), ratio))
    return rows


def _spread(entry: Json) -> str:
    return f"{entry['mean']:.3f} ± {entry['sd']:.3f}"


def realism_plots(report: Json) -> list[Plot]:
    """AUC by the side of the frames, and high-pass strength over that of real frames by scale."""
    name = _source(report["source"])
    areas = [(entry["side"], entry["auc"]["max"]) for entry in report["two_sample"]]
    plots = [
        Plot(
            "Realism: the two-sample test",
            "AUC, or 1 - AUC where that is larger, highest of all seeds",
            {name: areas, "nothing to tell": [(side, report["chance"]) for side, _ in areas]},
            axis="side of the frames, pixels",
        )
    ]
    ratios = [(entry["sigma"], entry["mean_ratio"]) for entry in report["high_pass"] if entry["mean_ratio"] is not None]
    spreads = [(entry["sigma"], entry["sd_ratio"]) for entry in report["high_pass"] if entry["sd_ratio"] is not None]
    lines = {f"{name}: mean": ratios, f"{name}: spread between frames": spreads}
    lines = {key: line for key, line in lines.items() if line}
    if lines:
        real = [(entry["sigma"], 1.0) for entry in report["high_pass"]]
        plots.append(
            Plot(
                "Realism: high-pass strength",
                "made over real",
                {**lines, "real frames": real},
                axis="σ of the blur that is taken away, pixels",
            )
        )
    return plots


# Rows of the papers' tables, to stand beside ours: percent, mean and standard deviation where the paper gives one.
# 000: Stojanovski et al. 2023, Table 1 (the 50 official test patients of CAMUS, a network trained on synthetic frames
# alone). 002: Nguyen et al. 2023, Table 1 (CAMUS). 004: Nguyen et al. 2024, Table 1 (CAMUS).

# What, Dice of LV endocardium, LV epicardium and left atrium.
PUBLISHED_UTILITY = (
    ("SDM, all frames (000)", "88.5 ± 6.0", "92.3 ± 3.9", "86.3 ± 10.7"),
    ("CycleGAN, Gilbert et al. (000)", "79.4 ± 9.9", "88.6 ± 5.4", "71.3 ± 23.7"),
)

# Method, frames, start step of 64, SSIM, PSNR, FID, FVD.
PUBLISHED_VIDEO = (
    ("concat, cascade (002)", 16, None, 0.47, None, 42.93, 278.35),
    ("concat, cascade (002)", 24, None, 0.51, None, 50.93, 310.05),
    ("concat, DDPM (002)", 16, None, 0.55, None, 28.56, 137.73),
    ("concat, DDPM (002)", 24, None, 0.53, None, 21.46, 144.79),
    ("SPADE, cascade (002)", 16, None, 0.49, None, 34.52, 214.45),
    ("SPADE, cascade (002)", 24, None, 0.52, None, 40.87, 231.88),
    ("SPADE, DDPM (002)", 16, None, 0.56, None, 18.65, 89.78),
    ("SPADE, DDPM (002)", 24, None, 0.54, None, 16.05, 115.79),
    ("SDEdit (004)", 24, None, 0.23, 19.54, 32.45, 213.50),
    ("classifier-free (004)", 24, None, 0.52, 22.49, 22.50, 150.80),
    ("Free-Echo (004)", 24, 15, 0.48, 20.43, 26.31, 195.41),
    ("Free-Echo (004)", 24, 35, 0.27, 16.54, 53.71, 312.12),
    ("Free-Echo (004)", 24, 55, 0.12, 13.45, 67.15, 412.55),
)


STRUCTURES = {"lv_endo": "LV endo", "lv_epi": "LV epi", "la": "LA"}
PICTURES = (".png", ".webp")


def read_report(folder: Path, title: str) -> Report:
    """Gather what a folder holds: JSON as `--json` prints it, pictures by their names as captions.

    Args:
        folder: of files such as utility-unet8.json, quality-edm-l64.json, video.json, throughput.json, hearts.webp.

    Raises:
        DataError: nothing to report, a JSON file that cannot be read, or one whose name tells no evaluation.
    """
    report = Report(title)
    for path in sorted(folder.glob("*.json")):
        kind = path.stem.split("-")[0]
        if kind not in SECTIONS:
            raise DataError(
                expected=f"files whose names begin with {', '.join(SECTIONS)}",
                got=path.name,
                remedy="rename or move it",
            )
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            tables, plots = SECTIONS[kind](found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                expected=f"what `echo-studio evaluate {kind} --json` prints",
                got=f"{path.name}: {type(error).__name__} {error}",
                remedy="measure again",
            ) from error
        report.tables.extend(tables)
        report.plots.extend(plots)
        report.records[path.name] = found
    for path in sorted(path for path in folder.glob("*") if path.suffix in PICTURES):
        report.pictures[path.stem.replace("-", " ").capitalize()] = path
    if not report.tables and not report.pictures:
        raise DataError(
            expected=f"JSON files of evaluations in {folder}",
            got="none",
            remedy="run `echo-studio evaluate quality --json > FOLDER/quality.json`, for example",
        )
    return report


def _utility(found: Json) -> tuple[list[Table], list[Plot]]:
    runs = found["runs"]
    rows: list[list[Cell]] = [
        [f"{run['generator']}, {run['solver'] or '–'}, {run['nfe']} NFE", *_utility_cells(run["figures"])]
        for run in runs
    ]
    rows.append([f"real frames ({found['real_images']['learn']})", *_utility_cells(found["real_figures"])])
    ours = len(rows)
    rows += [[name, *dice, None, None, None] for name, *dice in PUBLISHED_UTILITY]
    boot = found["bootstrap"]
    # The first signs of each hash: two runs of one name may have had other weights.
    made_with = dict.fromkeys(" ".join([run["generator"], *(sha[:8] for sha in run["weights"])]) for run in runs)
    trained = "one seed" if found["seeds"] == 1 else f"mean of {found['seeds']} seeds"
    note = (
        f"Percent on {found['n_test']} real frames of the {found['test_split']} split, {found['segmenter']['name']}, "
        f"{trained} ± deviation of {boot['rounds']} bootstraps of {boot['share']:.0%}; Hausdorff distances of frames "
        f"at 256 x 256. Weights: {', '.join(made_with)}. Published rows: the 50 official test patients."
    )
    columns = ["Trained on", *STRUCTURES.values(), "Hausdorff endo, px", "Hausdorff endo, mm", "View accuracy"]
    title = f"Utility on real hearts, {found['maps']:,} label maps"
    table = Table(title, columns, rows, frozenset(range(ours, len(rows))), note)
    plots = []
    if len({run["nfe"] for run in runs}) > 1:
        picks: dict[str, Callable[[Json], float | None]] = {
            "Dice of LV endocardium, %": lambda figures: _percent(figures["dice"].get("lv_endo")),
            "Hausdorff distance of LV endocardium, px": lambda figures: _mean(figures["hausdorff_px"].get("lv_endo")),
            "View accuracy, %": lambda figures: _percent(figures["view_accuracy"]),
        }
        for measure, pick in picks.items():
            lines: dict[str, list[tuple[float, float]]] = {}
            for run in runs:
                if (value := pick(run["figures"])) is not None:
                    lines.setdefault(run["generator"], []).append((run["nfe"], value))
            if lines:
                if (real := pick(found["real_figures"])) is not None:
                    budgets = [run["nfe"] for run in runs]
                    lines["real frames"] = [(min(budgets), real), (max(budgets), real)]
                plots.append(Plot("Utility against NFE", measure, lines))
    return [table], plots


def _utility_cells(figures: Json) -> list[Cell]:
    def percent(one: Json | None) -> Cell:
        return None if one is None else f"{100 * one['mean']:.1f} ± {100 * one['bootstrap_sd']:.1f}"

    def length(one: Json | None) -> Cell:
        return None if one is None else f"{one['mean']:.1f} ± {one['bootstrap_sd']:.1f}"

    return [
        *(percent(figures["dice"].get(key)) for key in STRUCTURES),
        length(figures["hausdorff_px"].get("lv_endo")),
        length(figures["hausdorff_mm"].get("lv_endo")),
        percent(figures["view_accuracy"]),
    ]


def _mean(one: Json | None) -> float | None:
    return None if one is None else float(one["mean"])


def _percent(one: Json | None) -> float | None:
    return None if one is None else 100 * float(one["mean"])


def _quality(found: Json) -> tuple[list[Table], list[Plot]]:
    name, lines = found["generator"], found["by_nfe"]
    rows: list[list[Cell]] = []
    for scorer, whole in scores_by(found).items():
        for line in lines:
            own = scores_by(line)[scorer]
            dice = (own.get(key) for key in STRUCTURES)
            rows.append([name, scorer, line["solver"], line["nfe"], *dice, own["frechet"], *_grain(line)])
        real = whole["real"]
        dice = (real.get(key) for key in STRUCTURES)
        rows.append(["real frames", scorer, None, None, *dice, real["frechet"], 1.0, 1.0])
    note = (
        f"Adherence (Dice) and Fréchet distance on echo features, {found['n']} frames. Features: "
        f"{_features(scores_by(found))}. "
        "Real frames: adherence of the same frames, Fréchet distance of as many frames of other hearts. Grain: mean "
        "strength of what is finer than a pixel and its spread over frames, over those of the real frames."
    )
    columns = ["Frames", "Scored by", "Solver", "NFE", *STRUCTURES.values(), "Fréchet", "Grain", "Grain spread"]
    table = Table(f"Quality of {name}", columns, rows, note=note)
    plots = []
    if len(lines) > 1:
        curves = {f"{name}, {title}": [(line["nfe"], line[key]) for line in lines] for key, title in STRUCTURES.items()}
        plots.append(Plot(f"Quality of {name}", "adherence", curves))
    return [table], plots


def _features(found: Mapping[str, Json]) -> str:
    """Whose features they are and what."""
    return "; ".join(f"{scorer}: {one['features']}" for scorer, one in found.items())


def _grain(line: Json) -> tuple[Cell, Cell]:
    return line.get("grain"), line.get("grain_spread")


def _fidelity(found: Json) -> tuple[list[Table], list[Plot]]:
    features = _features({scorer: scores["echo"] for scorer, scores in scores_by(found).items()})
    note = f"Features: {features}. Speckle along and across the beams, mean and deviation over frames."
    columns = ["Measure", _source(found["source"]), "Real frames"]
    return [Table("Fidelity", columns, fidelity_rows(found), note=note)], []


def _source(source: Json) -> str:
    """Where judged frames come from, see `MadeSet.source`."""
    if "codec" in source:
        looks = f", {source['looks']} looks" if "looks" in source else ""
        return f"real frames through {source['codec']}{looks}"
    return source["images"] if "images" in source else "{generator}, {solver}, {nfe} NFE".format(**source)


def _realism(found: Json) -> tuple[list[Table], list[Plot]]:
    seeds = "one network" if found["seeds"] == 1 else f"mean and deviation of {found['seeds']} networks"
    note = (
        f"AUC, or 1 - AUC where that is larger, of {seeds} that learned from {found['n']['learn']} real and as many "
        f"made frames of other patients; nothing to tell would give {found['chance']:.3f}. Figures of "
        f"{found['n']['test']} frames at 256 x 256, 10 pixels inside the sector: mean and deviation between frames. "
        "High-pass strength: deviation of a frame minus its Gaussian blur. Contrast: deviation of grey."
    )
    columns = ["Measure", _source(found["source"]), "Real frames", "Made / real"]
    return [Table("Realism", columns, realism_rows(found), note=note)], realism_plots(found)


DEFECT_COLUMNS = (
    "Defect",
    "Maps",
    "Grey without",
    "Grey with",
    "Deviation",
    "Pixels",
    "Cavity around",
    "Beyond sector",
)


def defect_rows(found: Json) -> list[tuple[Cell, ...]]:
    """What `evaluate.frames.defect_effects.measure_defects` finds, a line a defect, by `DEFECT_COLUMNS`."""
    keys = ("defect", "n", "before", "after", "deviation", "pixels", "cavity", "beyond")
    return [tuple(entry.get(key, "") for key in keys) for entry in found["defects"]]


def _defects(found: Json) -> tuple[list[Table], list[Plot]]:
    note = (
        f"{found['generator']}, {found['solver']}, {found['nfe']} NFE, {found['n']} maps of the validation split: mean "
        "grey levels of the pixels that the defect changes, in the frame without it and with it, of the same seed; "
        "deviation within them. Beyond sector: the most pixels of structures that any map has there."
    )
    return [Table("Defects", DEFECT_COLUMNS, defect_rows(found), note=note)], []


def _privacy(found: Json) -> tuple[list[Table], list[Plot]]:
    alarms, near, counts = found["false_alarms"], found["near"], found["n"]
    frames = found["frames"]
    low, high = alarms["interval_95"]
    note = (
        f"A frame is flagged where its grain or its structure is nearer to one of {counts['training']} training images "
        f"than {near['grain']} or {near['structure']}. False alarms: {alarms['flagged']} of {alarms['n']} held-out "
        f"real images ({alarms['rate']:.1%}; 95 % interval {low:.1%} to {high:.1%})."
    )
    rows: list[list[Cell]] = [
        [
            _source(found["source"]),
            counts["made"],
            found["flagged"],
            *(max(one[key] for one in frames) for key in ("grain", "structure")),
        ]
    ]
    columns = ["Frames of", "Frames", "Flagged", "Nearest grain", "Nearest structure"]
    return [Table("Privacy: likeness to training images", columns, rows, note=note)], []


def _video(found: Json) -> tuple[list[Table], list[Plot]]:
    keys = (
        "ssim",
        "psnr",
        "fid",
        "fvd",
        "frechet_frames",
        "frechet_motion",
        "flicker",
        "loop",
        "lv_dice",
        "ef_error",
        "ef_rank",
    )
    rows: list[list[Cell]] = [
        [
            f"{_video_name(row)} ({scorer})", row["frames"], row["n"], row["start_step"] or None, row["nfe"] or None,
            *((own if key in own else row)[key] for key in keys),
        ]
        for row in found["rows"]
        for scorer, own in scores_by(row).items()
    ]  # fmt: skip
    ours = len(rows)
    rows += [[name, frames, None, step, None, *values, *[None] * 7] for name, frames, step, *values in PUBLISHED_VIDEO]
    asked = (
        f"EF asked in turn: {', '.join(f'{ef:g}' for ef in found['efs'])} %."
        if found["efs"]
        else "EF: each patient's own."
    )
    note = (
        f"n clips of the {found['split']} split, {found['view']}, against {found['reference']}, which are no "
        "recordings; published rows are against real clips. In brackets: whose Fr, LV Dice and EF these are. Fr: "
        f"Fréchet distances on echo features ({_features(scores_by(found))}) of frames and of differences between "
        "frames: compare rows of equal n. Flicker and loop: change from frame to frame over the reference's, and of "
        "the last frame to the first over that between neighbours. " + asked
    )
    columns = [
        "Clips", "Frames", "n", "t", "NFE", "SSIM", "PSNR", "FID", "FVD", "Fr frames", "Fr motion", "Flicker",
        "Loop", "LV Dice", "EF error", "EF rank",
    ]  # fmt: skip
    return [Table("Videos", columns, rows, frozenset(range(ours, len(rows))), note)], []


def _video_name(row: Json) -> str:
    return f"{row['generator']}, s = {row['guidance']:g}" if row["guidance"] else str(row["generator"])


def _throughput(found: Json) -> tuple[list[Table], list[Plot]]:
    rows = [row for row in found["rows"] if row["formulation"] == "prepared"]
    budgets = sorted({row["nfe"] for row in rows})
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        lines.setdefault(row["generator"], []).append((row["nfe"], row["images_per_second"]))
    speeds: Sequence[Sequence[Cell]] = [
        [name, *(dict(line).get(budget) for budget in budgets)] for name, line in lines.items()
    ]
    columns = ["Images a second at NFE", *map(str, budgets)]
    return (
        [Table("Throughput", columns, speeds, note=found["about"])],
        [Plot("Throughput", "images a second", lines, log=True)],
    )


SECTIONS: dict[str, Callable[[Json], tuple[list[Table], list[Plot]]]] = {
    "utility": _utility,
    "quality": _quality,
    "fidelity": _fidelity,
    "realism": _realism,
    "defects": _defects,
    "privacy": _privacy,
    "video": _video,
    "throughput": _throughput,
}
