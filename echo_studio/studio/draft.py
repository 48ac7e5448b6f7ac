"""The cheaper request that a live preview draws first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from echo_studio.generate.checkpoint import Card

# Without a student of its own a generator drafts with so few NFE, where the chosen number is at least twice as large.
# With edm-l64 such a draft is 5 grey levels (RMS) from the limit of many NFE; Heun needs 20 for that
# (benchmarks/solvers.py).
DRAFT_NFE = 5
DRAFT_SOLVER = "ipndm"


def draft_settings(settings: Mapping[str, Any], cards: Sequence[Card]) -> dict[str, Any] | None:
    """The settings of a draft, of the same seed, for a request with these; None where a draft would save too little.

    A student that was distilled from the chosen generator, and from these very weights, draws what that one would
    draw, in one call. No other stands in for it: its frames would be of another look.

    Args:
        settings: `generator`, `solver`, `nfe`, `guidance` and `schedule`, and what else a request has.
        cards: of the generators that can be asked.
    """
    weights = {card.name: card.sha256 for card in cards}
    chosen = settings["generator"]
    student = next((card for card in cards if weights.get(chosen, "") == card.distilled_from.get(chosen)), None)
    if student is not None and settings["nfe"] >= DRAFT_NFE:
        changed = {"generator": student.name, "nfe": 1, "guidance": 0.0}
    elif settings["nfe"] >= 2 * DRAFT_NFE:
        changed = {"nfe": DRAFT_NFE, "solver": DRAFT_SOLVER}
    else:
        return None
    return {**settings, **changed, "schedule": ""}
