"""`echo-studio user ...`: add, change, remove and list those who may log in; `app --auth` refuses a wrong file."""

import io
import json
from pathlib import Path

import pytest

from echo_studio.cli.run import main
from echo_studio.studio.users import passwords
from echo_studio.studio.users.users import Users


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "LOG2_N", 4)


def typed(monkeypatch: pytest.MonkeyPatch, text: str, *arguments: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return main(["user", *arguments])


def test_a_user_is_added_changed_listed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "users.json")
    assert typed(monkeypatch, "correct horse\n", "add", "anna", "--auth", file) == 0
    assert typed(monkeypatch, "battery staple", "add", "ben", "--auth", file) == 0
    users = Users(tmp_path / "users.json")
    assert users.check("anna", "correct horse")
    assert users.check("ben", "battery staple")
    assert typed(monkeypatch, "another horse\n", "password", "anna", "--auth", file) == 0
    assert not users.check("anna", "correct horse")
    assert users.check("anna", "another horse")
    assert main(["user", "remove", "ben", "--auth", file]) == 0
    capsys.readouterr()
    assert main(["user", "list", "--auth", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"users": ["anna"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "../anna"], "user's name"),
        (["add", "anna"], "8 to 256"),
        (["password", "anna"], "name of a user"),
        (["remove", "anna"], "name of a user"),
        (["list"], "user add"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    assert typed(monkeypatch, "short\n", *arguments, "--auth", str(tmp_path / "users.json")) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


def test_the_studio_does_not_start_with_a_file_that_is_none_of_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["app", "--auth", str(tmp_path / "nothing.json")]) == 2
    assert "user add NAME" in capsys.readouterr().err
