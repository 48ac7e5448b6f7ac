import random
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import BusyError, ImageError, OutputError, RequestError, UnknownNameError
from echo_studio.project.pictures import Canvas
from echo_studio.project.project import SLOTS, Project
from tests.project.drawings import all_of, assert_sound, bytes_of, drawing, filled, frame


def test_a_project_is_the_same_after_it_was_closed_and_opened(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        before = all_of(project)
    with Project(tmp_path / "p") as project:
        assert all_of(project) == before
        assert project.id == "p"
    assert_sound(tmp_path / "p")


@pytest.mark.parametrize("spacing", [None, (0.1, 1e-3), (1 / 3, 0.3081234567)])
@pytest.mark.parametrize("shape", [(8, 8), (33, 17), (256, 256)])
def test_ids_spacing_and_sector_come_back_exactly(
    shape: tuple[int, int], spacing: tuple[float, float] | None, tmp_path: Path
) -> None:
    first, second = drawing(1, shape, spacing), drawing(2, shape, spacing)
    with Project.create(tmp_path / "p", "Title", first) as project:
        assert project.canvas() == first
        project.edit(1, 1, {"tool": "vary"}, second)
        project.set_slot("2CH-ES", first.label_map)
    with Project(tmp_path / "p") as project:
        assert project.canvas() == second
        assert project.canvas().label_map.spacing_mm == spacing
        assert project.slots() == {"2CH-ES": first.label_map}


@pytest.mark.parametrize("seed", range(3))
def test_a_project_goes_the_way_of_a_plain_list(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    project = Project.create(tmp_path / "p", "Title", drawing(0))
    states, first, cursor = [({}, drawing(0))], 0, 0
    log = [("create", 0, 0, {}, drawing(0).label_map.digest)]
    for revision in range(1, 301):
        # Mostly forward, so that the hundred steps fill up.
        if choose.random() < 0.8:
            op, canvas = {"tool": "vary", "seed": revision}, drawing(revision)
            cursor = cursor + 1
            project.edit(revision, cursor, op, canvas)
            states = [*states[: cursor - first], (op, canvas)]
            if len(states) > 101:
                states, first = states[1:], first + 1
            log.append(("edit", revision, cursor, op, canvas.label_map.digest))
        else:
            cursor = max(first, min(first + len(states) - 1, cursor + choose.randint(-6, 4)))
            project.move(revision, cursor)
            log.append(("move", revision, cursor, {}, states[cursor - first][1].label_map.digest))
        if choose.random() < 0.02:
            project.close()
            project = Project(tmp_path / "p")
        assert (project.revision, project.position) == (revision, cursor)
        assert project.kept() == range(first, first + len(states))
        assert project.canvas() == states[cursor - first][1]
    assert first > 0
    assert [(step.position, step.op, step.canvas) for step in project.history()] == [
        (first + index, op, canvas) for index, (op, canvas) in enumerate(states)
    ]
    names = ("action", "revision", "position", "op", "label_map_sha256")
    assert [tuple(entry[name] for name in names) for entry in project.log()] == log
    project.close()
    assert_sound(tmp_path / "p")


def test_what_does_not_fit_the_history_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        before = all_of(project)
        refused = [
            lambda: project.edit(6, 4, {}, drawing(9)),  # a stale revision
            lambda: project.edit(7, 7, {}, drawing(9)),  # a gap
            lambda: project.edit(7, 0, {}, drawing(9)),  # nothing before it
            lambda: project.edit(2**53, 4, {}, drawing(9)),
            lambda: project.edit(7, 2**70, {}, drawing(9)),
            lambda: project.edit(7, 4, {"x": float("nan")}, drawing(9)),
            lambda: project.edit(7, 4, [], drawing(9)),
            lambda: project.edit(7, 4, {"mask": "x" * (8 << 20)}, drawing(9)),
            lambda: project.move(7, 6),
            lambda: project.move(7, -1),
            lambda: project.move(6, 2),
            lambda: project.step(6),
            lambda: project.save_settings({"x": {1, 2}}),
            lambda: project.save_settings({"x": "y" * (64 << 10)}),
            lambda: project.rename("  "),
            lambda: project.rename("x" * 121),
            lambda: project.rename("bell\x07"),
            lambda: project.keep("best", frame(0), drawing(0).label_map, {}, {}),
            lambda: project.keep("latest", frame(0), drawing(0).label_map, {"x": float("inf")}, {}),
            lambda: project.pin(99),
            lambda: project.remove(2**80),
            lambda: project.image(0),
        ]
        for call in refused:
            with pytest.raises(RequestError):
                call()
        with pytest.raises(UnknownNameError, match="4CH-ED"):
            project.set_slot("3CH", drawing(0).label_map)
        with pytest.raises(UnknownNameError):
            project.clear_slot("../x")
        for image in (frame(0, (9, 12)), frame(0).astype(float), frame(0)[0]):
            with pytest.raises(ImageError):
                project.keep("latest", image, drawing(0).label_map, {}, {})
        assert all_of(project) == before


def test_a_sector_of_another_size_or_type_is_no_canvas() -> None:
    label_map = LabelMap(np.zeros((8, 9), np.uint8))
    for sector in (np.zeros((9, 8), bool), np.zeros((8, 9), np.uint8)):
        with pytest.raises(RequestError, match="sector"):
            Canvas(label_map, sector)


def test_one_latest_result_stays_beside_the_pinned_ones(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p", "Title", drawing(0)) as project:
        ids = [project.keep("latest", frame(i), drawing(i).label_map, {"seed": i}, {}).id for i in range(3)]
        assert [kept.id for kept in project.results()] == ids[2:]
        assert project.pin(ids[2]).kind == "pinned"
        newest = project.keep("latest", frame(9), drawing(9).label_map, {"seed": 9}, {"ef": 0.5})
        assert [(kept.kind, kept.record) for kept in project.results()] == [
            ("pinned", {"seed": 2}),
            ("latest", {"seed": 9}),
        ]
        assert (newest.measured, newest.note) == ({"ef": 0.5}, "")
        project.remove(newest.id)
        assert newest.id not in [kept.id for kept in project.results()]
        # A number never comes back, so that an old page cannot meet another frame under it.
        assert project.keep("latest", frame(9), drawing(9).label_map, {}, {}).id > newest.id


def test_a_kept_frame_is_exact_and_marked_as_synthetic(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p", "Title", drawing(0)) as project:
        kept = project.keep("pinned", frame(5), drawing(5).label_map, {"seed": 5}, {})
        assert (project.image(kept.id) == frame(5)).all()
        assert project.label_map(kept.id) == drawing(5).label_map
        (tmp_path / "frame.png").write_bytes(project.image_png(kept.id))
    with Image.open(tmp_path / "frame.png") as picture:
        assert picture.info["Comment"] == "synthetic, not for diagnosis"
        assert '"seed": 5' in picture.info["echo-studio"]
        assert (np.asarray(picture) == frame(5)).all()


def test_slots_are_filled_replaced_and_cleared(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p", "Title", drawing(0)) as project:
        for number, name in enumerate(reversed(SLOTS)):
            project.set_slot(name, drawing(number).label_map)
        assert tuple(project.slots()) == SLOTS
        project.set_slot("4CH-ED", drawing(8).label_map)
        project.clear_slot("2CH-ED")
        project.clear_slot("2CH-ED")
        assert project.slots()["4CH-ED"] == drawing(8).label_map
        assert "2CH-ED" not in project.slots()


def test_the_title_is_one_line(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p", " Wide\n heart ", drawing(0)) as project:
        assert project.title == "Wide heart"
        project.rename("Schmal, größer")
        assert project.title == "Schmal, größer"


def test_files_that_nothing_refers_to_go_at_the_close(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        files = tmp_path / "p" / "files"
        full = len(list(files.iterdir()))
        (files / ".0123.tmp").write_bytes(b"part")
        (files / "foreign.txt").write_bytes(b"not ours")
        project.edit(7, 1, {}, drawing(0))
        for kept in project.results():
            project.remove(kept.id)
        project.clear_slot("4CH-ED")
    # One map and one sector for the first step, the edited one holds the same; and what is not ours.
    assert len(list(files.iterdir())) == 3 < full
    (files / "foreign.txt").unlink()
    assert_sound(tmp_path / "p")


def test_a_project_is_open_once_and_closed_for_good(tmp_path: Path) -> None:
    project = filled(tmp_path / "p")
    with pytest.raises(BusyError, match="close it there"):
        Project(tmp_path / "p")
    project.close()
    project.close()
    for call in (project.canvas, lambda: project.move(9, 1), lambda: project.title, project.results):
        with pytest.raises(RequestError, match="open it again"):
            call()
    Project(tmp_path / "p").close()


def test_threads_take_turns(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p", "Title", drawing(0))
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(8):
                project.set_slot(SLOTS[number], drawing(step).label_map)
                project.keep("pinned", frame(step), drawing(step).label_map, {"thread": number}, {})
                project.canvas()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for revision in range(1, 20):
        project.edit(revision, revision, {}, drawing(revision))
    for thread in threads:
        thread.join()
    assert not failed
    assert len(project.results()) == 32
    assert project.position == 19
    project.close()
    assert_sound(tmp_path / "p")


def test_a_full_disk_loses_the_edit_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled(tmp_path / "p") as project:
        before = all_of(project)

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(OutputError, match="No space left"):
                project.edit(7, 4, {}, drawing(30))
        assert all_of(project) == before
        project.edit(7, 4, {}, drawing(30))
        assert project.canvas() == drawing(30)


def test_a_place_that_cannot_hold_a_project_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(RequestError, match="exists"):
        Project.create(tmp_path / "taken", "Title", drawing(0))
    with pytest.raises(RequestError, match="title"):
        Project.create(tmp_path / "new", "", drawing(0))
    with pytest.raises(OutputError, match="no such folder"):
        Project.create(tmp_path / "none" / "new", "Title", drawing(0))
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_neither_paths_nor_the_host_are_written(tmp_path: Path) -> None:
    with filled(tmp_path / "p"):
        everything = b"".join(bytes_of(tmp_path / "p").values())
    assert str(tmp_path).encode() not in everything
    assert tmp_path.name.encode() not in everything
    host = socket.gethostname().encode()
    assert len(host) < 6 or host not in everything  # a shorter one could be there by chance
