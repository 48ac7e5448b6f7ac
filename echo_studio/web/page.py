"""The page: title, the notice that is always visible, and the tabs."""

import gradio as gr

from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.tabs.canvas import editor
from echo_studio.web.tabs.compare import compare_tab
from echo_studio.web.tabs.dataset import dataset_tab
from echo_studio.web.tabs.models import models_tab
from echo_studio.web.tabs.video import video_tab
from echo_studio.web.wire.wire import user_of

HEADER = """<div class="brand"><h1>Echo Studio</h1>
<span class="notice" role="note">Synthetic — not for diagnosis</span></div>"""


def build_page(studio: Studio) -> gr.Blocks:
    """The studio's page; `server.create_app` mounts it."""
    page: gr.Blocks
    with gr.Blocks(title="Echo Studio", analytics_enabled=False, fill_width=True) as page:
        token = gr.State(None, delete_callback=studio.sessions.close)
        gr.HTML(HEADER, elem_id="header", apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Edit", id="edit"):
                canvas = editor(elem_id="canvas")
            with gr.Tab("Compare", id="compare"):
                comparison = compare_tab()
            with gr.Tab("Video", id="video"):
                video = video_tab()
            with gr.Tab("Data set", id="data-set"):
                dataset = dataset_tab()
            with gr.Tab("Models", id="models"):
                models = models_tab()

        tabs = [canvas, comparison, video, dataset, models]

        def open_session(request: gr.Request) -> tuple[str | Json, ...]:
            assert request.request is not None  # Gradio's wrapper always holds one here
            session = studio.open_session(request.query_params.get("project"), user_of(request.request))
            return session.token, *({"token": session.token} for _ in tabs)

        page.load(open_session, None, [token, *tabs], api_visibility="private", show_progress="hidden")
    return page
