"""Sessions and projects: who holds what, who may write, who goes first."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echo_studio.errors import RequestError
from echo_studio.project.library import Library
from echo_studio.studio.projects import GONE_SECONDS, NEW, OpenProjects
from echo_studio.studio.sessions import Session, Sessions, choose_evictions
from echo_studio.studio.users.users import user_folder
from tests.studio.fakes import FakeEngine, blank, fake_studio, heart

SECTOR_SHAPE = np.ones((256, 256), bool)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def projects(tmp_path: Path, clock: Clock):
    projects = OpenProjects(Library(tmp_path), blank(), clock)
    yield projects
    projects.close()


def test_the_session_that_was_silent_longest_goes_first(projects: OpenProjects) -> None:
    closed: list[Session] = []
    sessions = Sessions(on_close=closed.append, limit=2)
    first, second = (sessions.open(projects, NEW) for _ in range(2))
    sessions.get(first.token)
    third = sessions.open(projects, NEW)
    assert closed == [second]
    assert sessions.get(first.token) is first
    assert sessions.get(third.token) is third


def test_a_page_that_names_no_project_gets_the_project_that_changed_last(projects: OpenProjects) -> None:
    older, _ = projects.enter("a", NEW)
    newer, _ = projects.enter("b", NEW)
    older.rename("changed last")
    projects.leave("a")
    projects.leave("b")
    assert projects.enter("c", None)[0].title == "changed last"
    assert projects.enter("d", newer.id)[0].id == newer.id


def test_the_second_page_on_a_project_may_not_write_until_it_takes_over(projects: OpenProjects) -> None:
    project, _ = projects.enter("first", NEW)
    same, _ = projects.enter("second", project.id)
    assert same is project
    assert projects.owns("first", project)
    assert not projects.owns("second", project)
    projects.take("second", project)
    assert projects.owns("second", project)
    assert not projects.owns("first", project)


def test_a_page_that_left_or_crashed_gives_the_project_free(projects: OpenProjects, clock: Clock) -> None:
    project, _ = projects.enter("first", NEW)
    projects.enter("second", project.id)
    projects.leave("first")
    projects.enter("third", project.id)
    assert projects.owns("third", project)
    clock.now += GONE_SECONDS + 1
    projects.enter("fourth", project.id)
    assert projects.owns("fourth", project)
    assert not projects.owns("third", project)


def test_a_project_that_cannot_be_opened_is_said_and_another_begun(projects: OpenProjects) -> None:
    project, notice = projects.enter("page", "../../etc/passwd")
    assert "id of a project" in notice
    assert project.canvas().label_map == blank()


def test_a_project_that_a_page_has_open_is_not_deleted(projects: OpenProjects) -> None:
    project, _ = projects.enter("page", NEW)
    with pytest.raises(Exception, match="open"):
        projects.library.delete(project.id)
    projects.leave("page")
    projects.library.delete(project.id)
    with pytest.raises(RequestError, match="id of a project"):
        projects.library.delete(project.id)


def test_what_a_page_draws_is_there_again_after_the_server_was_gone(tmp_path: Path) -> None:
    studio = fake_studio(FakeEngine(0), tmp_path)
    session = studio.open_session(NEW)
    assert session.update(1, 1, heart(), SECTOR_SHAPE, {"tool": "open", "what": "template", "name": "4ch-ed"})
    assert session.update(2, 0, blank(), SECTOR_SHAPE, {})
    studio.close()
    again = fake_studio(FakeEngine(0), tmp_path)
    restored = again.open_session(session.project.id)
    assert restored.label_map == blank()
    assert restored.revision == 2
    assert [step.canvas.label_map for step in restored.project.history()] == [blank(), heart()]
    again.close()


def test_a_token_opens_nothing_for_another_user(tmp_path: Path) -> None:
    studio = fake_studio(FakeEngine(0), tmp_path)
    annas = studio.open_session(NEW, "anna")
    assert studio.sessions.get(annas.token, "anna") is annas
    assert studio.sessions.get(annas.token, "ben") is None
    assert studio.sessions.get(annas.token) is None
    studio.close()


def test_no_user_opens_or_sees_the_projects_of_another(tmp_path: Path) -> None:
    studio = fake_studio(FakeEngine(0), tmp_path)
    annas = studio.open_session(NEW, "anna")
    for other in ("ben", ""):
        session = studio.open_session(annas.project.id, other)
        assert session.project.id != annas.project.id
        assert "id of a project" in session.notice
        assert [listing.id for listing in session.projects.library.list()] == [session.project.id]
    assert annas.folder == tmp_path / "users" / "user-anna"
    assert studio.sessions.is_open(annas.project.id)
    studio.close()


@pytest.mark.parametrize("name", ["..", "a/../b", "Anna", "a" * 33, "anna.", "a\n", "\u0430nna", "-a"])
def test_no_user_name_leads_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(RequestError, match="user's name"):
        user_folder(tmp_path, name)


def test_a_user_with_many_pages_pushes_out_the_own_ones_only(tmp_path: Path) -> None:
    studio = fake_studio(FakeEngine(0), tmp_path)
    studio.sessions = Sessions(on_close=lambda session: None, limit=3)
    first = studio.open_session(NEW, "anna")
    many = [studio.open_session(NEW, "ben") for _ in range(4)]
    assert studio.sessions.get(first.token, "anna") is first
    assert [studio.sessions.get(other.token, "ben") is other for other in many] == [False, False, True, True]
    studio.close()


OWNERS = st.lists(st.sampled_from("abc"), max_size=20).map(lambda names: {f"{k}": name for k, name in enumerate(names)})


@given(owners=OWNERS, most=st.integers(0, 10))
def test_as_many_are_left_as_may_be_and_nobody_loses_more_than_whoever_has_most(
    owners: dict[str, str], most: int
) -> None:
    gone = choose_evictions(owners, most)
    left = Counter(owner for thing, owner in owners.items() if thing not in gone)
    assert left.total() == min(len(owners), most)
    for owner in {owners[thing] for thing in gone}:
        assert left[owner] >= max(left.values(), default=0) - 1


def test_the_oldest_goes_first_and_what_is_in_use_stays() -> None:
    owners = {"1": "a", "2": "a", "3": "b", "4": "a"}
    assert choose_evictions(owners, 3) == ["1"]
    assert choose_evictions(owners, 3, lambda thing: thing != "1") == ["2"]
    assert choose_evictions(owners, 0, lambda thing: thing == "3") == ["3"]
