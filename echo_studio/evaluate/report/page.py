"""A report as one HTML page that needs nothing beside it, and as Markdown."""

import base64
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from itertools import cycle
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from echo_studio import __version__
from echo_studio.data.atomic import write_bytes, write_together
from echo_studio.evaluate.report.sections import Plot, Report, Table, shown

SYNTHETIC = "Synthetic images. Not for diagnosis."
STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8884 }
th:first-child, td:first-child { text-align: left; white-space: nowrap }
tr.published { font-style: italic; opacity: .75 }
.wide { overflow-x: auto } .note { opacity: .8; max-width: 60rem } img { max-width: 100% }
.warning { background: #f0ad4e; color: #000; padding: .2rem .6rem; border-radius: .3rem; font-weight: 600 }
pre { max-height: 30rem; overflow: auto; font-size: 12px; background: #8881; padding: 1rem }
"""


def write_report(report: Report, path: Path) -> tuple[Path, Path]:
    """Write the page at `path` (.html) and the same as Markdown beside it; nothing is half-written."""
    beside = path.with_suffix(".md")
    write_together({path: html(report).encode(), beside: markdown(report).encode()})
    return path, beside


def html(report: Report) -> str:
    """The page; pictures and plots are inside it, so that it opens off line."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{escape(report.title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(report.title)}</h1>",
        f'<p><span class="warning">{SYNTHETIC}</span> {escape(_made())} Rows in italics are published figures.</p>',
        *(_html_table(table) for table in report.tables),
        *(f"<h2>{escape(plot.title)}</h2>{_svg(plot)}" for plot in report.plots),
        *(_html_picture(caption, path) for caption, path in report.pictures.items()),
        "<h2>Records</h2>",
        *(
            f"<details><summary>{escape(name)}</summary><pre>{escape(json.dumps(found, indent=1))}</pre></details>"
            for name, found in report.records.items()
        ),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def markdown(report: Report) -> str:
    """Tables alone, and where the pictures lie."""
    parts = [f"# {report.title}", f"{SYNTHETIC} {_made()} Rows marked † are published figures."]
    for table in report.tables:
        lines = [_line(table.columns), _line(["---", *["--:"] * (len(table.columns) - 1)])]
        for number, row in enumerate(table.rows):
            first, *rest = map(shown, row)
            lines.append(_line([f"{first} †" if number in table.published else first, *rest]))
        parts += [f"## {table.title}", *([table.note] if table.note else []), "\n".join(lines)]
    parts += [f"![{caption}]({path.name})" for caption, path in report.pictures.items()]
    return "\n\n".join(parts) + "\n"


def _made() -> str:
    return f"Echo Studio {__version__}, {datetime.now(UTC):%Y-%m-%d}."


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    body = "".join(
        f"<tr{' class=published' if number in table.published else ''}>"
        + "".join(f"<td>{escape(shown(cell))}</td>" for cell in row)
        + "</tr>"
        for number, row in enumerate(table.rows)
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return f'<h2>{escape(table.title)}</h2>{note}<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _html_picture(caption: str, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<h2>{escape(caption)}</h2><img alt="{escape(caption)}" src="data:image/{path.suffix[1:]};base64,{data}">'


def write_plots(plots: Sequence[Plot], path: Path) -> None:
    """Write plots side by side as one PNG picture; nothing is half-written.

    Raises:
        OutputError: it cannot be written.
    """
    figure = Figure(figsize=(8 * len(plots), 4.5), layout="constrained")
    for plot, axes in zip(plots, figure.subplots(1, len(plots), squeeze=False)[0], strict=True):
        _paint(plot, axes)
        axes.set_title(plot.title)
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)  # type: ignore[no-untyped-call]
    write_bytes(path, picture.getvalue())


def _svg(plot: Plot) -> str:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    _paint(plot, figure.subplots())
    text = io.StringIO()
    # Names inside the drawing: the same every time, and no two plots of a page share one.
    with matplotlib.rc_context({"svg.hashsalt": f"{plot.title} {plot.measure}"}):
        FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None})  # type: ignore[no-untyped-call]
    return text.getvalue()[text.getvalue().index("<svg") :]


def _paint(plot: Plot, axes: Axes) -> None:
    for (name, line), mark in zip(plot.lines.items(), cycle("osD^vP*X"), strict=False):
        axes.plot(*zip(*sorted(line), strict=True), marker=mark, label=name)
    axes.set(xscale="log", yscale="log" if plot.log else "linear", xlabel=plot.axis, ylabel=plot.measure)
    places = sorted({place for line in plot.lines.values() for place, _ in line})
    axes.set_xticks(places, [f"{place:g}" for place in places], minor=False)
    axes.set_xticks([], minor=True)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
