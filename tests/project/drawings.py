"""Small canvases that differ, and what tests ask of a project again and again."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import EchoStudioError
from echo_studio.project.pictures import Canvas
from echo_studio.project.project import Project
from echo_studio.project.store import Store
from echo_studio.project.verify import audit
from echo_studio.types import Spacing

SPACING = (0.3081234567, 1 / 3)


def drawing(seed: int, shape: tuple[int, int] = (12, 9), spacing: Spacing | None = SPACING) -> Canvas:
    """Random ids; the sector changes with every fourth seed, as it rarely does in the studio."""
    ids = np.random.default_rng(seed).integers(0, 5, shape, dtype=np.uint8)
    sector = np.random.default_rng(seed // 4).random(shape) < 0.5
    return Canvas(LabelMap(ids, spacing), sector)


def frame(seed: int, shape: tuple[int, int] = (12, 9)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def filled(folder: Path) -> Project:
    """A project with some of everything, open."""
    project = Project.create(folder, "Dilated ventricle", drawing(0))
    for number in range(1, 6):
        project.edit(number, number, {"tool": "vary", "seed": number}, drawing(number))
    project.move(6, 3)
    project.save_settings({"view": "4CH", "seed": 7})
    project.keep("pinned", frame(1), drawing(1).label_map, {"seed": 1}, {"area": 1.5})
    project.keep("latest", frame(2), drawing(2).label_map, {"seed": 2}, {})
    project.set_slot("4CH-ED", drawing(3).label_map)
    return project


def all_of(project: Project) -> dict[str, object]:
    """Everything that a project can tell, to be compared."""
    return {
        "title": project.title,
        "revision": project.revision,
        "position": project.position,
        "changed_at": project.changed_at,
        "canvas": project.canvas(),
        "history": tuple(project.history()),
        "log": project.log(),
        "settings": project.settings(),
        "results": project.results(),
        "frames": [project.image(kept.id).tobytes() for kept in project.results()],
        "drawn": [project.label_map(kept.id) for kept in project.results()],
        "slots": project.slots(),
    }


def assert_sound(folder: Path) -> None:
    """The database passes SQLite's full check and everything that it names is there, nothing else is."""
    with closing(sqlite3.connect(folder / "project.sqlite3")) as sql:
        assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert sql.execute("PRAGMA foreign_key_check").fetchall() == []
    with closing(Store(folder)) as store:
        store.files.keep_only(store.references())
        audit(store)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copied(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, folder.with_name(name)))


def assert_tells(error: EchoStudioError, name: str) -> None:
    """One line that names the file and what to do."""
    assert name in str(error)
    assert "\n" not in str(error)
    assert error.remedy
