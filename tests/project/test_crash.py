import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from echo_studio.errors import BusyError
from echo_studio.project.library import Library
from echo_studio.project.project import Project
from tests.project.drawings import assert_sound, drawing, filled

LOOP = [sys.executable, "-m", "tests.project.editing_loop"]
ROOT = Path(__file__).parents[2]


def test_a_kill_at_any_moment_loses_at_most_what_was_not_acknowledged(tmp_path: Path) -> None:
    choose = random.Random(0)
    Project.create(tmp_path / "p", "Title", drawing(0)).close()
    for _ in range(6):
        with subprocess.Popen([*LOOP, str(tmp_path / "p")], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            with pytest.raises(BusyError):
                Project(tmp_path / "p")
            for _ in range(choose.randint(1, 20)):
                process.stdout.readline()
            for _ in range(choose.randint(0, 20_000)):  # somewhere within the edits that follow
                hashlib.sha256(b"").digest()
            process.kill()
            told = process.stdout.read().splitlines(keepends=True)
        whole = [line for line in told if line.endswith("\n")]
        with Project(tmp_path / "p") as project:
            log = project.log()
            if whole:
                revision, position, digest = whole[-1].split()
                acknowledged = (int(revision), int(position), digest)
                assert acknowledged in [
                    (entry["revision"], entry["position"], entry["label_map_sha256"]) for entry in log[-2:]
                ]
            assert [entry["revision"] for entry in log] == list(range(project.revision + 1))
            assert project.position == log[-1]["position"]
            assert project.canvas().label_map.digest == log[-1]["label_map_sha256"]
            assert len(tuple(project.history())) == len(project.kept())
        assert_sound(tmp_path / "p")


def test_what_an_interrupted_import_or_removal_left_goes_with_the_next_new_project(tmp_path: Path) -> None:
    (tmp_path / ".0123456789abcdef.tmp" / "files").mkdir(parents=True)
    library = Library(tmp_path)
    assert library.list() == ()
    library.create("Title", drawing(0)).close()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_a_write_that_was_interrupted_leaves_no_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is there before its row: an end between the two leaves a file too many, never one too few."""
    with filled(tmp_path / "p") as project:
        before = len(project.log())
        with monkeypatch.context() as patch:
            patch.setattr("echo_studio.project.store.now", lambda: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                project.edit(7, 4, {}, drawing(40))
        assert len(project.log()) == before
    assert_sound(tmp_path / "p")
