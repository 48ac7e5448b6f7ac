"""The long tasks of the Data set tab: a set is made, measured, exported."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.curation.thumbnail import first
from echo_studio.dataset.export.formats import export_set
from echo_studio.dataset.split import Fractions
from echo_studio.errors import Cancelled, EchoStudioError, OutputError
from echo_studio.studio.sets.open_sets import OpenSets
from echo_studio.studio.sets.requests import Orders
from echo_studio.studio.sets.tasks import SetTask, SetTasks
from echo_studio.types import GrayImage, Json

if TYPE_CHECKING:
    from echo_studio.dataset.build.manifest import SetRequest
    from echo_studio.dataset.build.plan import Plan

AT_ONCE = 8  # frames measured between two looks at whether to stop


class SetMaker(Orders, Protocol):
    """What the tab needs of `studio.set_maker.SetMaker`."""

    @property
    def cores(self) -> int: ...

    def clips(self) -> list[Json]: ...

    def plan(self, order: SetRequest, folder: SetFolder, workers: int) -> Plan: ...

    def check(self, folder: SetFolder) -> None: ...

    def make(
        self, folder: SetFolder, workers: int, on_made: Callable[[int], None], stop: Callable[[], bool]
    ) -> None: ...


class Engine(Protocol):
    """What the tab needs of `studio.engine.Engine`."""

    @property
    def sets(self) -> SetMaker: ...

    def adherence(self, image: GrayImage, label_map: LabelMap, *, patient: bool = False) -> dict[str, float | None]: ...


class SetWork:
    """Args:
    engine: makes sets, and measures adherence.
    tasks: carries them out.
    open_sets: where adherence is kept.
    """

    def __init__(self, engine: Engine, tasks: SetTasks, open_sets: OpenSets) -> None:
        self._engine, self._tasks, self._open = engine, tasks, open_sets

    def make(self, path: Path, workers: int) -> None:
        """Begin to make what is missing of a set; its adherence is measured afterwards.

        Raises:
            BusyError: it is being made, or too many wait.
        """
        folder = SetFolder(path)

        def work(task: SetTask) -> Json:
            with folder.held():
                done = sum(folder.count().values())
                task.tell(done, folder.header["samples"])

                def on_made(samples: int) -> None:
                    nonlocal done
                    done += samples
                    task.tell(done, folder.header["samples"])

                self._engine.sets.make(folder, workers, on_made, task.stopped)
            with contextlib.suppress(EchoStudioError):  # it can be asked for again
                self.measure(path)
            return folder.count()

        self._tasks.start(SetTask(path, "make", work))

    def measure(self, path: Path) -> None:
        """Begin to measure adherence where it is missing.

        Raises:
            BusyError: it is being measured, or too many wait.
        """

        def work(task: SetTask) -> Json:
            curation = self._open.of(path)
            done, of = 0, int(curation.counts()["unmeasured"])
            task.tell(done, of)
            while not task.stopped() and (some := self._open.of(path).unmeasured(AT_ONCE)):
                curation.set_adherence({number: self._dice(path / name) for number, name in some})
                done += len(some)
                task.tell(done, max(of, done))
            return {"measured": done}

        self._tasks.start(SetTask(path, "measure", work))

    def export(
        self,
        source: Path,
        form: str,
        out: Path,
        fractions: Fractions,
        seed: int,
        only: str,
        note: Callable[[], None],
    ) -> None:
        """Begin to export a set; `note` is called when it is there.

        Raises:
            BusyError: it is being exported, or too many wait.
        """

        def work(task: SetTask) -> Json:
            def tell(done: int, of: int) -> None:
                if task.stopped():
                    raise Cancelled
                task.tell(done, of)

            made_folder(out.parent)
            card = export_set(source, form, out, fractions, seed, None, tell, only)
            note()
            return {"export": out.name, "frames": card["frames"], "clips": card["clips"]}

        self._tasks.start(SetTask(source, "export", work))

    def _dice(self, sample: Path) -> dict[str, float | None]:
        """Of a frame, or of a clip's first one; nothing where it cannot be read."""
        try:
            image, label_map = read_gray(first(sample, "frame"))[0], read_label_map(first(sample, "labels"))
            return self._engine.adherence(image, label_map, patient=True)
        except EchoStudioError:
            return {}


def made_folder(folder: Path) -> None:
    """Make a folder where there is none; raises OutputError."""
    with to_write(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def to_write(folder: Path) -> Iterator[None]:
    """Turn what the system says about a place into an error for a person."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            expected=f"a folder {folder.name} that can be written",
            got=error.strerror or type(error).__name__,
            remedy="make room or mend its rights",
        ) from error
