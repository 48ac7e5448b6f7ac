"""What `fidelity.measure_fidelity` finds, as lines of a table."""

from echo_studio.types import Json

STRUCTURES = {"lv_endo": "LV endocardium", "lv_epi": "LV epicardium", "la": "left atrium"}
DISTANCES = (("frechet", "Fréchet distance"), ("kernel", "kernel distance"))


def fidelity_rows(report: Json) -> list[tuple[str, str, str]]:
    """A line a figure: what made frames reach, what real ones do."""
    rows = [("frames", str(report["n"]["made"]), str(report["n"]["other"]))]
    if report["adherence"]:
        real = report["adherence"]["real"]
        rows += [
            (f"Dice, {STRUCTURES[key]}", f"{value:.3f}", f"{real[key]:.3f}")
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
