"""The studio behind the page: sessions, the engine and its jobs, without a word of Gradio or HTTP."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from echo_studio.anatomy.edits.defects import DEFECTS, Choice
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.plausibility import check_plausibility
from echo_studio.anatomy.shape.sliders import SLIDERS
from echo_studio.errors import EchoStudioError, RequestError
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.project.library import Library
from echo_studio.project.results import Kept, Kind
from echo_studio.studio.compare.comparisons import Comparisons
from echo_studio.studio.draft import draft_sampling
from echo_studio.studio.jobs import Job, JobQueue, JobState, OnStep
from echo_studio.studio.sessions import Session, Sessions
from echo_studio.studio.sets.data_sets import DataSets
from echo_studio.studio.sets.work import SetMaker
from echo_studio.studio.uploads import Recordings
from echo_studio.studio.users.audit_log import AUDIT_LOG, AuditLog
from echo_studio.studio.users.user_folders import UserFolders
from echo_studio.studio.videos import Engine as VideoEngine
from echo_studio.studio.videos import Videos
from echo_studio.types import PHASES, VIEWS, GrayImage, Json, Phase, Spacing, View

if TYPE_CHECKING:
    from pathlib import Path

    from echo_studio.generate.checkpoint import Card
    from echo_studio.studio.models import Model

log = logging.getLogger(__name__)

MOST_KINDS = 32


class Engine(Protocol):
    """What the page needs of `studio.engine.Engine`: a test hands in one that needs no torch."""

    @property
    def one_call(self) -> frozenset[str]: ...

    @property
    def videos(self) -> VideoEngine: ...

    @property
    def sets(self) -> SetMaker: ...

    def cards(self) -> Sequence[Card]: ...

    def solvers(self) -> Sequence[tuple[str, str]]: ...

    def schedules(self) -> Sequence[str]: ...

    def generate(
        self, request: GenerationRequest, on_step: OnStep | None = None, *, patient: bool = False
    ) -> Generated: ...

    def adherence(self, image: GrayImage, label_map: LabelMap, *, patient: bool = False) -> dict[str, float | None]: ...

    def label_frame(self, image: GrayImage, spacing_mm: Spacing | None = None) -> LabelMap: ...

    def models(self) -> Sequence[Model]: ...

    def load(self, name: str) -> None: ...

    def unload(self, name: str) -> None: ...

    def import_model(self, source: Path, name: str = "") -> Card: ...

    def remove_model(self, name: str) -> None: ...


@dataclass(frozen=True)
class Order:
    """A request, the revision of the canvas that it was made from, and a cheaper one that is drawn first.

    Attributes:
        intended: kinds of findings (`anatomy.measure.plausibility`) that the person means to be in the map.
    """

    request: GenerationRequest
    revision: int
    draft: GenerationRequest | None = None
    intended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A frame, how well it keeps to its label map, what it was asked for, and what is odd in its map."""

    request: GenerationRequest
    generated: Generated
    adherence: dict[str, float | None]
    plausibility: Json

    def record(self) -> Json:
        """The generation record with what was measured on the frame beside it."""
        return {**self.origin(), "measured": self.measured()}

    def origin(self) -> Json:
        """What brings the frame back; the kinds of `findings` in its map, and the kinds that are `intended`."""
        return {**self.generated.record.to_json(), "plausibility": self.plausibility}

    def measured(self) -> Json:
        """Figures of this frame; the hash is of its pixels, and tells whether another run gave the same ones."""
        pixels = hashlib.sha256(self.generated.image.tobytes()).hexdigest()
        return {"seconds": self.generated.seconds, "adherence": self.adherence, "image_sha256": pixels}


