"""A sampling: what its card advises, what it refuses, and what records keep of it."""

import dataclasses
import math
from typing import Any

import pytest

from echo_studio.errors import EchoStudioError, RequestError
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.request import MAX_SEED, check_seed
from echo_studio.generate.sampling import DEFAULT_SOLVER, Look, Sampling, advised_sampling

CARD = Card(
    "one", "edm", "One", "", "", {}, {}, 64, {"vae": "bb"},
    advised_nfe=10, advised_solver="ipndm", advised_guidance=1.5, sha256="aa",
)  # fmt: skip


def test_what_is_not_chosen_is_what_the_card_advises() -> None:
    weights = {"one": "aa", "vae": "bb"}
    assert advised_sampling(CARD) == Sampling("one", "ipndm", 10, 1.5, weights=weights)
    assert advised_sampling(CARD, solver="", nfe=3, guidance=0) == Sampling("one", "ipndm", 3, weights=weights)
    chosen = advised_sampling(CARD, solver="euler", schedule="karras")
    assert (chosen.solver, chosen.nfe, chosen.schedule) == ("euler", 10, "karras")
    assert advised_sampling(dataclasses.replace(CARD, advised_solver="")).solver == DEFAULT_SOLVER


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"nfe": 0}, "an NFE from 1 to 1000, got 0"),
        ({"guidance": -1.0}, "a guidance from 0 to 20"),
        ({"solver": "huen"}, "heun"),
        ({"schedule": "linear"}, "karras"),
        ({"precision": "float8"}, "float32"),
    ],
)
def test_impossible_samplings_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(EchoStudioError, match=says):
        dataclasses.replace(advised_sampling(CARD), **changes)


@pytest.mark.parametrize("look", [{"grain": 3.1}, {"coarseness": -3.1}, {"grain": math.nan}])
def test_impossible_looks_are_refused(look: dict[str, float]) -> None:
    with pytest.raises(RequestError, match=f"{next(iter(look))} from -3 to 3 standard deviations"):
        Look(**look)


def test_impossible_seeds_are_refused() -> None:
    check_seed(MAX_SEED)
    for seed in (-1, MAX_SEED + 1):
        with pytest.raises(EchoStudioError, match="a seed from 0"):
            check_seed(seed)


def test_records_call_the_weights_checkpoints() -> None:
    assert advised_sampling(CARD).to_json() == {
        "generator": "one",
        "solver": "ipndm",
        "nfe": 10,
        "guidance": 1.5,
        "schedule": "",
        "precision": "float32",
        "grain": None,
        "coarseness": None,
        "checkpoints": {"one": "aa", "vae": "bb"},
    }
