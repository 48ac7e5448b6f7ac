"""The sets of the Data set tab: made, curated, measured and exported, each user's in their own folder."""

import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from echo_studio.dataset.build.manifest import SetRequest
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.curation.store import Curation
from echo_studio.dataset.export.formats import FORMATS
from echo_studio.dataset.pairs import RECORD, read_json
from echo_studio.dataset.split import Fractions
from echo_studio.errors import BusyError, OutputError, RequestError, raised_as
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.jobs.service import AnyJob, JobService
from echo_studio.studio.sessions import Session
from echo_studio.studio.sets.maps import MapSource, UploadedMaps, set_maps
from echo_studio.studio.sets.places import EXPORTS, SETS, OpenSets, known_place, known_places, place_of
from echo_studio.studio.sets.work import KINDS, SetWork, make_folder, writing
from echo_studio.studio.users.audit_log import AuditLog
from echo_studio.types import Json

MAX_IN_PAGE = 200_000
MAX_ZIPPED = 2 << 30  # bytes: a browser holds a download in memory


class DataSets:
    """Args:
    engine: makes sets, and measures adherence.
    jobs: runs what takes long.
    audit_log: where exports are written down.
    """

    def __init__(self, engine: Engine, jobs: JobService, audit_log: AuditLog) -> None:
        self._audit_log = audit_log
        self._engine = engine
        self.uploaded_maps = UploadedMaps()
        self._open = OpenSets()
        self._work = SetWork(engine, jobs, self._open)

    def listing(self, session: Session) -> Json:
        """Sets and exports of the session's user, and what the form offers beside the catalog."""
        return {
            "sets": [
                {"name": path.name, "making": self._work.running(path, "make")} for path in known_places(session, SETS)
            ],
            "exports": [path.name for path in known_places(session, EXPORTS)],
            "formats": [{"name": name, "title": form.title, "holds": form.holds} for name, form in FORMATS.items()],
            "clips": self._engine.sets.clips(),
            "cores": self._engine.sets.cores,
            "reviewer": session.user,
        }

    def request(
        self,
        session: Session,
        source: MapSource,
        generators: Sequence[str],
        solver: str,
        budgets: Sequence[int],
        ranges: Mapping[str, Sequence[float]],
        **counts: Any,
    ) -> SetRequest:
        """What a page asks a set to be made of; see `SetMaker.request`.

        Raises:
            EchoStudioError: something in it is impossible.
        """
        maps = set_maps(session, self.uploaded_maps, source)
        request = self._engine.sets.request(maps, generators, solver, budgets, ranges, **counts)
        if request.count > MAX_IN_PAGE:
            raise RequestError(
                expected=f"at most {MAX_IN_PAGE:,} samples from the page",
                got=f"{request.count:,}",
                remedy="take fewer, or use `echo-studio synthesise`",
            )
        return request

    def plan(self, session: Session, name: str, request: SetRequest, workers: int) -> Json:
        """What a set will cost; nothing is written.

        Raises:
            EchoStudioError: see `SetMaker.plan`.
        """
        self._check_workers(workers)
        folder = SetFolder(place_of(session, SETS, name))
        folder.check(request)
        return self._engine.sets.plan(request, folder, workers).to_json()

    def make(self, session: Session, name: str, request: SetRequest, workers: int) -> str:
        """Begin to make a set; its name. One that was begun with the same request goes on.

        Raises:
            EchoStudioError: the request is another one than before; BusyError if the set is being made already.
        """
        self._check_workers(workers)
        path = place_of(session, SETS, name)
        folder = SetFolder(path)
        folder.check(request)
        if not self._work.running(path, "make"):  # else `SetWork.make` says so
            make_folder(path.parent)
            with folder.begin(request):
                pass
        self._work.make(path, workers)
        return path.name

    def go_on(self, session: Session, name: str, workers: int) -> None:
        """Go on with a set that was begun.

        Raises:
            EchoStudioError: there is none, it is made already, or another version began it.
        """
        self._check_workers(workers)
        path = known_place(session, SETS, name)
        self._engine.sets.check(SetFolder(path))
        self._work.make(path, workers)

    def stop(self, session: Session, name: str, kind: str) -> None:
        """Stop a task after the step under way.

        Raises:
            RequestError: no such set.
        """
        self._work.stop(known_place(session, SETS, name), kind)

    def curation(self, session: Session, name: str) -> Curation:
        """The open curation of a set, with what was made meanwhile.

        Raises:
            EchoStudioError: no such set, or one that cannot be read.
        """
        return self._open.of(known_place(session, SETS, name))

    def status(self, session: Session, name: str) -> Json:
        """Counts, tasks and entries of a set, JSON-able."""
        path = known_place(session, SETS, name)
        curation = self._open.of(path)
        header: Json = curation.folder.header if curation.folder.begun else {}
        keys = ("samples", "variations", "seeds", "seed", "defects", "ef")
        about = {key: header[key] for key in keys if key in header}
        return {"name": name, **curation.counts(), "about": about, "tasks": self._work.status(path)}

    def has_job(self, session: Session, job: AnyJob) -> bool:
        """Whether a task is done to a set of the session's user."""
        return job.kind in KINDS and Path(job.key).parent == session.folder / SETS

    def describe(self, job: AnyJob) -> Json:
        """How far a task is, JSON-able; what of the set it changes is in `status`."""
        return self._work.describe(job)

    def measure(self, session: Session, name: str) -> None:
        """Begin to measure adherence where it is missing.

        Raises:
            BusyError: it is measured already.
        """
        self._work.measure(known_place(session, SETS, name))

    def take_privacy(self, session: Session, name: str, report: Json) -> int:
        """Take in what `echo-studio evaluate privacy --json` found on a set; of how many samples.

        A sample's distance is 1 minus the highest correlation of its grain with a training image.

        Raises:
            RequestError: no such report.
        """
        nearest: dict[str, tuple[float, bool]] = {}
        with raised_as(
            RequestError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            expected="what `echo-studio evaluate privacy --images SET --json` printed about this set",
            remedy="choose that file",
        ):
            for frame in report.get("frames") or ():
                sample, distance = frame["name"].split("/")[0], round(1 - float(frame["grain"]), 4)
                before = nearest.get(sample, (distance, False))
                nearest[sample] = min(distance, before[0]), before[1] or bool(frame["flags"])
            found = self.curation(session, name).set_privacy((key, *values) for key, values in nearest.items())
            if not found:
                raise LookupError("none of its samples")
        return found

    def export(
        self, session: Session, name: str, form: str, out: str, fractions: Fractions, seed: int, only: str
    ) -> str:
        """Begin to export a set; the name of the export.

        Args:
            form, fractions, seed, only: see `dataset.export.formats.export_set`.
            out: the name of the export.

        Raises:
            EchoStudioError: something in it is impossible.
        """
        source, folder = known_place(session, SETS, name), place_of(session, EXPORTS, out)
        if folder.exists():
            raise OutputError(
                expected="a new name", got=f"the export {folder.name}, which exists", remedy="choose another"
            )

        def note() -> None:
            self._audit_log.write_export(session.user, session.project.id, f"{form} of {source.name}", folder)

        self._work.export(source, form, folder, fractions, seed, only, note)
        return folder.name

    def zipped_export(self, session: Session, name: str) -> Path:
        """A temporary ZIP file of an export; the caller removes it.

        Raises:
            RequestError: no such export, or one that is too large to download.
        """
        folder = known_place(session, EXPORTS, name)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if sum(path.stat().st_size for path in files) > MAX_ZIPPED:
            raise RequestError(
                expected="at most 2 GiB to download", got="more", remedy=f"copy exports/{folder.name} from the disk"
            )
        with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # pictures are packed already
                for path in files:
                    archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
            return Path(file.name)

    def sample(self, session: Session, name: str, number: int) -> Path:
        """The folder of a sample.

        Raises:
            EchoStudioError: no such set or sample.
        """
        path = known_place(session, SETS, name)
        return path / self._open.of(path).sample_id(number)

    def record(self, session: Session, name: str, number: int) -> Json:
        """A sample's own description."""
        return dict(read_json(self.sample(session, name, number) / RECORD))

    def remove(self, session: Session, name: str) -> None:
        """Delete a set for good.

        Raises:
            BusyError: it is being made or exported.
        """
        path = known_place(session, SETS, name)
        if any(self._work.running(path, kind) for kind in ("make", "export")):
            raise BusyError(
                expected=f"a set {name} at rest", got="one that is being made or exported", remedy="stop it"
            )
        self._work.forget(path)
        self._open.leave(path)
        with writing(path):
            removed = path.with_name(f".{path.name}.tmp")
            path.replace(removed)
            shutil.rmtree(removed)

    def close(self) -> None:
        """Close the sets and remove uploaded files: the server stops."""
        self.uploaded_maps.close()
        self._open.close()

    def _check_workers(self, workers: int) -> None:
        if not 1 <= workers <= self._engine.sets.cores:
            raise RequestError(
                expected=f"1 to {self._engine.sets.cores} workers", got=str(workers), remedy="choose fewer"
            )
