"""The routes of the tabs. They bypass Gradio's queue and login, so each one asks for the session's token."""

from fastapi import APIRouter

from echo_studio.studio.studio import Studio
from echo_studio.web.routes import (
    canvas,
    compare,
    dataset,
    edits,
    gallery,
    jobs,
    models,
    pages,
    projects,
    results,
    uploads,
    video,
)
from echo_studio.web.tabs.canvas import PREFIX


def studio_routes(studio: Studio) -> APIRouter:
    """Every route under `/studio`."""
    router = APIRouter(prefix=PREFIX)
    for part in (canvas, compare, dataset, edits, gallery, jobs, models, pages, projects, results, uploads, video):
        router.include_router(part.routes(studio))
    return router
