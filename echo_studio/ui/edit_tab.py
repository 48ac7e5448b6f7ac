"""The Edit tab: the canvas and its result, the settings at the right."""

import asyncio
import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from echo_studio.data.label_file import read_label_map
from echo_studio.errors import EchoStudioError, RequestError
from echo_studio.types import PHASES, VIEWS, Json
from echo_studio.ui.canvas import job_monitor, label_canvas
from echo_studio.ui.sessions import Session
from echo_studio.ui.studio import Studio, refusal

ENDED_SESSION = "This page's session has ended. Reload the page to go on."
POLL_SECONDS = 0.1
DEFAULT_SOLVER = "heun"
MAX_NFE = 200

# The canvas first hands its newest map to the server, so that what is generated is what is seen.
FLUSH = "async (ticket, ...rest) => [await window.echoStudio.flush(), ...rest]"
NEW_SEED = "() => Math.floor(Math.random() * 2 ** 31)"


class EditTab:
    """Lays the tab out inside the current `gr.Blocks` and wires it to the studio."""

    def __init__(self, studio: Studio, token: gr.State) -> None:
        self.studio = studio
        self.token = token
        self.cards = {card.name: card for card in studio.engine.cards()}
        with gr.Row(elem_id="edit-tab"):
            self.canvas = label_canvas(elem_id="canvas")
            with gr.Column(elem_id="settings", min_width=0):
                self._lay_out_start()
                self._lay_out_settings()
                with gr.Row(elem_id="run-row"):
                    self.run = gr.Button("Generate  (G)", variant="primary", elem_id="generate")
                self.monitor = job_monitor(elem_id="monitor")
        self._wire()

    def _lay_out_start(self) -> None:
        names = self.studio.template_names
        with gr.Row(elem_id="start-row"):
            self.template = gr.Dropdown(
                names, value=names[0][1], label="Start from", elem_id="template", filterable=False, scale=3
            )
            self.upload = gr.UploadButton(
                "Open …", file_types=[".png", ".nii", ".gz"], elem_id="upload", size="sm", scale=1, min_width=64
            )

    def _lay_out_settings(self) -> None:
        first = next(iter(self.cards.values()), None)
        solvers = list(self.studio.engine.solvers())
        names = [name for _, name in solvers]
        with gr.Row():
            self.view = gr.Radio(VIEWS, value="4CH", label="View", elem_id="view", min_width=0)
            self.phase = gr.Radio(PHASES, value="ED", label="Phase", elem_id="phase", min_width=0)
        self.generator = gr.Dropdown(
            [(card.title, name) for name, card in self.cards.items()],
            value=first.name if first else None,
            label="Generator",
            elem_id="generator",
            filterable=False,
        )
        self.solver = gr.Dropdown(
            solvers,
            value=DEFAULT_SOLVER if DEFAULT_SOLVER in names else names[0],
            label="Solver",
            elem_id="solver",
            filterable=False,
        )
        self.nfe = gr.Slider(
            1, MAX_NFE, value=self.advise(first.name) if first else 20, step=1, label="NFE", elem_id="nfe"
        )
        with gr.Row(elem_id="seed-row"):
            self.seed = gr.Number(0, label="Seed", precision=0, elem_id="seed", scale=3, min_width=0)
            self.dice = gr.Button("New (R)", elem_id="new-seed", size="sm", scale=1, min_width=64)

    def _wire(self) -> None:
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        # "select", because choosing the same template again starts it afresh.
        self.template.select(
            self.open_template, [self.token, self.template], [self.canvas, self.view, self.phase], **private
        )
        self.upload.upload(self.open_file, [self.token, self.upload], [self.canvas, self.template], **private)
        self.generator.input(self.advise, self.generator, self.nfe, **private)
        self.dice.click(None, None, self.seed, js=NEW_SEED, api_visibility="private")
        # Many pages may watch their jobs at the same time; how many run is the job queue's affair.
        # "multiple", because pressing Generate again while a job runs replaces that job.
        settings = [self.view, self.phase, self.generator, self.solver, self.nfe, self.seed]
        self.run.click(
            self.generate,
            [self.canvas, self.token, *settings],
            self.monitor,
            js=FLUSH,
            trigger_mode="multiple",
            concurrency_limit=None,
            **private,
        )

    def open_template(self, token: str, name: str) -> tuple[Any, Any, Any]:
        """Put a template on the canvas; view and phase follow where its name tells them."""
        session = self._session(token)
        if session is None:
            return gr.skip(), gr.skip(), gr.skip()
        session.open(self.studio.template(name))
        words = name.lower().replace("_", "-").split("-")
        view = next((view for view in VIEWS if view.lower() in words), None)
        phase = next((phase for phase in PHASES if phase.lower() in words), None)
        return canvas_value(session), view or gr.skip(), phase or gr.skip()

    def open_file(self, token: str, file: str | None) -> tuple[Any, Any]:
        """Put a label map file on the canvas, or say in one line why it cannot be."""
        session = self._session(token)
        if session is None or file is None:
            return gr.skip(), gr.skip()
        try:
            session.open(read_label_map(Path(file)))
        except EchoStudioError as error:
            # Gradio renders the text as HTML, and a file's name may hold anything.
            gr.Warning(html.escape(str(error)), title="The file was not opened")
            return gr.skip(), gr.skip()
        finally:
            # The upload folder is shared: a patient's file has no business staying there.
            Path(file).unlink(missing_ok=True)
        return canvas_value(session), None

    def advise(self, generator: str) -> int:
        """The NFE that the generator's card advises, as far as the slider goes."""
        return min(self.cards[generator].advised_nfe, MAX_NFE)

    async def generate(
        self,
        ticket: Json,
        token: str,
        view: str,
        phase: str,
        generator: str,
        solver: str,
        nfe: float | None,
        seed: float | None,
    ) -> AsyncIterator[Json]:
        """Start a job and yield its progress until it ends; closing the page cancels it."""
        session = self.studio.sessions.get(token)
        if session is None:
            yield refusal(ENDED_SESSION)
            return
        try:
            numbers = {"nfe": _filled("NFE", nfe), "seed": _filled("seed", seed)}
            names = {"view": view, "phase": phase, "generator": generator, "solver": solver}
            job = self.studio.start(session, ticket["doc"], ticket["revision"], **names, **numbers)
        except EchoStudioError as error:
            yield refusal(str(error))
            return
        try:
            told: Json = {}
            while True:
                message = self.studio.describe(job)
                if message != told:
                    yield message
                told = message
                if message["state"] not in ("waiting", "running"):
                    return
                await asyncio.sleep(POLL_SECONDS)
        finally:
            job.cancel()

    def _session(self, token: str) -> Session | None:
        session = self.studio.sessions.get(token)
        if session is None:
            gr.Warning(ENDED_SESSION)
        return session


def canvas_value(session: Session) -> Json:
    """What the canvas has to know: whose it is and which document to fetch."""
    return {"token": session.token, "doc": session.newest()[0]}


def _filled(name: str, number: float | None) -> int:
    """The whole number in a field; an empty one is told, not replaced."""
    if number is None:
        raise RequestError(expected=f"a whole number as {name}", got="an empty field", remedy="fill it in")
    return int(number)
