"""The comparisons of the Compare tab: one a project, kept in memory and shown again when its page is reloaded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import Cancelled, RequestError, UnknownNameError
from echo_studio.studio.compare.figures import check_reference, figures, settings, title
from echo_studio.studio.compare.plan import AXES, Axis, Guide, plan, read_value
from echo_studio.studio.compare.run import Comparison, run
from echo_studio.studio.compare.run import Engine as RunEngine
from echo_studio.studio.compare.sheet import heading
from echo_studio.studio.jobs import Job, JobQueue
from echo_studio.studio.sessions import Session
from echo_studio.studio.sharing import choose_evictions
from echo_studio.types import PHASES, VIEWS, Json, Phase, View

if TYPE_CHECKING:
    from echo_studio.generate.checkpoint import Card

MAX_KEPT = 8  # and those that wait or run
AT_ONCE = 3  # they share the device, NFE by NFE: a large one holds up nobody else's
# A comparison that nobody looks at any more stops; a page that is reloaded is back long before.
ALONE_SECONDS = 30.0
CANVAS = "Canvas"

ComparisonJob: TypeAlias = Job[Comparison, Comparison]


class Engine(RunEngine, Protocol):
    """What the tab needs of `studio.engine.Engine`."""

    @property
    def one_call(self) -> frozenset[str]: ...

    def cards(self) -> Sequence[Card]: ...


class Comparisons:
    """Args:
    engine: makes and measures the frames of the cells.
    template: the label map of a template's name.
    titles: (title, name) of each template.
    is_open: whether any page has the project of this id open.
    """

    def __init__(
        self,
        engine: Engine,
        template: Callable[[str], LabelMap],
        titles: Sequence[tuple[str, str]],
        is_open: Callable[[str], bool],
    ) -> None:
        self._engine = engine
        self._template = template
        self._titles = {name: title for title, name in titles}
        self._is_open = is_open
        self._queue: JobQueue[Comparison, Comparison] = JobQueue(self._work, workers=AT_ONCE)
        self._lock = threading.Lock()
        self._kept: dict[str, ComparisonJob] = {}  # by project, the newest last
        self._orders: dict[str, Json] = {}  # what the page asked for

    def start(self, session: Session, order: Mapping[str, Any]) -> ComparisonJob:
        """Start a comparison; the project's older one is cancelled and let go.

        Args:
            order: `rows` and `columns` with `name` and `values` (text), `fixed` values (text) by axis, `maps` with
                `kind` (canvas, template, slot) and `name`, `revision` of the canvas, its `view` and `phase`.

        Raises:
            RequestError, UnknownNameError: something in it is impossible, or the canvas changed meanwhile.
            BusyError: too many comparisons wait.
        """
        guides = [self._guide(session, order, told) for told in _dicts(order.get("maps"))]
        names = [guide.name for guide in guides]
        rows, columns = (_axis(order.get(side), names) for side in ("rows", "columns"))
        fixed = {
            name: read_value(name, str(text))
            for name, text in _dict(order.get("fixed")).items()
            if name in AXES and str(text).strip()
        }
        planned = plan(rows, columns, guides, fixed, self._engine.cards(), self._engine.one_call)
        job = self._queue.submit(session.project.id, Comparison(planned), owner=session.owner)
        self._keep(session.project.id, job, dict(order))
        return job

    def current(self, session: Session) -> ComparisonJob | None:
        """The newest comparison of the session's project."""
        with self._lock:
            return self._kept.get(session.project.id)

    def cancel(self, job: ComparisonJob) -> None:
        """Stop between two NFE; cells that are done stay."""
        job.cancel()
        if job.progress().ended:
            job.request.cancel_rest()  # it never began

    def describe(self, job: ComparisonJob, reference: int) -> Json:
        """How far a comparison is, with the figures of its cells against one of them, JSON-able.

        Raises:
            RequestError: no such reference.
        """
        comparison = job.request
        check_reference(comparison, reference)
        stamp = self.stamp(job)  # before the rest is read: what changes meanwhile is told again
        progress = self._queue.progress(job)
        states = comparison.cells
        known = figures(comparison, reference, states)
        cells = [
            {
                "row": cell.row,
                "column": cell.column,
                "settings": {**settings(cell), "seed": str(cell.request.seed)},  # above 2^53 digits would be lost
                "title": title(cell),
                "note": cell.note,
                "state": now.state.value,
                "nfe": now.nfe,
                "message": now.message,
                "figures": known[number],
            }
            for number, (cell, now) in enumerate(zip(comparison.plan.cells, states, strict=True))
        ]
        axes = {"rows": comparison.plan.rows, "columns": comparison.plan.columns}
        return {
            "comparison": job.number,
            "stamp": stamp,
            "state": progress.state.value,
            "ahead": progress.ahead,
            "stopping": progress.stopping,
            "message": progress.message,
            "reference": reference,
            "order": self._orders.get(job.session, {}),
            "cells": cells,
            **{
                side: {
                    "name": axis.name,
                    "title": AXES[axis.name].title,
                    "values": [str(value) for value in axis.values],
                    "headings": [heading(axis, value) for value in axis.values],
                }
                for side, axis in axes.items()
            },
        }

    @staticmethod
    def stamp(job: ComparisonJob) -> int:
        """Grows with every change."""
        return job.stamp + job.request.stamp

    def close(self) -> None:
        """Cancel everything: the server stops."""
        self._queue.close()

    def _work(self, job: ComparisonJob) -> Comparison:
        seen = time.monotonic()

        def check() -> None:
            nonlocal seen
            job.raise_if_cancelled()
            if self._is_open(job.session):
                seen = time.monotonic()
            elif time.monotonic() - seen > ALONE_SECONDS:
                raise Cancelled

        run(job.request, self._engine, check)
        return job.request

    def _keep(self, project: str, job: ComparisonJob, order: Json) -> None:
        with self._lock:
            older = self._kept.pop(project, None)
            self._kept[project], self._orders[project] = job, order
            owners = {name: kept.owner for name, kept in self._kept.items()}
            excess = choose_evictions(owners, MAX_KEPT, lambda name: self._kept[name].progress().ended)
            for forgotten in excess:
                del self._kept[forgotten], self._orders[forgotten]
        if older is not None:
            self.cancel(older)
        for forgotten in excess:
            self._queue.forget(forgotten)

    def _guide(self, session: Session, order: Mapping[str, Any], told: Mapping[str, Any]) -> Guide:
        kind, name = str(told.get("kind")), str(told.get("name", ""))
        if kind == "template":
            label_map = self._template(name)
            return Guide(self._titles.get(name, name), label_map, *_view_phase(name))
        if kind == "slot":
            slots = session.project.slots()
            if name not in slots:
                raise UnknownNameError("kept label map", name, slots)
            return Guide(f"Kept {name}", slots[name], *_view_phase(name))
        canvas = session.at(order["revision"]) if isinstance(order.get("revision"), int) else None
        if kind != "canvas" or canvas is None:
            raise RequestError(
                expected="the label map that is on the canvas", got="one of another revision", remedy="press Run again"
            )
        return Guide(CANVAS, canvas, cast(View, order.get("view")), cast(Phase, order.get("phase")))


def _axis(told: object, maps: Sequence[str]) -> Axis:
    given = _dict(told)
    name, values = str(given.get("name")), given.get("values", [])
    if name == "label_map":
        return Axis(name, tuple(maps))
    if not isinstance(values, list):
        raise RequestError(expected=f"a list of values of {name}", got="something else", remedy="send a list")
    return Axis.read(name, [str(value) for value in values])


def _view_phase(name: str) -> tuple[View, Phase]:
    """What the name of a template or slot tells, such as 4ch-es-large-atrium; 4CH and ED where it tells nothing."""
    words = name.upper().split("-")
    return next((v for v in VIEWS if v in words), "4CH"), next((p for p in PHASES if p in words), "ED")


def _dict(value: object) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise RequestError(expected="a JSON object", got="something else", remedy="send one")


def _dicts(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise RequestError(expected="a list of label maps", got="something else", remedy="send one")
    return [_dict(one) for one in value]
