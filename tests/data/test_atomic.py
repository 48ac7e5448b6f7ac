import json
from pathlib import Path

import pytest

from echo_studio.data.atomic import check_writable, write_bytes, write_json
from echo_studio.errors import OutputError


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"long content")
    write_bytes(path, b"short")
    assert path.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_strict_and_ends_with_a_newline(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_json(path, {"a": [1, 2.5, None]})
    assert json.loads(path.read_text()) == {"a": [1, 2.5, None]}
    assert path.read_text().endswith("}\n")
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("inf")})
    assert json.loads(path.read_text()) == {"a": [1, 2.5, None]}


def test_a_place_is_tried_without_touching_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    check_writable(path)
    check_writable(tmp_path / "new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    for place in (tmp_path, tmp_path / "none" / "file", path / "file", Path("nul\0byte")):
        with pytest.raises(OutputError):
            check_writable(place)
