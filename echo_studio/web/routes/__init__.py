"""The routes of the tabs. They bypass Gradio's queue and login, so each one asks for the session's token."""

from fastapi import APIRouter, FastAPI

from echo_studio.studio.studio import Studio
from echo_studio.web.routes import (
    canvas,
    compare,
    dataset,
    events,
    gallery,
    jobs,
    models,
    projects,
    results,
    uploads,
    video,
)
from echo_studio.web.static_files import PREFIX
from echo_studio.web.wire.answers import answer_errors


def add_studio_routes(app: FastAPI, studio: Studio) -> None:
    """Every route under `/studio`, and one line for a person as the answer to an error."""
    router = APIRouter(prefix=PREFIX)
    for part in (canvas, compare, dataset, events, gallery, jobs, models, projects, results, uploads, video):
        router.include_router(part.routes(studio))
    router.include_router(projects.page_routes(studio))
    app.include_router(router)
    answer_errors(app)
