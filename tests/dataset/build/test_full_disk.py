"""A disk that is really full: a small file system in memory, mounted for the test where that is allowed."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from echo_studio.cli import main
from echo_studio.dataset.build.set_folder import SetFolder
from tests.dataset.hearts import assert_whole, map_folder
from tests.generate.tiny import tiny_checkpoints


def mount(place: Path, size: str, *more: str) -> bool:
    with contextlib.suppress(OSError):
        call = ["mount", "-t", "tmpfs", "-o", ",".join((f"size={size}", *more)), "tmpfs", str(place)]
        return subprocess.run(call, capture_output=True, check=False).returncode == 0
    return False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if not mount(place, "16m"):
        pytest.skip("mounting a file system is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_stops_in_one_line_and_the_same_command_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    maps = map_folder(tmp_path / "maps")
    call = [
        *("synthesise", "--label-maps", str(maps), "--view", "4CH", "--generator", "tiny", "--nfe", "2"),
        *("--variations", "4", "--seed", "5", "--checkpoints", str(checkpoints), "--out"),
    ]
    assert main([*call, str(tmp_path / "reference")]) == 0
    capsys.readouterr()

    files = [path.stat().st_size for path in (tmp_path / "reference").rglob("*") if path.is_file()]
    blocks = sum(-(-size // 4096) for size in files)
    assert mount(small_disk, f"{4096 * (blocks // 2)}", "remount")
    root = small_disk / "set"
    assert main([*call, str(root)]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "No space left on device; make room or mend the place" in last
    finished = SetFolder(root).finished()
    assert 0 < len(finished) < 8
    assert not list(root.glob(".*.tmp"))
    assert main([*call, str(root)]) == 2  # still full, and nothing gets worse
    assert SetFolder(root).finished() >= finished

    assert mount(small_disk, "16m", "remount")
    assert main([*call, str(root)]) == 0
    assert_whole(root, tmp_path / "reference")
