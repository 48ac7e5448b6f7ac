"""Plans and makes sets for the page, in processes that give way to what a person waits for."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from echo_studio.dataset.build.manifest import BaseMap, SetRequest
from echo_studio.dataset.build.plan import Plan, plan_set
from echo_studio.dataset.build.request import ranges_of, set_request, versions
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.build.synthesise import in_processes, start_in_background, synthesise
from echo_studio.errors import DataError
from echo_studio.generate.video.catalog import video_generators
from echo_studio.parallel import cores, worker_pool
from echo_studio.types import Json

__all__ = ["SetMaker"]


class SetMaker:
    """Args:
    checkpoints: the only folder of generators; None for the bundled ones and the person's own.
    device: torch's name of a device.
    """

    def __init__(self, checkpoints: Path | None, device: str) -> None:
        self._checkpoints = checkpoints
        self._device = device

    @property
    def cores(self) -> int:
        """How many workers can run side by side."""
        return cores() if self._device == "cpu" else 1

    def clips(self) -> list[Json]:
        """The generators of clips that see label maps or start from them: `name`, `title`, advised `nfe`."""
        known = [one for one in video_generators(self._checkpoints).values() if one.follows_labels]
        return [{"name": one.name, "title": one.title, "nfe": one.advised_nfe} for one in known]

    def request(
        self,
        maps: Sequence[BaseMap],
        generators: Sequence[str],
        solver: str,
        budgets: Sequence[int],
        ranges: Mapping[str, Sequence[float]],
        **counts: Any,
    ) -> SetRequest:
        """See `dataset.build.request.set_request` and `dataset.build.request.ranges_of`."""
        widths = ranges_of(ranges)
        return set_request(maps, generators, solver, budgets, self._checkpoints, self._device, ranges=widths, **counts)

    def plan(self, request: SetRequest, folder: SetFolder, workers: int) -> Plan:
        """What the set will cost, measured in a process of its own.

        Raises:
            EchoStudioError: a generator cannot be loaded.
        """
        with worker_pool(1, start_in_background) as pool:
            return pool.submit(plan_set, request, SetFolder(folder.root), workers, self._checkpoints).result()

    def check(self, folder: SetFolder) -> None:
        """Refuse to go on with a set that another kind of device or another version began: its bytes would differ.

        Raises:
            DataError: it is one.
        """
        ours = {"device": torch.device(self._device).type, "versions": versions()}
        differs = next((key for key in ours if folder.header.get(key) != ours[key]), None)
        if differs is not None:
            raise DataError(
                expected=f"a set that was begun with {differs} {ours[differs]}",
                got=f"{folder.header.get(differs)}",
                remedy="go on with it there, or make another set",
            )

    def make(self, folder: SetFolder, workers: int, on_made: Callable[[int], None], stop: Callable[[], bool]) -> None:
        """Make what is missing; the folder is held meanwhile. See `dataset.build.synthesise.synthesise`."""
        executor = partial(in_processes, workers=workers, background=True)
        synthesise(folder, workers, self._checkpoints, self._device, on_made, stop, executor)
