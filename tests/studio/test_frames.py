"""Frames of the page: which request a live preview shows first, and a draft that fails."""

import time
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from echo_studio.errors import CheckpointError
from echo_studio.evaluate.frames.adherence import REAL_GRAIN, grain_of
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.studio.frames import DRAFT_NFE, DRAFT_SOLVER, FrameRequest, draft_sampling
from echo_studio.studio.jobs.job import JobState
from echo_studio.studio.projects import NEW
from tests.studio.fake_models import fake_card
from tests.studio.fakes import FakeEngine, fake_studio, frame_request

TEACHER = fake_card("edm-l64", sha256="a" * 64)
STUDENT = fake_card("draft-l64", kind="distilled", distilled_from={"edm-l64": "a" * 64}, advised_nfe=1)
OTHER = fake_card("vp", kind="vp")
SAMPLING = Sampling("edm-l64", "heun", 20, schedule="karras")
FEW = {"nfe": DRAFT_NFE, "solver": DRAFT_SOLVER, "schedule": ""}


def drafted(cards: list[Card], **changed: Any) -> Sampling | None:
    return draft_sampling(replace(SAMPLING, **changed), cards)


def test_a_student_drafts_for_its_teacher_in_one_call_of_the_same_seed() -> None:
    draft = drafted([OTHER, STUDENT, TEACHER])
    assert draft == replace(SAMPLING, generator="draft-l64", nfe=1, schedule="")


def test_a_student_drafts_for_no_other_generator_and_for_no_other_weights_of_its_teacher() -> None:
    assert drafted([OTHER, STUDENT, TEACHER], generator="vp") == replace(SAMPLING, generator="vp", **FEW)
    assert drafted([STUDENT, fake_card("edm-l64", sha256="b" * 64)]) == replace(SAMPLING, **FEW)
    assert drafted([TEACHER]) == replace(SAMPLING, **FEW)


def test_a_student_of_an_earlier_leg_still_drafts() -> None:
    longer = fake_card("edm-l64", sha256="b" * 64, earlier_legs=["a" * 64])
    assert drafted([STUDENT, longer]) == replace(SAMPLING, generator="draft-l64", nfe=1, schedule="")


def test_a_generator_that_nobody_knows_has_no_student() -> None:
    assert drafted([STUDENT, OTHER], generator="gone") == replace(SAMPLING, generator="gone", **FEW)


def test_no_draft_where_it_would_save_little() -> None:
    cards = [STUDENT, TEACHER, OTHER]
    assert drafted(cards, nfe=DRAFT_NFE - 1) is None
    student = drafted(cards, nfe=DRAFT_NFE)
    assert student is not None
    assert student.generator == "draft-l64"
    assert drafted(cards, generator="vp", nfe=2 * DRAFT_NFE - 1) is None
    assert drafted(cards, generator="draft-l64", nfe=1) is None


def test_guidance_is_not_asked_of_a_student() -> None:
    guided = [drafted(cards, guidance=2.0) for cards in ([STUDENT, TEACHER], [TEACHER])]
    assert [draft.guidance for draft in guided if draft is not None] == [0.0, 2.0]


class Draftless(FakeEngine):
    """Cannot generate drafts."""

    def generate(self, request: GenerationRequest, *rest: Any, **named: Any) -> Generated:
        if request.sampling.nfe == DRAFT_NFE:
            raise CheckpointError(expected="weights", got="none", remedy="restore them")
        return super().generate(request, *rest, **named)


def test_a_draft_that_fails_does_not_hold_up_the_frame(caplog: pytest.LogCaptureFixture) -> None:
    studio = fake_studio(Draftless(seconds_per_nfe=0.001))
    try:
        session = studio.open_session(NEW)
        request = FrameRequest(frame_request(session.label_map, nfe=20), session.revision, live=True)
        job = studio.frames.start(session, request)
        deadline = time.monotonic() + 120
        while not job.progress().ended:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        studio.close()
    assert (job.progress().state, job.progress().draft) == (JobState.DONE, False)
    assert "no draft could be generated" in caplog.text


def test_a_frame_says_how_strong_its_grain_is_beside_that_of_real_frames() -> None:
    studio = fake_studio(FakeEngine(seconds_per_nfe=0.001))
    try:
        session = studio.open_session(NEW)
        job = studio.frames.start(session, FrameRequest(frame_request(session.label_map, nfe=2), session.revision))
        assert job.wait() is JobState.DONE
        assert job.outcome is not None
        measured = job.outcome.record()["measured"]
        softer = cv2.GaussianBlur(job.outcome.generated.image, (0, 0), 1.0)
        assert measured["grain"] == pytest.approx(grain_of(job.outcome.generated.image, session.label_map), abs=0.01)
        assert 0 < grain_of(np.asarray(softer, np.uint8), session.label_map) < 0.8 * measured["grain"]
        assert measured["grain_real"] == list(REAL_GRAIN)
    finally:
        studio.close()
