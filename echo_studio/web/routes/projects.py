"""Pages and projects: which page is open on what, a project's history and settings, other projects, copies."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.types import Json
from echo_studio.web.wire.history_pack import pack_history
from echo_studio.web.wire.wire import (
    RAW,
    Layout,
    Mine,
    SentFile,
    TheStudio,
    Writing,
    attachment,
    found,
    map_response,
    posted_map,
    read_body,
    session_of,
    user_of,
)

MAX_TOKEN = 200

router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token
# Pages that close, and pages that outlive the server: a session's token is in the body, or there is none yet.
page_router = APIRouter()


@page_router.post("/leave")
async def leave(studio: TheStudio, request: Request) -> None:
    """A page closes, and its project is free for another one at once.

    The token is in the body, because a browser's last message carries no headers of ours.
    """
    token = (await read_body(request, 0, MAX_TOKEN, "a session's token")).decode(errors="replace")
    if studio.sessions.get(token, user_of(request)) is not None:
        studio.sessions.close(token)


@page_router.post("/sessions")
def reopen(studio: TheStudio, request: Request, project: str, user: str = "") -> dict[str, str]:
    """A page whose session ended with the server goes on with the project that it has open, for `user` alone."""
    if user != user_of(request):
        raise HTTPException(403, f"This page is of {user[:40]!r}: log in as that user, or reload it.")
    return {"token": studio.open_session(project, user_of(request)).token}


@router.get("/project")
def project(session: Mine) -> Json:
    """The project of this page; asking for it is also the page's sign of life."""
    return {
        "id": session.project.id,
        "title": session.project.title,
        "mine": session.writes,
        "user": session.user,
        "notice": session.notice,
        "settings": session.project.settings(),
        "slots": list(session.project.slots()),
    }


@router.get("/project/history")
def history(session: Mine) -> Response:
    return Response(pack_history(session.project), media_type=RAW)


@router.get("/project/log")
def log(session: Mine) -> list[Json]:
    return session.project.log()


@router.post("/project/take")
def take(session: Mine) -> Json:
    session.projects.take(session.token, session.project)
    return {"id": session.project.id}


@router.post("/project/rename")
def rename(session: Writing, title: Annotated[str, Body(embed=True)]) -> Json:
    session.project.rename(title)
    return {"title": session.project.title}


@router.put("/project/settings")
def settings(session: Writing, values: Annotated[dict[str, Any], Body()]) -> Json:
    session.project.save_settings(values)
    return {}


@router.get("/slots/{name}")
def slot(session: Mine, name: str) -> Response:
    kept = session.project.slots().get(name)
    return map_response(found(kept, f"No label map is kept as {name[:20]!r}. Keep one first."))


@router.put("/slots/{name}")
async def fill_slot(request: Request, session: Writing, layout: Layout, name: str) -> Json:
    await run_in_threadpool(session.project.set_slot, name, await posted_map(request, layout))
    return {}


@router.delete("/slots/{name}")
def clear_slot(session: Writing, name: str) -> Json:
    session.project.clear_slot(name)
    return {}


@router.get("/projects")
def projects(session: Mine) -> list[Json]:
    listed = session.projects.library.list()
    return [{"id": p.id, "title": p.title, "changed_at": p.changed_at, "fault": p.fault} for p in listed]


@router.get("/projects/{name}/label-map")
def thumbnail(session: Mine, name: str) -> Response:
    return map_response(session.projects.library.label_map(name))


@router.post("/projects")
def create(session: Mine) -> Json:
    return {"id": session.projects.create()}


@router.post("/projects/from-canvas")
async def create_from_canvas(request: Request, session: Mine, layout: Layout) -> Json:
    """A new project of what is on the canvas of a page that may not write to its own."""
    label_map = await posted_map(request, layout)
    title = f"{session.project.title} (copy)"
    return {"id": await run_in_threadpool(session.projects.create, title, label_map)}


@router.delete("/projects/{name}")
def delete(session: Mine, name: str) -> Json:
    session.projects.library.delete(name)
    return {}


@router.get("/project/copy")
def export(session: Mine) -> Response:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "project.echo"
        session.project.export_copy(path)
        return attachment(path.read_bytes(), "application/zip", "project.echo")


@router.post("/projects/import")
def import_copy(session: Mine, sent: SentFile) -> Json:
    return {"id": session.projects.library.import_copy(sent)}
