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
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.bodies import ComparisonBody
from echo_studio.web.wire.wire import attachment, map_response, png, session_getter

# Name: media type, and what writes it for a comparison and the number of its reference.
DOWNLOADS: dict[str, tuple[str, Callable[[Comparison, int], bytes]]] = {
    "sheet.png": ("image/png", contact_sheet),
    "figures.csv": (
        "text/csv; charset=utf-8",
        lambda comparison, reference: figures_csv(comparison, reference).encode(),
    ),
    "all.zip": ("application/zip", everything_zip),
}


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(prefix="/comparisons", dependencies=[Depends(session_of)])  # no route opens without a token
    Mine = Annotated[Session, Depends(session_of)]
    comparisons = studio.comparisons

    def job_of(number: int, session: Mine) -> ComparisonJob:
        job = comparisons.current(session)
        if job is None or job.number != number:
            raise HTTPException(404, f"Comparison {number} is not kept: only the newest one is. Run it again.")
        return job

    FoundJob = Annotated[ComparisonJob, Depends(job_of)]

    def cell_of(cell: int, job: FoundJob) -> int:
        if not 0 <= cell < len(job.request.plan.cells):
            raise HTTPException(404, f"The comparison has cells 0 to {len(job.request.plan.cells) - 1}.")
        return cell

    @router.post("")
    def start(session: Mine, body: ComparisonBody) -> Json:
        guides = body.guides(session, comparisons)
        rows, columns = body.rows.axis(guides), body.columns.axis(guides)
        sent = body.model_dump(exclude_unset=True)
        job = comparisons.start(session, rows, columns, guides, body.fixed_values(), sent)
        return comparisons.describe(job, 0)

    @router.get("")
    def newest(session: Mine) -> Json:
        """The comparison of this project, or nothing in it if there is none."""
        job = comparisons.current(session)
        return {} if job is None else comparisons.describe(job, 0)

    @router.get("/{number}")
    def progress(job: FoundJob, reference: int = 0) -> Json:
        """How far it is, with the figures of its cells against the one of this number."""
        return comparisons.describe(job, reference)

    @router.post("/{number}/cancel")
    def cancel(job: FoundJob) -> Json:
        comparisons.cancel(job)
        return {}

    @router.get("/{number}/cells/{cell}/frame")
    def frame(job: FoundJob, cell: Annotated[int, Depends(cell_of)]) -> Response:
        generated = job.request.cells[cell].generated
        if generated is None:
            raise HTTPException(409, "This cell has no frame.")
        return Response(png(generated.image), media_type="image/png")

    @router.get("/{number}/cells/{cell}/label-map")
    def label_map(job: FoundJob, cell: Annotated[int, Depends(cell_of)]) -> Response:
        found = job.request.plan.cells[cell].request.label_map
        return map_response(found, sector_region(found))

    @router.get("/{number}/download/{name}")
    def download(job: FoundJob, name: str, reference: int = 0) -> Response:
        if name not in DOWNLOADS:
            raise HTTPException(404, f"Choose one of: {', '.join(DOWNLOADS)}.")
        media_type, write = DOWNLOADS[name]
        return attachment(write(job.request, reference), media_type, f"echo-comparison-{name}")

    return router
