"""The studio behind the page: sessions, the engine and its jobs, without a word of Gradio or HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import RequestError
from echo_studio.service.jobs import Job, JobQueue, JobState, OnStep
from echo_studio.types import GrayImage, Json
from echo_studio.ui.sessions import Session, Sessions

if TYPE_CHECKING:
    from echo_studio.generate.checkpoint import Card
    from echo_studio.generate.request import Generated, GenerationRequest


class Engine(Protocol):
    """What the page needs of `service.engine.Engine`: a test hands in one that needs no torch."""

    def cards(self) -> Sequence[Card]: ...

    def solvers(self) -> Sequence[tuple[str, str]]: ...

    def generate(self, request: GenerationRequest, on_step: OnStep | None = None) -> Generated: ...

    def adherence(self, image: GrayImage, label_map: LabelMap) -> dict[str, float | None]: ...


@dataclass(frozen=True)
class Order:
    """A request and the place on the canvas that it was made from."""

    request: GenerationRequest
    doc: int
    revision: int


@dataclass(frozen=True)
class Made:
    """A frame, how well it keeps to its label map, and what it was asked for."""

    request: GenerationRequest
    generated: Generated
    adherence: dict[str, float | None]

    def record(self) -> Json:
        """The generation record with what was measured on the frame beside it."""
        measured = {"seconds": self.generated.seconds, "adherence": self.adherence}
        return {**self.generated.record.to_json(), "measured": measured}


class Studio:
    """Args:
    engine: makes and measures frames.
    make_request: `GenerationRequest`; handed in, because its module needs torch to check solver names.
    template: the label map of a template's name.
    """

    def __init__(
        self,
        engine: Engine,
        make_request: Callable[..., GenerationRequest],
        template: Callable[[str], LabelMap],
        template_names: Sequence[tuple[str, str]],
    ) -> None:
        self.engine = engine
        self.make_request = make_request
        self.template = template
        self.template_names = list(template_names)
        self.jobs: JobQueue[Order, Made] = JobQueue(self._make)
        self.sessions = Sessions(on_close=self.jobs.forget)

    def open_session(self) -> Session:
        return self.sessions.open(self.template(self.template_names[0][1]))

    def start(self, session: Session, doc: int, revision: int, **settings: Any) -> Job[Order, Made]:
        """Start a job from what is on the canvas.

        Raises:
            RequestError: the canvas changed meanwhile, or a setting is impossible.
            UnknownNameError: no generator or solver of that name.
            BusyError: too many jobs wait.
        """
        label_map = session.at(doc, revision)
        if label_map is None:
            raise RequestError(
                expected="the label map that is on the canvas",
                got="one of another revision",
                remedy="press Generate again",
            )
        request = self.make_request(label_map=label_map, **settings)
        return self.jobs.submit(session.token, Order(request, doc, revision))

    def describe(self, job: Job[Order, Made]) -> Json:
        """A small JSON-able progress message for the page."""
        progress = self.jobs.progress(job)
        message: Json = {
            "job": job.number,
            "state": progress.state.value,
            "nfe": progress.nfe,
            "total": progress.total,
            "preview": progress.preview,
            "ahead": progress.ahead,
            "stopping": progress.stopping,
            "message": progress.message,
            "doc": job.request.doc,
            "revision": job.request.revision,
        }
        if progress.state is JobState.DONE and job.outcome is not None:
            message["seconds"] = job.outcome.generated.seconds
            # Above 2^53 a number would lose digits in the browser.
            message["seed"] = str(job.request.request.seed)
            message["adherence"] = job.outcome.adherence
        return message

    def _make(self, order: Order, on_step: OnStep) -> Made:
        generated = self.engine.generate(order.request, on_step)
        return Made(order.request, generated, self.engine.adherence(generated.image, order.request.label_map))


def refusal(message: str) -> Json:
    """The progress message of a job that never started."""
    return {"job": 0, "state": "failed", "nfe": 0, "total": 0, "message": message}
