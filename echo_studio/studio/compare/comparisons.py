"""The comparisons of the Compare tab: one a project, kept in memory and shown again when its page is reloaded."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from echo_studio.data.template import Templates
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.studio.compare.figures import check_reference, figures, settings, title
from echo_studio.studio.compare.plan import AXES, Axis, Guide, Value, plan
from echo_studio.studio.compare.run import Comparison, run
from echo_studio.studio.compare.sheet import heading
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.jobs.job import Job
from echo_studio.studio.jobs.service import JobService
from echo_studio.studio.sessions import Session
from echo_studio.types import PHASES, VIEWS, Json, Phase, View

ComparisonJob: TypeAlias = Job[Comparison, Comparison]


class Comparisons:
    """Args:
    engine: generates and measures the frames of the cells.
    jobs: runs comparisons; a project has one at a time.
    templates: label maps that a person can name.
    """

    def __init__(self, engine: Engine, jobs: JobService, templates: Templates) -> None:
        self._engine, self._jobs, self._templates = engine, jobs, templates

    def guide(self, session: Session, kind: str, name: str) -> Guide:
        """A label map that is not the canvas, by its name.

        Args:
            kind: template, or slot for one that is kept with the project.

        Raises:
            RequestError: another kind.
            UnknownNameError: no such template or slot.
        """
        if kind == "template":
            return Guide(self._templates.titles.get(name, name), self._templates.read(name), *_view_phase(name))
        if kind != "slot":
            raise RequestError(
                expected="canvas, template or slot as kind of a label map",
                got=f"{kind[:40]!r}",
                remedy="press Run again",
            )
        slots = session.project.slots()
        if name not in slots:
            raise UnknownNameError("kept label map", name, slots)
        return Guide(f"Kept {name}", slots[name], *_view_phase(name))

    def start(
        self,
        session: Session,
        rows: Axis,
        columns: Axis,
        guides: Sequence[Guide],
        fixed: Mapping[str, Value],
        body: Json,
    ) -> ComparisonJob:
        """Start a comparison; the project's older one is cancelled and dropped.

        Args:
            rows, columns, guides, fixed: see `compare.plan.plan`.
            body: what the page sent: a reload shows its settings again.

        Raises:
            RequestError, UnknownNameError: something in it is impossible.
            BusyError: too many comparisons wait.
        """
        comparison = Comparison(plan(rows, columns, guides, fixed, self._engine.cards()), body)
        older = self.current(session)
        job = self._jobs.start("comparison", session.project.id, comparison, self._work, owner=session.owner)
        if older is not None:
            self.cancel(older)
        return job

    def current(self, session: Session) -> ComparisonJob | None:
        """The newest comparison of the session's project."""
        return self._jobs.current("comparison", session.project.id)

    def cancel(self, job: ComparisonJob) -> None:
        """Stop between two NFE; cells that are done stay."""
        job.cancel()
        if job.progress().ended:
            job.request.cancel_rest()  # it never began
            job.count_change()

    def describe(self, job: ComparisonJob, reference: int) -> Json:
        """How far a comparison is, with the figures of its cells against one of them, JSON-able.

        Raises:
            RequestError: no such reference.
        """
        comparison = job.request
        check_reference(comparison, reference)
        message = self._jobs.describe(job)
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
        return {
            **message,
            "comparison": job.number,
            "reference": reference,
            "order": comparison.body,
            "cells": cells,
            "rows": _described(comparison.plan.rows),
            "columns": _described(comparison.plan.columns),
        }

    def _work(self, job: ComparisonJob) -> Comparison:
        run(job.request, self._engine, job.raise_if_cancelled, lambda *_: job.count_change())
        return job.request


def _described(axis: Axis) -> Json:
    return {
        "name": axis.name,
        "title": AXES[axis.name].title,
        "values": [str(value) for value in axis.values],
        "headings": [heading(axis, value) for value in axis.values],
    }


def _view_phase(name: str) -> tuple[View, Phase]:
    """What the name of a template or slot says, such as 4ch-es-large-atrium; 4CH and ED if it says nothing."""
    words = name.upper().split("-")
    return next((v for v in VIEWS if v in words), "4CH"), next((p for p in PHASES if p in words), "ED")
