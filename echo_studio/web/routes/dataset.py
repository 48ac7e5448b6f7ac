"""The Data set tab: what sets there are, what one will cost, making, measuring and exporting them."""

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar
from urllib.parse import unquote

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from echo_studio.errors import BusyError, EchoStudioError
from echo_studio.studio.sessions import Session
from echo_studio.studio.sets.places import places_of
from echo_studio.studio.sets.uploaded_maps import MAX_FILE
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.wire import read_body, session_getter

P = ParamSpec("P")
R = TypeVar("R")
MOST_ZIPPED = 2 << 30  # bytes: a browser holds a download in memory


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(prefix="/dataset", dependencies=[Depends(session_of)])  # no route opens without a token
    sets = studio.sets
    Mine = Annotated[Session, Depends(session_of)]

    @router.get("")
    def listing(session: Mine) -> Json:
        return sets.listing(session)

    @router.post("/plan")
    def plan(session: Mine, order: Annotated[dict[str, Any], Body()]) -> Json:
        return told(sets.plan, session, order)

    @router.get("/maps")
    def maps(session: Mine) -> list[str]:
        """The label map files that this page has sent."""
        return sets.uploaded_maps.names(session.token)

    @router.post("/maps")
    async def put_map(request: Request, session: Mine, name: Annotated[str, Header(alias="X-File-Name")]) -> Json:
        body = await read_body(request, 1, MAX_FILE, "a label map")
        taken = await run_in_threadpool(told, sets.uploaded_maps.put, session.token, unquote(name), body)
        return {"taken": taken, "names": sets.uploaded_maps.names(session.token)}

    @router.delete("/maps")
    def drop_maps(session: Mine) -> Json:
        sets.uploaded_maps.drop(session.token)
        return {}

    @router.post("/sets")
    def make(session: Mine, order: Annotated[dict[str, Any], Body()]) -> Json:
        return {"name": told(sets.make, session, order)}

    @router.get("/sets/{name}")
    def one_set(session: Mine, name: str) -> Json:
        return told(sets.told, session, name)

    @router.delete("/sets/{name}")
    def remove(session: Mine, name: str) -> Json:
        told(sets.remove, session, name)
        return {}

    @router.post("/sets/{name}/continue")
    def go_on(session: Mine, name: str, workers: Annotated[int, Body(embed=True)]) -> Json:
        told(sets.go_on, session, name, workers)
        return {}

    @router.post("/sets/{name}/stop/{kind}")
    def stop(session: Mine, name: str, kind: str) -> Json:
        told(sets.stop, session, name, kind)
        return {}

    @router.post("/sets/{name}/measure")
    def measure(session: Mine, name: str) -> Json:
        told(sets.measure, session, name)
        return {}

    @router.post("/sets/{name}/privacy")
    def privacy(session: Mine, name: str, report: Annotated[dict[str, Any], Body()]) -> Json:
        return {"samples": told(sets.take_privacy, session, name, report)}

    @router.post("/sets/{name}/export")
    def export(session: Mine, name: str, wanted: Annotated[dict[str, Any], Body()]) -> Json:
        return {"export": told(sets.export, session, name, wanted)}

    @router.get("/exports/{name}")
    def download(session: Mine, name: str) -> FileResponse:
        """An export as one ZIP file."""
        folder = told(places_of(session).known_export, name)
        packed = told(_zipped, folder)
        return FileResponse(
            packed, media_type="application/zip", filename=f"{name}.zip", background=BackgroundTask(packed.unlink)
        )

    return router


def told(act: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
    """What `act` returns; its error as a reply in words."""
    try:
        return act(*arguments, **named)
    except EchoStudioError as error:
        raise HTTPException(503 if isinstance(error, BusyError) else 422, str(error)) from error


def _zipped(folder: Path) -> Path:
    """A ZIP file of an export; the caller removes it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if sum(path.stat().st_size for path in files) > MOST_ZIPPED:
        raise HTTPException(
            422, f"Expected at most 2 GiB to download, got more. Copy exports/{folder.name} from the disk."
        )
    with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # pictures are packed already
            for path in files:
                archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
        return Path(file.name)
