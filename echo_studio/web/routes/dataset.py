"""The Data set tab: what sets there are, what one will cost, making, measuring and exporting them."""

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Body, Depends, Header, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from echo_studio.studio.sessions import Session
from echo_studio.studio.sets.maps import MAX_FILE
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.bodies import ExportBody, SetBody
from echo_studio.web.wire.wire import read_body, session_getter


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(prefix="/dataset", dependencies=[Depends(session_of)])  # no route opens without a token
    sets = studio.sets
    Mine = Annotated[Session, Depends(session_of)]

    @router.get("")
    def listing(session: Mine) -> Json:
        return sets.listing(session)

    @router.post("/plan")
    def plan(session: Mine, body: SetBody) -> Json:
        return sets.plan(session, body.name, body.request(session, sets), body.workers)

    @router.get("/maps")
    def maps(session: Mine) -> list[str]:
        """The label map files that this page has sent."""
        return sets.uploaded_maps.names(session.token)

    @router.post("/maps")
    async def put_map(request: Request, session: Mine, name: Annotated[str, Header(alias="X-File-Name")]) -> Json:
        body = await read_body(request, 1, MAX_FILE, "a label map")
        taken = await run_in_threadpool(sets.uploaded_maps.put, session.token, unquote(name), body)
        return {"taken": taken, "names": sets.uploaded_maps.names(session.token)}

    @router.delete("/maps")
    def drop_maps(session: Mine) -> Json:
        sets.uploaded_maps.drop(session.token)
        return {}

    @router.post("/sets")
    def make(session: Mine, body: SetBody) -> Json:
        return {"name": sets.make(session, body.name, body.request(session, sets), body.workers)}

    @router.get("/sets/{name}")
    def one_set(session: Mine, name: str) -> Json:
        return sets.status(session, name)

    @router.delete("/sets/{name}")
    def remove(session: Mine, name: str) -> Json:
        sets.remove(session, name)
        return {}

    @router.post("/sets/{name}/continue")
    def go_on(session: Mine, name: str, workers: Annotated[int, Body(embed=True)]) -> Json:
        sets.go_on(session, name, workers)
        return {}

    @router.post("/sets/{name}/stop/{kind}")
    def stop(session: Mine, name: str, kind: str) -> Json:
        sets.stop(session, name, kind)
        return {}

    @router.post("/sets/{name}/measure")
    def measure(session: Mine, name: str) -> Json:
        sets.measure(session, name)
        return {}

    @router.post("/sets/{name}/privacy")
    def privacy(session: Mine, name: str, report: Annotated[dict[str, Any], Body()]) -> Json:
        return {"samples": sets.take_privacy(session, name, report)}

    @router.post("/sets/{name}/export")
    def export(session: Mine, name: str, body: ExportBody) -> Json:
        return {"export": sets.export(session, name, body.format, body.out, body.fractions(), body.seed, body.only)}

    @router.get("/exports/{name}")
    def download(session: Mine, name: str) -> FileResponse:
        """An export as one ZIP file."""
        packed = sets.zipped_export(session, name)
        return FileResponse(
            packed, media_type="application/zip", filename=f"{name}.zip", background=BackgroundTask(packed.unlink)
        )

    return router
