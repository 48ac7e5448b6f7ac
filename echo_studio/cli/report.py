"""`echo-studio evaluate report`: what was measured, on one page."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_json


def report(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="JSON of evaluations, named after them, and pictures.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(help="The HTML page; the same as Markdown goes beside it.")] = Path(
        "report.html"
    ),
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Echo Studio: results",
    as_json: JsonOption = False,
) -> None:
    """Write one self-contained HTML page, and Markdown: tables in the papers' layout, plots, contact sheets, records.

    FOLDER holds what the evaluations print with --json, each in a file whose name begins with the evaluation's:
    utility-*.json, quality-*.json, fidelity-*.json, privacy-*.json, video-*.json, and throughput.json of the benchmark.
    Pictures (.png, .webp) are shown with their names as captions. The page opens off line.

    \b
    Example:
      echo-studio evaluate quality --nfe 2,5,10 --data ~/data/CAMUS_public --json > results/quality.json
      echo-studio evaluate report results --out report.html
    """
    from echo_studio.data.atomic import check_writable
    from echo_studio.errors import RequestError
    from echo_studio.evaluate.report.page import write_report
    from echo_studio.evaluate.report.sections import read_report

    if out.suffix != ".html":
        raise RequestError(expected="an output that ends in .html", got=str(out), remedy="try --out report.html")
    check_writable(out)
    written = write_report(read_report(results, title), out)
    if as_json:
        print_json({"files": [str(path) for path in written]})
    else:
        typer.echo("  ".join(str(path) for path in written))
