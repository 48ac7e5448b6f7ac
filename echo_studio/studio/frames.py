"""The frames of the Edit tab: generated from what is on the canvas, kept with the project, downloaded as files."""

import hashlib
import io
import json
import logging
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from echo_studio.anatomy.measure.plausibility import check_plausibility
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.formats.media import write_frame
from echo_studio.errors import EchoStudioError, RequestError, UnknownNameError
from echo_studio.evaluate.frames.adherence import REAL_GRAIN, grain_of
from echo_studio.evaluate.frames.segmentation import JUDGE
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.project.project import Kept, Kind
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.jobs.job import Job, JobState
from echo_studio.studio.jobs.service import JobService
from echo_studio.studio.sessions import Session, Sessions
from echo_studio.types import GrayImage, Json

log = logging.getLogger(__name__)

# Without a student of its own a generator drafts with so few NFE, if the chosen number is at least twice as large.
# With edm-l64 such a draft is 5 grey levels (RMS) from the limit of many NFE; Heun needs 20 for that
# (benchmarks/solvers.py).
DRAFT_NFE = 5
DRAFT_SOLVER = "ipndm"

PNG_PAIR = ("frame.png", "label_map.png")
NIFTI_PAIR = ("frame.nii.gz", "label_map.nii.gz")
RECORD = "record.json"
# What a person can download, and what is inside.
BUNDLES: dict[str, tuple[str, ...]] = {
    "all.zip": (*PNG_PAIR, *NIFTI_PAIR, RECORD),
    "png.zip": (*PNG_PAIR, RECORD),
    "nifti.zip": (*NIFTI_PAIR, RECORD),
    RECORD: (RECORD,),
}


@dataclass(frozen=True)
class FrameRequest:
    """What the page asks for.

    Attributes:
        generation: the frame.
        revision: of the canvas that the frame is of.
        live: the frame follows the hand: it goes before those that are not live, and a cheaper draft comes first.
        drafted: the page shows a draft of this very map already.
        intended: kinds of findings (`anatomy.measure.plausibility`) that the person means to be in the map.
    """

    generation: GenerationRequest
    revision: int
    live: bool = False
    drafted: bool = False
    intended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frame:
    """A generated frame, how well it keeps to its label map, and what is odd in its map."""

    request: GenerationRequest
    generated: Generated
    adherence: dict[str, float | None]
    grain: float
    plausibility: Json

    def record(self) -> Json:
        """The generation record with what was measured on the frame beside it."""
        return {**self.origin(), "measured": self.measured()}

    def origin(self) -> Json:
        """What brings the frame back; the kinds of `findings` in its map, and the kinds that are `intended`."""
        return {**self.generated.record.to_json(), "plausibility": self.plausibility}

    def measured(self) -> Json:
        """Figures of this frame; the hash is of its pixels, and says whether another run gave the same ones.

        `scored_by` says whose adherence it is; results that were kept without it hold the labeller's. `grain` is the
        strength of the finest grain, which blur lowers, and `grain_real` what 95 in 100 real frames have.
        """
        pixels = hashlib.sha256(self.generated.image.tobytes()).hexdigest()
        seconds = self.generated.seconds
        grain = {"grain": round(self.grain, 2), "grain_real": list(REAL_GRAIN)}
        return {"seconds": seconds, "adherence": self.adherence, "scored_by": JUDGE, **grain, "image_sha256": pixels}

    def file_name(self, bundle: str) -> str:
        """A name for a download that tells results apart in a folder."""
        sampling = self.request.sampling
        stem = f"{sampling.generator}-{sampling.solver}-nfe{sampling.nfe}-seed{self.request.seed}"
        return f"{'echo' if self.request.source is None else 'edited-real-frame'}-{stem}-{bundle}"

    def download(self, bundle: str) -> bytes:
        """The bytes of one of `BUNDLES`; each file in it is marked by its writer as what it is.

        Raises:
            UnknownNameError: no such download.
        """
        if bundle not in BUNDLES:
            raise UnknownNameError("download", bundle, BUNDLES)
        record = json.dumps(self.record(), indent=2, allow_nan=False).encode()
        if bundle == RECORD:
            return record
        packed = io.BytesIO()
        with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in BUNDLES[bundle]:
                archive.writestr(name, record if name == RECORD else self._file(Path(scratch) / name))
        return packed.getvalue()

    def _file(self, path: Path) -> bytes:
        label_map = self.request.label_map
        if path.name.startswith("label_map"):
            write_label_map(path, label_map)
        else:
            write_frame(path, self.generated.image, label_map.spacing_mm, self.record())
        return path.read_bytes()


FrameJob: TypeAlias = Job[FrameRequest, Frame]


