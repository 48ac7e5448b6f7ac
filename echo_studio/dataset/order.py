"""An order of a set from names: which generators there are, with which weights, on which kind of device."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from echo_studio import __version__
from echo_studio.dataset.base_maps import BaseMap
from echo_studio.dataset.manifest import How, SetOrder
from echo_studio.errors import RequestError
from echo_studio.evaluate.utility_order import samplings
from echo_studio.generate.catalog import catalog

__all__ = ["set_order"]


def set_order(
    maps: Sequence[BaseMap],
    generators: Sequence[str],
    solver: str,
    budgets: Sequence[int],
    checkpoints: Path | None,
    device: str,
    **how_many: Any,
) -> SetOrder:
    """Look generators up and say exactly what they are.

    Args:
        generators: names of the catalog, each once.
        solver: empty for each generator's advised one.
        budgets: NFE; empty for the advised one.
        how_many: variations, seeds and so on: the other fields of `SetOrder`.

    Raises:
        UnknownNameError: no such generator, solver or defect.
        RequestError: no generator, one twice, an impossible number, or a device that torch does not know.
        CheckpointError: a generator of other labels.
    """
    if not generators or len({*generators}) < len(generators) or len({*budgets}) < len(budgets):
        raise RequestError(
            expected="generators and NFE, each once",
            got=f"{', '.join(generators) or 'none'} at {', '.join(map(str, budgets)) or 'the advised NFE'}",
            remedy="try --generator edm-l64",
        )
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise RequestError(
            expected="a device such as cpu, cuda, cuda:1 or mps", got=device, remedy="choose one of them"
        ) from error
    known = catalog(checkpoints).generators()
    hows = []
    for one in samplings(generators, solver, budgets, checkpoints, device):
        card = known[one.generator].card
        assert card is not None
        hows.append(How(card.name, one.solver, one.nfe, {card.name: card.sha256, **card.needs}, card.licence))
    versions = {"echo-studio": __version__, "torch": torch.__version__}
    return SetOrder(tuple(maps), tuple(hows), device=kind, versions=versions, **how_many)
