"""Work items: only what is missing is done, errors come back from other processes as they were."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from echo_studio.errors import UnknownNameError
from echo_studio.parallel import run_work


@dataclass(frozen=True)
class Note:
    out: Path

    def run(self) -> None:
        self.out.write_text("done")


@dataclass(frozen=True)
class Odd:
    out: Path

    def run(self) -> None:
        raise UnknownNameError("thing", self.out.name, ["this", "that"])


def test_only_what_is_missing_is_done_and_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("kept")
    told: list[tuple[int, int]] = []
    pieces = [Note(tmp_path / name) for name in "abcc"]
    run_work(pieces, 1, lambda done, of: told.append((done, of)))
    assert (tmp_path / "a").read_text() == "kept"
    assert (tmp_path / "b").read_text() == (tmp_path / "c").read_text() == "done"
    assert told[0] == (2, 4)
    assert told[-1] == (4, 4)


def test_other_processes_do_the_same_and_their_refusals_come_back(tmp_path: Path) -> None:
    pieces = [Note(tmp_path / "a"), Odd(tmp_path / "odd"), Note(tmp_path / "b")]
    with pytest.raises(UnknownNameError, match="expected the name of a thing, got 'odd'; choose one of: that, this"):
        run_work(pieces, 2)
    assert (tmp_path / "a").read_text() == "done"