class Frames:
    """Args:
    engine: generates and measures frames.
    jobs: runs them; a session has one at a time.
    sessions: whose projects keep them.
    """

    def __init__(self, engine: Engine, jobs: JobService, sessions: Sessions) -> None:
        self._engine, self._jobs, self._sessions = engine, jobs, sessions

    def start(self, session: Session, request: FrameRequest) -> FrameJob:
        """Start a job; the session's older one and a draft on its way are cancelled.

        Raises:
            BusyError: too many jobs wait.
        """
        self.cancel(session)
        return self._jobs.start("frame", session.token, request, self._work, owner=session.owner, live=request.live)

    def draft(self, session: Session, request: GenerationRequest) -> GrayImage | None:
        """A draft of a map that a hand moves at this moment. Blocks; nothing is kept.

        The session's live frame is of an older map, so it is cancelled.

        Returns:
            uint8 (h, w), the map's size; None if another draft of the session came between.

        Raises:
            RequestError: the generator has no draft that is cheap enough, or the draft failed.
            BusyError: too many jobs wait.
        """
        sampling = draft_sampling(request.sampling, self._engine.cards())
        if sampling is None:
            raise RequestError(
                expected="a generator with a student, or many NFE",
                got=f"{request.sampling.generator} with {request.sampling.nfe} NFE",
                remedy="the frame comes when the stroke ends",
            )
        frame = self.current(session)
        if frame is not None and frame.live:
            frame.cancel()
        wanted = replace(request, sampling=sampling)

        def work(job: Job[GenerationRequest, GrayImage]) -> GrayImage:
            return self._engine.generate(wanted, lambda *_: job.raise_if_cancelled()).image

        job = self._jobs.start("draft", session.token, wanted, work, owner=session.owner, live=True)
        if job.wait() is JobState.FAILED:
            raise RequestError(
                expected="a draft", got=job.progress().message, remedy="the frame comes when the stroke ends"
            )
        return job.outcome

    def cancel(self, session: Session) -> bool:
        """Cancel the session's job and its draft; returns whether there was any."""
        jobs = [self._jobs.current(kind, session.token) for kind in ("frame", "draft")]
        for job in jobs:
            if job is not None:
                job.cancel()
        return any(jobs)

    def current(self, session: Session) -> FrameJob | None:
        """The newest job of a session."""
        return self._jobs.current("frame", session.token)

    def find(self, session: Session, number: int) -> FrameJob | None:
        """A job of the session: the newest, the one before it or the last done."""
        return self._jobs.find("frame", session.token, number)

    def describe(self, job: FrameJob) -> Json:
        """A small JSON-able progress message for the page."""
        message = self._jobs.describe(job)
        edited = job.request.generation.source is not None
        message |= {"job": job.number, "live": job.live, "revision": job.request.revision, "edited": edited}
        if message["state"] == JobState.DONE and job.outcome is not None:
            message |= job.outcome.measured()
            # Above 2^53 a number would lose digits in the browser.
            message["seed"] = str(job.request.generation.seed)
        return message

    def keep(self, session: Session, frame: Frame, kind: Kind) -> Kept:
        """Keep a frame with the session's project.

        Raises:
            RequestError: it is an edited real frame, of which nothing is written to the disk.
        """
        if frame.request.source is not None:
            raise RequestError(
                expected="a synthetic frame",
                got="an edited real frame, which is personal data and is not kept with a project",
                remedy="download it",
            )
        label_map = frame.request.label_map
        return session.project.keep(kind, frame.generated.image, label_map, frame.origin(), frame.measured())

    def _work(self, job: FrameJob) -> Frame:
        request = job.request.generation
        if job.live and not job.request.drafted:
            self._show_draft(job)
        generated = self._engine.generate(request, job.on_step)
        job.raise_if_cancelled()  # a newer map waits: measuring this frame would hold it up
        adherence = self._engine.adherence(generated.image, request.label_map)
        found = list(dict.fromkeys(finding.kind for finding in check_plausibility(request.label_map)))
        plausibility = {"findings": found, "intended": list(job.request.intended)}
        grain = grain_of(generated.image, request.label_map)
        frame = Frame(request, generated, adherence, grain, plausibility)
        self._keep_latest(job.key, frame)
        return frame

    def _show_draft(self, job: FrameJob) -> None:
        """Generate and show a draft. One that fails holds up nothing: the frame says what is wrong if it fails too."""
        try:
            draft = draft_sampling(job.request.generation.sampling, self._engine.cards())
            if draft is not None:
                request = replace(job.request.generation, sampling=draft)
                job.show_draft(self._engine.generate(request, lambda *_: job.raise_if_cancelled()).image)
        except EchoStudioError:
            log.warning("no draft could be generated", exc_info=True)

    def _keep_latest(self, token: str, frame: Frame) -> None:
        """The newest frame stays with the project, so that it is there again when the project is opened."""
        session = self._sessions.known(token)
        if session is None or not session.writes or frame.request.source is not None:
            return
        try:
            self.keep(session, frame, "latest")
        except EchoStudioError:
            log.warning("the frame could not be kept with its project", exc_info=True)


def draft_sampling(sampling: Sampling, cards: Sequence[Card]) -> Sampling | None:
    """The cheaper sampling that a live preview shows first, of the same seed; None if a draft would save too little.

    A student that was distilled from the chosen generator, from these weights or an earlier leg of theirs, gives in one
    call about what that one would give. No other stands in for it: its frames would be of another look.

    Args:
        sampling: of the request.
        cards: of the generators that can be chosen.
    """
    chosen = sampling.generator
    legs = {sha256 for card in cards if card.name == chosen for sha256 in (card.sha256, *card.earlier_legs)}
    student = next((card for card in cards if card.distilled_from.get(chosen) in legs), None)
    if student is not None and sampling.nfe >= DRAFT_NFE:
        return replace(sampling, generator=student.name, nfe=1, guidance=0.0, schedule="")
    if sampling.nfe >= 2 * DRAFT_NFE:
        return replace(sampling, nfe=DRAFT_NFE, solver=DRAFT_SOLVER, schedule="")
    return None
