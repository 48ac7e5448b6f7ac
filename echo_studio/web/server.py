"""The web application: our routes and the Gradio page, which is the title, the notice that is always visible, and the
tabs, in one FastAPI app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App
from starlette.routing import Mount

from echo_studio.studio.studio import Studio
from echo_studio.studio.users.logins import Logins
from echo_studio.studio.users.users import Users
from echo_studio.types import Json
from echo_studio.web.middleware.body_limit import BodyLimit
from echo_studio.web.middleware.export_log import AuditLogMiddleware
from echo_studio.web.middleware.gradio import FirstPaint, NeededRoutes
from echo_studio.web.middleware.login import LoginMiddleware
from echo_studio.web.paths import PREFIX
from echo_studio.web.routes import add_studio_routes
from echo_studio.web.routes.login import login_routes
from echo_studio.web.routes.models import MAX_CARD, MAX_WEIGHTS
from echo_studio.web.static_files import Scripts, static_path
from echo_studio.web.tabs.look import STYLE_SHEETS, first_paint, studio_theme
from echo_studio.web.tabs.tabs import tab
from echo_studio.web.wire.wire import user_of

MAX_BODY = 64 * 2**20  # the labels and the sector of a 4096 x 4096 map, with room to spare
MAX_FILE = 512 * 2**20  # a long recording, a project with many pinned frames
FILE_ROUTES = (f"{PREFIX}/open", f"{PREFIX}/projects/import")
QUEUE_SIZE = 64
LARGER = {**dict.fromkeys(FILE_ROUTES, MAX_FILE), f"{PREFIX}/models/import": MAX_WEIGHTS + MAX_CARD}
HEADER = """<div class="brand"><h1>Echo Studio</h1>
<span class="notice" id="notice" role="note">Synthetic — not for diagnosis</span></div>"""
NO_DOCS: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


def create_app(studio: Studio, users: Users | None = None) -> FastAPI:
    """The application for one studio; jobs are cancelled and projects closed when the server stops.

    Its `state.end_streams` ends the answers that would never end, so that a server can stop under open pages.

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
    app.add_middleware(AuditLogMiddleware, audit_log=studio.audit_log)
    if users is not None:
        logins = Logins(users)
        app.include_router(login_routes(studio, logins))
        app.add_middleware(LoginMiddleware, logins=logins)  # the last one added is asked first
    add_studio_routes(app, studio)
    app.mount(static_path(), Scripts())
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

    def end_streams() -> None:
        studio.jobs.close()
        for route in app.routes:
            if isinstance(route, Mount) and isinstance(route.app, App):
                route.app.stop_event.set()  # Gradio holds a heartbeat for each page

    app.state.end_streams = end_streams
    return app


def build_page(studio: Studio) -> gr.Blocks:
    """The studio's page; `create_app` mounts it."""
    page: gr.Blocks
    with gr.Blocks(title="Echo Studio", analytics_enabled=False, fill_width=True) as page:
        token = gr.State(None, delete_callback=studio.sessions.close)
        gr.HTML(HEADER, elem_id="header", apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Edit", id="edit"):
                canvas = tab("canvas")
            with gr.Tab("Compare", id="compare"):
                comparison = tab("compare")
            with gr.Tab("Video", id="video"):
                video = tab("video")
            with gr.Tab("Data set", id="data-set"):
                dataset = tab("dataset")
            with gr.Tab("Models", id="models"):
                models = tab("models")

        tabs = [canvas, comparison, video, dataset, models]

        def open_session(request: gr.Request) -> tuple[str | Json, ...]:
            assert request.request is not None  # Gradio's wrapper always holds one here
            session = studio.open_session(request.query_params.get("project"), user_of(request.request))
            return session.token, *({"token": session.token} for _ in tabs)

        page.load(open_session, None, [token, *tabs], api_visibility="private", show_progress="hidden")
    return page
