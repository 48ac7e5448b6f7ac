"""The web application: our routes and the Gradio page in one FastAPI app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr
from fastapi import FastAPI

from echo_studio.studio.studio import Studio
from echo_studio.studio.users.logins import Logins
from echo_studio.studio.users.users import Users
from echo_studio.web.middleware.body_limit import BodyLimit
from echo_studio.web.middleware.export_log import AuditLogMiddleware
from echo_studio.web.middleware.first_paint import FirstPaint
from echo_studio.web.middleware.gradio_routes import NeededRoutes
from echo_studio.web.middleware.login import LoginMiddleware
from echo_studio.web.page import build_page
from echo_studio.web.routes import studio_routes
from echo_studio.web.routes.login import login_routes
from echo_studio.web.tabs.canvas import PREFIX
from echo_studio.web.tabs.look import STYLE_SHEETS, first_paint, studio_theme
from echo_studio.web.tabs.models import MAX_CARD, MAX_WEIGHTS

MAX_BODY = 64 * 2**20  # the labels and the sector of a 4096 x 4096 map, with room to spare
MAX_FILE = 512 * 2**20  # a long recording, a project with many pinned frames
FILE_ROUTES = (f"{PREFIX}/open", f"{PREFIX}/projects/import")
QUEUE_SIZE = 64
LARGER = {**dict.fromkeys(FILE_ROUTES, MAX_FILE), f"{PREFIX}/models/import": MAX_WEIGHTS + MAX_CARD}
NO_DOCS: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


def create_app(studio: Studio, users: Users | None = None) -> FastAPI:
    """The application for one studio; jobs are cancelled and projects closed when the server stops.

    Args:
        users: who may log in; without them there is no login, and everybody is the same user.
    """

    @asynccontextmanager
    async def close_studio(_: FastAPI) -> AsyncIterator[None]:
        yield
        studio.close()

    # Interactive API pages would fetch scripts from another host.
    app = FastAPI(title="Echo Studio", lifespan=close_studio, **NO_DOCS)
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY, larger=LARGER)
    app.add_middleware(FirstPaint, head=first_paint())
    app.add_middleware(NeededRoutes)
    app.add_middleware(AuditLogMiddleware, trail=studio.trail)
    if users is not None:
        logins = Logins(users)
        app.include_router(login_routes(studio, logins))
        app.add_middleware(LoginMiddleware, logins=logins)  # the last one added is asked first
    app.include_router(studio_routes(studio))
    page = build_page(studio)
    page.queue(max_size=QUEUE_SIZE, api_open=False)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        app_kwargs=dict(NO_DOCS),  # Gradio adds to it
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=MAX_BODY,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=studio_theme(),
        css_paths=STYLE_SHEETS,
    )
    return app
