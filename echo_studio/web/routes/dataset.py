"""The Data set tab: what sets there are, what one will cost, making, measuring and exporting them."""

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Body, Depends, Header, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from echo_studio.studio.sets.maps import MAX_FILE
from echo_studio.types import Json
from echo_studio.web.wire.bodies import ExportBody, SetBody
from echo_studio.web.wire.wire import Mine, TheStudio, read_body, session_of

router = APIRouter(prefix="/dataset", dependencies=[Depends(session_of)])  # no route opens without a token


@router.get("")
def listing(studio: TheStudio, session: Mine) -> Json:
    return studio.sets.listing(session)


@router.post("/plan")
def plan(studio: TheStudio, session: Mine, body: SetBody) -> Json:
    return studio.sets.plan(session, body.name, body.request(session, studio.sets), body.workers)


@router.get("/maps")
def maps(studio: TheStudio, session: Mine) -> list[str]:
    """The label map files that this page has sent."""
    return studio.sets.uploaded_maps.names(session.token)


@router.post("/maps")
async def put_map(
    studio: TheStudio, request: Request, session: Mine, name: Annotated[str, Header(alias="X-File-Name")]
) -> Json:
    body = await read_body(request, 1, MAX_FILE, "a label map")
    taken = await run_in_threadpool(studio.sets.uploaded_maps.put, session.token, unquote(name), body)
    return {"taken": taken, "names": studio.sets.uploaded_maps.names(session.token)}


@router.delete("/maps")
def drop_maps(studio: TheStudio, session: Mine) -> Json:
    studio.sets.uploaded_maps.drop(session.token)
    return {}


@router.post("/sets")
def make(studio: TheStudio, session: Mine, body: SetBody) -> Json:
    return {"name": studio.sets.make(session, body.name, body.request(session, studio.sets), body.workers)}


@router.get("/sets/{name}")
def one_set(studio: TheStudio, session: Mine, name: str) -> Json:
    return studio.sets.status(session, name)


@router.delete("/sets/{name}")
def remove(studio: TheStudio, session: Mine, name: str) -> Json:
    studio.sets.remove(session, name)
    return {}


@router.post("/sets/{name}/continue")
def go_on(studio: TheStudio, session: Mine, name: str, workers: Annotated[int, Body(embed=True)]) -> Json:
    studio.sets.go_on(session, name, workers)
    return {}


@router.post("/sets/{name}/stop/{kind}")
def stop(studio: TheStudio, session: Mine, name: str, kind: str) -> Json:
    studio.sets.stop(session, name, kind)
    return {}


@router.post("/sets/{name}/measure")
def measure(studio: TheStudio, session: Mine, name: str) -> Json:
    studio.sets.measure(session, name)
    return {}


@router.post("/sets/{name}/privacy")
def privacy(studio: TheStudio, session: Mine, name: str, report: Annotated[dict[str, Any], Body()]) -> Json:
    return {"samples": studio.sets.take_privacy(session, name, report)}


@router.post("/sets/{name}/export")
def export(studio: TheStudio, session: Mine, name: str, body: ExportBody) -> Json:
    return {"export": studio.sets.export(session, name, body.format, body.out, body.fractions(), body.seed, body.only)}


@router.get("/exports/{name}")
def download(studio: TheStudio, session: Mine, name: str) -> FileResponse:
    """An export as one ZIP file."""
    packed = studio.sets.zipped_export(session, name)
    return FileResponse(
        packed, media_type="application/zip", filename=f"{name}.zip", background=BackgroundTask(packed.unlink)
    )
