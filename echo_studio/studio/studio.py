"""The studio behind the page: sessions, the engine and its jobs, without a word of Gradio or HTTP."""

from dataclasses import asdict

from echo_studio.anatomy.edits.defects import DEFECTS, Choice
from echo_studio.anatomy.edits.place import PLACED
from echo_studio.anatomy.shape.sliders import SLIDERS
from echo_studio.data.template import Templates
from echo_studio.errors import RequestError
from echo_studio.generate.checkpoint import ONE_CALL
from echo_studio.generate.video.request import MAX_FRAMES
from echo_studio.project.library import Library
from echo_studio.studio.compare.comparisons import Comparisons
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.frames import Frames
from echo_studio.studio.jobs.service import AnyJob, JobService
from echo_studio.studio.projects import UserFolders
from echo_studio.studio.real_frames import RealFrame, RealLoop
from echo_studio.studio.sessions import Session, Sessions
from echo_studio.studio.sets.data_sets import DataSets
from echo_studio.studio.uploads import Recordings
from echo_studio.studio.users.audit_log import AUDIT_LOG, AuditLog
from echo_studio.studio.videos import Videos
from echo_studio.types import PHASES, VIEWS, Json


class Studio:
    """Args:
    engine: generates and measures frames and clips, and makes sets.
    library: where the projects are; those of users who log in are in folders of theirs below.
    templates: label maps that a drawing can start from; the bundled ones by default.
    """

    def __init__(self, engine: Engine, library: Library, templates: Templates | None = None) -> None:
        self.engine = engine
        self.templates = templates or Templates()
        self.user_folders = UserFolders(library, self.templates.read(next(iter(self.templates.titles))))
        self.sessions = Sessions(on_close=self._forget)
        self.jobs = JobService(self.sessions)
        self.frames = Frames(engine, self.jobs, self.sessions)
        self.comparisons = Comparisons(engine, self.jobs, self.templates)
        self.videos = Videos(engine, self.jobs)
        self.recordings = Recordings()
        self.audit_log = AuditLog(library.root / AUDIT_LOG)
        self.sets = DataSets(engine, self.jobs, self.audit_log)

    def open_session(self, project: str | None = None, user: str = "") -> Session:
        """A page opens: on the user's project of this id, on a new one (`projects.NEW`) or on the latest (None)."""
        return self.sessions.open(self.user_folders.of(user), project, user)

    def close(self) -> None:
        """Stop the jobs and close the projects."""
        self.jobs.close()
        self.sets.close()
        self.user_folders.close()

    def has_job(self, session: Session, job: AnyJob) -> bool:
        """Whether a job is the session's: its frame, or a comparison, video or set that it sees."""
        if job.kind == "frame":
            return job.key == session.token
        if job.kind in ("comparison", "video", "beat"):
            return job.key in (session.project.id, session.token)
        return self.sets.has_job(session, job)

    def describe_job(self, job: AnyJob) -> Json:
        """What a page hears of a job of any kind, JSON-able; the figures of a comparison are against its first cell."""
        if job.kind == "frame":
            return self.frames.describe(job)
        if job.kind == "comparison":
            return self.comparisons.describe(job, 0)
        return self.videos.describe(job) if job.kind in ("video", "beat") else self.sets.describe(job)

    def set_real_frame(self, session: Session, real_frame: RealFrame | None) -> None:
        """From now on the session edits this real frame; what was kept of another one leaves the memory."""
        before, session.real_frame = session.real_frame, real_frame
        loop = session.real_loop
        if loop is not None and (real_frame is None or loop.recording is not self.recordings.get(session.token)):
            self.engine.forget(loop.source)
            session.real_loop = loop = None
        # What is kept of a loop goes by its first frame: it stays while another frame of the loop is looked at.
        of_loop = loop is not None and before is not None and before.number == loop.first
        if before is not None and not of_loop and (real_frame is None or real_frame.image is not before.image):
            self.engine.forget(before.source())

    def label_loop(self, session: Session) -> RealLoop:
        """Label the recording of the session's real frame from that frame on, which the person has labelled already.

        Raises:
            RequestError: the session edits no frame of a recording, or no ventricle contracts from that frame on.
            ImageError, CheckpointError: see `Engine.labels_of`.
        """
        recording, frame = self.recordings.get(session.token), session.real_frame
        if recording is None or frame is None:
            raise RequestError(
                expected="a recording that is edited", got="none in memory any more", remedy="open its file again"
            )
        first = frame.number
        found = self.engine.labels_of(recording.frames[first : first + MAX_FRAMES], recording.spacing_mm)
        loop = RealLoop(recording, first, tuple(found)).corrected(first, frame.label_map)
        loop.beat  # noqa: B018 - raises where there is none
        session.real_loop = loop
        return loop

    def catalog(self) -> Json:
        """What can be chosen in the page, JSON-able."""
        with_look = self.engine.with_look()
        return {
            "templates": [{"name": name, "title": title} for name, title in self.templates.titles.items()],
            "views": list(VIEWS),
            "phases": list(PHASES),
            "generators": [
                {
                    "name": card.name,
                    "title": card.title,
                    "nfe": card.advised_nfe,
                    "solver": card.advised_solver,
                    "labels": card.label_count,
                    "one_call": card.kind in ONE_CALL,
                    "guidance": bool(card.settings.get("label_dropout")),
                    "look": card.name in with_look,
                    "words": card.description,
                    "caution": card.caution,
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
                    "placed": name in PLACED,
                    "parameters": [
                        {"name": key, "kind": "choice" if isinstance(p, Choice) else "number", **asdict(p)}
                        for key, p in defect.parameters.items()
                    ],
                }
                for name, defect in DEFECTS.items()
            ],
        }

    def _forget(self, session: Session) -> None:
        for kind in ("frame", "draft", "video", "beat"):
            self.jobs.forget(kind, session.token)
        session.projects.leave(session.token)
        self.recordings.drop(session.token)
        self.set_real_frame(session, None)
        self.sets.uploaded_maps.drop(session.token)
        self.jobs.wake()
