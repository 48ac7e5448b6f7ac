import json
from pathlib import Path

import pytest

from echo_studio.data.atomic import check_writable, write_bytes, write_folder, write_json, write_together
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


def test_files_that_belong_together_are_all_written_or_none(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_together({one: b"1", two: b"2"})
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")
    (tmp_path / "folder").mkdir()
    # The second name is taken by a folder: the first, new file goes too, the replaced one is whole.
    with pytest.raises(OutputError):
        write_together({tmp_path / "three": b"3", tmp_path / "folder": b"4"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "one", "two"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "a", {"x": b"1", "y": b"2"})
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["x", "y"]
    with pytest.raises(OutputError, match="one with files in it"):
        write_folder(tmp_path / "a", {"z": b"3"})
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "empty", {"z": b"3"})
    with pytest.raises(OutputError):
        write_folder(tmp_path / "a" / "x", {"z": b"3"})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_folder(tmp_path / "b", {"x": b"1"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "empty"]