class Studio:
    """Args:
    engine: makes and measures frames.
    template: the label map of a template's name.
    library: where the projects are; those of users who log in are in folders of theirs below.
    """

    def __init__(
        self,
        engine: Engine,
        template: Callable[[str], LabelMap],
        template_names: Sequence[tuple[str, str]],
        library: Library,
    ) -> None:
        self.engine = engine
        self.template = template
        self.template_names = list(template_names)
        self.jobs: JobQueue[Order, Made] = JobQueue(self._make)
        self.user_folders = UserFolders(library, lambda: template(self.template_names[0][1]))
        self.comparisons = Comparisons(engine, template, self.template_names, self.user_folders.is_open)
        self.videos = Videos(engine.videos, self.user_folders.is_open)
        self.recordings = Recordings()
        self.trail = AuditLog(library.root / AUDIT_LOG)
        self.sets = DataSets(engine, self.trail)
        self.sessions = Sessions(on_close=self._forget)

    def open_session(self, project: str | None = None, user: str = "") -> Session:
        """A page opens: on the user's project of this id, on a new one (`projects.NEW`) or on the latest (None)."""
        return self.sessions.open(self.user_folders.of(user), project, user)

    def close(self) -> None:
        """Stop the jobs and close the projects."""
        self.jobs.close()
        self.comparisons.close()
        self.videos.close()
        self.sets.close()
        self.user_folders.close()

    def catalog(self) -> Json:
        """What can be chosen in the page, JSON-able."""
        return {
            "templates": [{"name": name, "title": title} for title, name in self.template_names],
            "views": list(VIEWS),
            "phases": list(PHASES),
            "generators": [
                {
                    "name": card.name,
                    "title": card.title,
                    "nfe": card.advised_nfe,
                    "solver": card.advised_solver,
                    "one_call": card.kind in self.engine.one_call,
                    "guidance": bool(card.settings.get("label_dropout")),
                    "words": card.description,
                }
                for card in self.engine.cards()
            ],
            "solvers": [{"name": name, "title": title} for title, name in self.engine.solvers()],
            "schedules": list(self.engine.schedules()),
            "sliders": [{"name": name, **asdict(slider)} for name, slider in SLIDERS.items()],
            "defects": [
                {
                    "name": name,
                    "title": defect.title,
                    "parameters": [
                        {"name": key, "kind": "choice" if isinstance(p, Choice) else "number", **asdict(p)}
                        for key, p in defect.parameters.items()
                    ],
                }
                for name, defect in DEFECTS.items()
            ],
        }

    def start(self, session: Session, order: Mapping[str, Any]) -> Job[Order, Made] | None:
        """Start a job from what is on the canvas.

        Args:
            order: `revision` of the canvas, `live`, and the settings `view`, `phase`, `generator`,
                `solver`, `nfe` and `seed`; the seed may be text, because JavaScript's numbers end at 2^53.
                `guidance` and `schedule` are the request's defaults where they are missing.
                `intended` are the kinds of findings that are meant, none where it is missing.

        Returns:
            The job, or None for a live one where the canvas changed meanwhile: the newer edit asks for its own.

        Raises:
            RequestError: the canvas changed meanwhile, or a setting is impossible.
            UnknownNameError: no generator or solver of that name.
            BusyError: too many jobs wait.
        """
        live = order.get("live") is True
        label_map = session.at(_whole("revision", order.get("revision")))
        if label_map is None and live:
            return None
        if label_map is None:
            raise RequestError(
                expected="the label map that is on the canvas",
                got="one of another revision",
                remedy="press Generate again",
            )
        sampling = Sampling(
            str(order.get("generator")),
            str(order.get("solver")),
            _whole("NFE", order.get("nfe")),
            _number("guidance", order.get("guidance", 0)),
            str(order.get("schedule", "")),
        )
        view, phase = cast(View, str(order.get("view"))), cast(Phase, str(order.get("phase")))  # a request checks them
        request = GenerationRequest(label_map, sampling, view, phase, _whole("seed", order.get("seed")))
        cheaper = draft_sampling(sampling, self.engine.cards()) if live else None
        draft = replace(request, sampling=cheaper) if cheaper else None
        ordered = Order(request, session.revision, draft, _kinds(order.get("intended", [])))
        return self.jobs.submit(session.token, ordered, live=live, owner=session.owner)

    def describe(self, job: Job[Order, Made]) -> Json:
        """A small JSON-able progress message for the page."""
        stamp = job.stamp  # before the rest is read: what changes meanwhile is told again
        progress = self.jobs.progress(job)
        message: Json = {
            "job": job.number,
            "stamp": stamp,
            "state": progress.state.value,
            "live": job.live,
            "nfe": progress.nfe,
            "total": progress.total,
            "preview": progress.preview,
            "draft": progress.draft,
            "ahead": progress.ahead,
            "stopping": progress.stopping,
            "message": progress.message,
            "revision": job.request.revision,
        }
        if progress.state is JobState.DONE and job.outcome is not None:
            message |= job.outcome.measured()
            # Above 2^53 a number would lose digits in the browser.
            message["seed"] = str(job.request.request.seed)
        return message

    def _make(self, job: Job[Order, Made]) -> Made:
        order = job.request
        if order.draft is not None:
            self._draft(job, order.draft)
        generated = self.engine.generate(order.request, job.on_step)
        job.raise_if_cancelled()  # a newer map waits: measuring this frame would hold it up
        adherence = self.engine.adherence(generated.image, order.request.label_map)
        found = list(dict.fromkeys(finding.kind for finding in check_plausibility(order.request.label_map)))
        made = Made(order.request, generated, adherence, {"findings": found, "intended": list(order.intended)})
        self._keep(job.session, made)
        return made

    def _draft(self, job: Job[Order, Made], draft: GenerationRequest) -> None:
        """Draw and show a draft; one that fails holds up nothing, and the frame tells what is wrong if it fails too."""
        try:
            job.show_draft(self.engine.generate(draft, lambda *_: job.raise_if_cancelled()).image)
        except EchoStudioError:
            log.warning("no draft could be drawn", exc_info=True)

    def _keep(self, token: str, made: Made) -> None:
        """The newest frame stays with the project, so that it is there again when the project is opened."""
        session = self.sessions.known(token)
        if session is None or not session.projects.owns(token, session.project):
            return
        try:
            self.keep(session, made, "latest")
        except EchoStudioError:
            log.warning("the frame could not be kept with its project", exc_info=True)

    def keep(self, session: Session, made: Made, kind: Kind) -> Kept:
        """Keep a frame with the session's project."""
        return session.project.keep(kind, made.generated.image, made.request.label_map, made.origin(), made.measured())

    def _forget(self, session: Session) -> None:
        self.jobs.forget(session.token)
        session.projects.leave(session.token)
        self.recordings.drop(session.token)
        self.sets.uploaded_maps.drop(session.token)


def _kinds(value: object) -> tuple[str, ...]:
    """Kinds of findings from the page; few and short, whatever comes."""
    if isinstance(value, list) and len(value) <= MOST_KINDS and all(isinstance(kind, str) for kind in value):
        return tuple(kind[:40] for kind in value)
    raise RequestError(expected="the kinds of findings that are intended", got="something else", remedy="send a list")


def _number(name: str, value: object) -> float:
    """A finite number from the page."""
    try:
        number = float(str(value).strip())
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RequestError(expected=f"a number as {name}", got=f"{str(value)[:40]!r}", remedy="type one")
    return number


def _whole(name: str, value: object) -> int:
    """A whole number from the page; an empty field is told, not replaced."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value or "").strip()
    if text.removeprefix("-").isdecimal() and len(text) < 25:
        return int(text)
    got = f"{text[:40]!r}" if text else "an empty field"
    raise RequestError(expected=f"a whole number as {name}", got=got, remedy="type one")
