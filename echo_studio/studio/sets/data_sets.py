"""The sets of the Data set tab: made, curated, measured and exported, each user's in their own folder."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.curation.store import Curation
from echo_studio.dataset.curation.thumbnail import Thumbnails
from echo_studio.dataset.export.formats import FORMATS
from echo_studio.dataset.pairs import RECORD, read_json
from echo_studio.dataset.split import Fractions
from echo_studio.errors import BusyError, OutputError, RequestError
from echo_studio.studio.sessions import Session
from echo_studio.studio.sets.open_sets import OpenSets
from echo_studio.studio.sets.places import places_of
from echo_studio.studio.sets.requests import read_order
from echo_studio.studio.sets.tasks import SetTasks
from echo_studio.studio.sets.uploaded_maps import UploadedMaps
from echo_studio.studio.sets.work import Engine, SetWork, made_folder, to_write
from echo_studio.studio.users.audit_log import AuditLog
from echo_studio.types import Json


class DataSets:
    """Args:
    engine: makes sets, and measures adherence.
    trail: where exports are written down.
    """

    def __init__(self, engine: Engine, trail: AuditLog) -> None:
        self._trail = trail
        self._engine = engine
        self.uploaded_maps = UploadedMaps()
        self.tasks = SetTasks()
        self.thumbnails = Thumbnails()
        self._open = OpenSets()
        self._work = SetWork(engine, self.tasks, self._open)

    def listing(self, session: Session) -> Json:
        """Sets and exports of the session's user, and what the form offers beside the catalog."""
        places = places_of(session)
        return {
            "sets": [{"name": path.name, "making": self.tasks.running(path, "make")} for path in places.sets()],
            "exports": [path.name for path in places.exports()],
            "formats": [{"name": name, "title": form.title, "holds": form.holds} for name, form in FORMATS.items()],
            "clips": self._engine.sets.clips(),
            "cores": self._engine.sets.cores,
            "reviewer": session.user,
        }

    def plan(self, session: Session, order: Mapping[str, Any]) -> Json:
        """What a set will cost; nothing is written.

        Raises:
            EchoStudioError: see `read_order` and `SetMaker.plan`.
        """
        planned = read_order(session, order, self.uploaded_maps, self._engine.sets)
        folder = SetFolder(places_of(session).a_set(str(order.get("name"))))
        folder.check(planned)
        return self._engine.sets.plan(planned, folder, self._workers(order)).to_json()

    def make(self, session: Session, order: Mapping[str, Any]) -> str:
        """Begin to make a set; its name. One that was begun with the same order goes on.

        Raises:
            EchoStudioError: see `read_order`; BusyError where it is being made already.
        """
        planned = read_order(session, order, self.uploaded_maps, self._engine.sets)
        path = places_of(session).a_set(str(order.get("name")))
        folder = SetFolder(path)
        folder.check(planned)
        workers = self._workers(order)
        if not self.tasks.running(path, "make"):  # else `start` says so
            made_folder(path.parent)
            with folder.begin(planned):
                pass
        self._work.make(path, workers)
        return path.name

    def go_on(self, session: Session, name: str, workers: object) -> None:
        """Go on with a set that was begun.

        Raises:
            EchoStudioError: there is none, it is made already, or another version began it.
        """
        path = places_of(session).known_set(name)
        self._engine.sets.check(SetFolder(path))
        self._work.make(path, self._workers({"workers": workers}))

    def stop(self, session: Session, name: str, kind: str) -> None:
        """Stop a task after the step under way.

        Raises:
            RequestError: no such set.
        """
        self.tasks.stop(places_of(session).known_set(name), kind)

    def curation(self, session: Session, name: str) -> Curation:
        """The open curation of a set, with what was made meanwhile.

        Raises:
            EchoStudioError: no such set, or one that cannot be read.
        """
        return self._open.of(places_of(session).known_set(name))

    def told(self, session: Session, name: str) -> Json:
        """Counts, tasks and entries of a set, JSON-able."""
        path = places_of(session).known_set(name)
        curation = self._open.of(path)
        header: Json = curation.folder.header if curation.folder.begun else {}
        keys = ("samples", "variations", "seeds", "seed", "defects", "ef")
        about = {key: header[key] for key in keys if key in header}
        return {"name": name, **curation.counts(), "about": about, "tasks": self.tasks.told(path)}

    def measure(self, session: Session, name: str) -> None:
        """Begin to measure adherence where it is missing.

        Raises:
            BusyError: it is measured already.
        """
        self._work.measure(places_of(session).known_set(name))

    def take_privacy(self, session: Session, name: str, report: object) -> int:
        """Take in what `echo-studio evaluate privacy --json` found on a set; of how many samples.

        A sample's distance is 1 minus the highest correlation of its grain with a training image.

        Raises:
            RequestError: no such report.
        """
        frames = report.get("frames") if isinstance(report, dict) else None
        nearest: dict[str, tuple[float, bool]] = {}
        try:
            for frame in frames or ():
                sample, distance = frame["name"].split("/")[0], round(1 - float(frame["grain"]), 4)
                before = nearest.get(sample, (distance, False))
                nearest[sample] = min(distance, before[0]), before[1] or bool(frame["flags"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _no_report() from error
        found = self.curation(session, name).set_privacy((key, *values) for key, values in nearest.items())
        if not found:
            raise _no_report()
        return found

    def export(self, session: Session, name: str, wanted: Mapping[str, Any]) -> str:
        """Begin to export a set; the name of the export.

        Args:
            wanted: `format`, `out` (a name), `only`, `validation` and `testing` (fractions), `seed` of the split.

        Raises:
            EchoStudioError: something in it is impossible.
        """
        places = places_of(session)
        source, out = places.known_set(name), places.an_export(str(wanted.get("out")))
        numbers = [wanted.get(key) for key in ("validation", "testing", "seed")]
        if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
            raise RequestError(expected="fractions and a seed as numbers", got=f"{numbers}"[:60], remedy="type numbers")
        fractions = Fractions(float(numbers[0] or 0), float(numbers[1] or 0))
        form, only, seed = str(wanted.get("format")), str(wanted.get("only")), int(numbers[2] or 0)
        if out.exists():
            raise OutputError(
                expected="a new name", got=f"the export {out.name}, which exists", remedy="choose another"
            )

        def note() -> None:
            self._trail.write_export(session.user, session.project.id, f"{form} of {source.name}", out)

        self._work.export(source, form, out, fractions, seed, only, note)
        return out.name

    def sample(self, session: Session, name: str, number: int) -> Path:
        """The folder of a sample.

        Raises:
            EchoStudioError: no such set or sample.
        """
        path = places_of(session).known_set(name)
        return path / self._open.of(path).sample_id(number)

    def record(self, session: Session, name: str, number: int) -> Json:
        """A sample's own description."""
        return dict(read_json(self.sample(session, name, number) / RECORD))

    def remove(self, session: Session, name: str) -> None:
        """Delete a set for good.

        Raises:
            BusyError: it is being made or exported.
        """
        path = places_of(session).known_set(name)
        if any(self.tasks.running(path, kind) for kind in ("make", "export")):
            raise BusyError(
                expected=f"a set {name} at rest", got="one that is being made or exported", remedy="stop it"
            )
        self.tasks.forget(path)
        self._open.leave(path)
        with to_write(path):
            grave = path.with_name(f".{path.name}.tmp")
            path.replace(grave)
            shutil.rmtree(grave)

    def close(self) -> None:
        """Stop everything and let the sets go: the server stops."""
        self.tasks.close()
        self.uploaded_maps.close()
        self._open.close()

    def _workers(self, order: Mapping[str, Any]) -> int:
        workers = order.get("workers", 1)
        if type(workers) is not int or not 1 <= workers <= self._engine.sets.cores:
            raise RequestError(
                expected=f"1 to {self._engine.sets.cores} workers", got=f"{workers!r}"[:20], remedy="choose fewer"
            )
        return workers


def _no_report() -> RequestError:
    return RequestError(
        expected="what `echo-studio evaluate privacy --images SET --json` printed about this set",
        got="something else",
        remedy="choose that file",
    )
