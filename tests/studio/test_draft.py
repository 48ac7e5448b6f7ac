"""Which request a live preview draws first."""

import time
from typing import Any

import pytest

from echo_studio.errors import CheckpointError
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.studio.draft import DRAFT_NFE, DRAFT_SOLVER, draft_sampling
from echo_studio.studio.jobs import JobState
from echo_studio.studio.projects import NEW
from tests.studio.fake_models import FakeCard
from tests.studio.fakes import FakeEngine, fake_studio

TEACHER = FakeCard("edm-l64", sha256="a" * 64)
STUDENT = FakeCard("draft-l64", kind="distilled", distilled_from={"edm-l64": "a" * 64}, advised_nfe=1)
OTHER = FakeCard("vp", kind="vp")
SETTINGS = {"generator": "edm-l64", "solver": "heun", "nfe": 20, "guidance": 0.0, "schedule": "karras"}


def drafted(cards: list[FakeCard], **changed: Any) -> dict[str, Any] | None:
    draft = draft_sampling(Sampling(**{**SETTINGS, **changed}), cards)  # type: ignore[arg-type]
    return draft and {name: getattr(draft, name) for name in SETTINGS}


def test_a_student_drafts_for_its_teacher_in_one_call_of_the_same_seed() -> None:
    draft = drafted([OTHER, STUDENT, TEACHER])
    assert draft == {**SETTINGS, "generator": "draft-l64", "nfe": 1, "schedule": ""}


def test_a_student_drafts_for_no_other_generator_and_for_no_other_weights_of_its_teacher() -> None:
    few = {"nfe": DRAFT_NFE, "solver": DRAFT_SOLVER, "schedule": ""}
    assert drafted([OTHER, STUDENT, TEACHER], generator="vp") == {**SETTINGS, "generator": "vp", **few}
    assert drafted([STUDENT, FakeCard("edm-l64", sha256="b" * 64)]) == {**SETTINGS, **few}
    assert drafted([TEACHER]) == {**SETTINGS, **few}


def test_a_generator_that_nobody_knows_has_no_student() -> None:
    assert (drafted([STUDENT, OTHER], generator="gone") or {})["generator"] == "gone"


def test_no_draft_where_it_would_save_little() -> None:
    cards = [STUDENT, TEACHER, OTHER]
    assert drafted(cards, nfe=DRAFT_NFE - 1) is None
    assert (drafted(cards, nfe=DRAFT_NFE) or {})["generator"] == "draft-l64"
    assert drafted(cards, generator="vp", nfe=2 * DRAFT_NFE - 1) is None
    assert drafted(cards, generator="draft-l64", nfe=1) is None


def test_guidance_is_not_asked_of_a_student() -> None:
    assert (drafted([STUDENT, TEACHER], guidance=2.0) or {})["guidance"] == 0.0
    assert (drafted([TEACHER], guidance=2.0) or {})["guidance"] == 2.0


class Draftless(FakeEngine):
    """Cannot draw drafts."""

    def generate(self, request: GenerationRequest, *rest: Any, **named: Any) -> Generated:
        if request.sampling.nfe == DRAFT_NFE:
            raise CheckpointError(expected="weights", got="none", remedy="restore them")
        return super().generate(request, *rest, **named)


def test_a_draft_that_fails_does_not_keep_the_frame_from_being_drawn(caplog: pytest.LogCaptureFixture) -> None:
    studio = fake_studio(Draftless(seconds_per_nfe=0.001))
    try:
        session = studio.open_session(NEW)
        order = {**SETTINGS, "seed": 7, "view": "4CH", "phase": "ED", "live": True, "revision": session.revision}
        job = studio.start(session, order)
        deadline = time.monotonic() + 120
        while not job.progress().ended:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        studio.close()
    assert (job.progress().state, job.progress().draft) == (JobState.DONE, False)
    assert "no draft could be drawn" in caplog.text
