"""Comparisons: start, watch, cancel, frames, label maps and downloads."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.studio.compare.comparisons import ComparisonJob
from echo_studio.studio.compare.figures import figures_csv
from echo_studio.studio.compare.files import everything_zip
from echo_studio.studio.compare.run import Comparison
from echo_studio.studio.compare.sheet import contact_sheet
from echo_studio.types import Json
from echo_studio.web.wire.bodies import ComparisonBody
from echo_studio.web.wire.wire import Mine, TheStudio, attachment, found, map_response, png_response, session_of

# Name: media type, and what writes it for a comparison and the number of its reference.
DOWNLOADS: dict[str, tuple[str, Callable[[Comparison, int], bytes]]] = {
    "sheet.png": ("image/png", contact_sheet),
    "figures.csv": (
        "text/csv; charset=utf-8",
        lambda comparison, reference: figures_csv(comparison, reference).encode(),
    ),
    "all.zip": ("application/zip", everything_zip),
}


router = APIRouter(prefix="/comparisons", dependencies=[Depends(session_of)])  # no route opens without a token


def job_of(studio: TheStudio, number: int, session: Mine) -> ComparisonJob:
    job = studio.comparisons.current(session)
    kept = job if job is not None and job.number == number else None
    return found(kept, f"Comparison {number} is not kept: only the newest one is. Run it again.")


FoundJob = Annotated[ComparisonJob, Depends(job_of)]


def cell_of(cell: int, job: FoundJob) -> int:
    if not 0 <= cell < len(job.request.plan.cells):
        raise HTTPException(404, f"The comparison has cells 0 to {len(job.request.plan.cells) - 1}.")
    return cell


@router.post("")
def start(studio: TheStudio, session: Mine, body: ComparisonBody) -> Json:
    guides = body.guides(session, studio.comparisons)
    rows, columns = body.rows.axis(guides), body.columns.axis(guides)
    sent = body.model_dump(exclude_unset=True)
    job = studio.comparisons.start(session, rows, columns, guides, body.fixed_values(), sent)
    return studio.comparisons.describe(job, 0)


@router.get("")
def newest(studio: TheStudio, session: Mine) -> Json:
    """The comparison of this project, or nothing in it if there is none."""
    job = studio.comparisons.current(session)
    return {} if job is None else studio.comparisons.describe(job, 0)


@router.get("/{number}")
def progress(studio: TheStudio, job: FoundJob, reference: int = 0) -> Json:
    """How far it is, with the figures of its cells against the one of this number."""
    return studio.comparisons.describe(job, reference)


@router.post("/{number}/cancel")
def cancel(studio: TheStudio, job: FoundJob) -> Json:
    studio.comparisons.cancel(job)
    return {}


@router.get("/{number}/cells/{cell}/frame")
def frame(job: FoundJob, cell: Annotated[int, Depends(cell_of)]) -> Response:
    return png_response(found(job.request.cells[cell].generated, "This cell has no frame.", 409).image)


@router.get("/{number}/cells/{cell}/label-map")
def label_map(job: FoundJob, cell: Annotated[int, Depends(cell_of)]) -> Response:
    guide = job.request.plan.cells[cell].request.label_map
    return map_response(guide, sector_region(guide))


@router.get("/{number}/download/{name}")
def download(job: FoundJob, name: str, reference: int = 0) -> Response:
    if name not in DOWNLOADS:
        raise HTTPException(404, f"Choose one of: {', '.join(DOWNLOADS)}.")
    media_type, write = DOWNLOADS[name]
    return attachment(write(job.request, reference), media_type, f"echo-comparison-{name}")
