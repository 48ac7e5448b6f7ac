"""Projects: what is open, its history and settings, other projects, copies in one file."""

import tempfile
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.errors import EchoStudioError
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.studio.uploads import safe_name
from echo_studio.types import Json
from echo_studio.web.wire.history_pack import pack_history
from echo_studio.web.wire.wire import RAW, Measures, map_response, measures, posted_map, save_body, session_getter

TAKEN = "This project is open in another tab, which saves it. Work here instead, or keep your drawing as a new project."


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token

    def owner_of(session: Annotated[Session, Depends(session_of)]) -> Session:
        if not session.projects.owns(session.token, session.project):
            raise HTTPException(423, TAKEN)
        return session

    @router.get("/project")
    def project(session: Annotated[Session, Depends(session_of)]) -> Json:
        """The project of this page; asking for it is also the page's sign of life."""
        mine = session.projects.owns(session.token, session.project)
        return {
            "id": session.project.id,
            "title": session.project.title,
            "mine": mine,
            "user": session.user,
            "notice": session.notice,
            "settings": session.project.settings(),
            "slots": list(session.project.slots()),
        }

    @router.get("/project/history")
    def history(session: Annotated[Session, Depends(session_of)]) -> Response:
        return Response(pack_history(session.project), media_type=RAW)

    @router.get("/project/log")
    def log(session: Annotated[Session, Depends(session_of)]) -> list[Json]:
        return session.project.log()

    @router.post("/project/take")
    def take(session: Annotated[Session, Depends(session_of)]) -> Json:
        session.projects.take(session.token, session.project)
        return {"id": session.project.id}

    @router.post("/project/rename")
    def rename(session: Annotated[Session, Depends(owner_of)], title: Annotated[str, Body(embed=True)]) -> Json:
        _told(session.project.rename, title)
        return {"title": session.project.title}

    @router.put("/project/settings")
    def settings(session: Annotated[Session, Depends(owner_of)], values: Annotated[dict[str, Any], Body()]) -> Json:
        _told(session.project.save_settings, values)
        return {}

    @router.get("/slots/{name}")
    def slot(session: Annotated[Session, Depends(session_of)], name: str) -> Response:
        label_map = session.project.slots().get(name)
        if label_map is None:
            raise HTTPException(404, f"No label map is kept as {name[:20]!r}. Keep one first.")
        return map_response(label_map)

    @router.put("/slots/{name}")
    async def fill_slot(
        request: Request,
        session: Annotated[Session, Depends(owner_of)],
        layout: Annotated[Measures, Depends(measures)],
        name: str,
    ) -> Json:
        await run_in_threadpool(_told, session.project.set_slot, name, await posted_map(request, layout))
        return {}

    @router.delete("/slots/{name}")
    def clear_slot(session: Annotated[Session, Depends(owner_of)], name: str) -> Json:
        _told(session.project.clear_slot, name)
        return {}

    @router.get("/projects")
    def projects(session: Annotated[Session, Depends(session_of)]) -> list[Json]:
        listed = session.projects.library.list()
        return [{"id": p.id, "title": p.title, "changed_at": p.changed_at, "fault": p.fault} for p in listed]

    @router.get("/projects/{name}/label-map")
    def thumbnail(session: Annotated[Session, Depends(session_of)], name: str) -> Response:
        return map_response(_told(session.projects.library.label_map, name))

    @router.post("/projects")
    def create(session: Annotated[Session, Depends(session_of)]) -> Json:
        return {"id": _told(session.projects.create)}

    @router.post("/projects/from-canvas")
    async def create_from_canvas(
        request: Request,
        session: Annotated[Session, Depends(session_of)],
        layout: Annotated[Measures, Depends(measures)],
    ) -> Json:
        """A new project of what is on the canvas of a page that may not write to its own."""
        label_map = await posted_map(request, layout)
        title = f"{session.project.title} (copy)"
        return {"id": await run_in_threadpool(_told, session.projects.create, title, label_map)}

    @router.delete("/projects/{name}")
    def delete(session: Annotated[Session, Depends(session_of)], name: str) -> Json:
        _told(session.projects.delete, name)
        return {}

    @router.get("/project/copy")
    def export(session: Annotated[Session, Depends(session_of)]) -> Response:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "project.echo"
            _told(session.project.export_copy, path)
            disposition = {"Content-Disposition": 'attachment; filename="project.echo"'}
            return Response(path.read_bytes(), media_type="application/zip", headers=disposition)

    @router.post("/projects/import")
    async def import_copy(
        request: Request,
        session: Annotated[Session, Depends(session_of)],
        name: Annotated[str, Header(alias="X-File-Name")],
    ) -> Json:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / safe_name(unquote(name))
            await save_body(request, path)
            return {"id": await run_in_threadpool(_told, session.projects.library.import_copy, path)}

    return router


def _told(act: Any, *arguments: Any) -> Any:
    """What `act` returns; its error as a reply in words."""
    try:
        return act(*arguments)
    except EchoStudioError as error:
        raise HTTPException(422, str(error)) from error
