"""The routes of the tabs. They bypass Gradio's queue and login, so each one asks for the session's token."""

from fastapi import FastAPI

from echo_studio.studio.studio import Studio
from echo_studio.web.paths import PREFIX
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
from echo_studio.web.wire.answers import answer_errors


def add_studio_routes(app: FastAPI, studio: Studio) -> None:
    """Every route under `/studio`, and one line for a person as the answer to an error."""
    app.state.studio = studio
    for part in (canvas, compare, dataset, events, gallery, jobs, models, projects, results, uploads, video):
        app.include_router(part.router, prefix=PREFIX)
    app.include_router(projects.page_router, prefix=PREFIX)
    answer_errors(app)
