"""The cheaper request that a live preview draws first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from echo_studio.generate.sampling import Sampling

if TYPE_CHECKING:
    from echo_studio.generate.checkpoint import Card

# Without a student of its own a generator drafts with so few NFE, where the chosen number is at least twice as large.
# With edm-l64 such a draft is 5 grey levels (RMS) from the limit of many NFE; Heun needs 20 for that
# (benchmarks/solvers.py).
DRAFT_NFE = 5
DRAFT_SOLVER = "ipndm"


def draft_sampling(sampling: Sampling, cards: Sequence[Card]) -> Sampling | None:
    """The sampling of a draft for a request with this one; None where a draft would save too little.

    A student that was distilled from the chosen generator, and from these very weights, gives in one call what that one
    would give. No other stands in for it: its frames would be of another look.

    Args:
        sampling: of the request.
        cards: of the generators that can be chosen.
    """
    weights = {card.name: card.sha256 for card in cards}
    chosen = sampling.generator
    student = next((card for card in cards if weights.get(chosen, "") == card.distilled_from.get(chosen)), None)
    if student is not None and sampling.nfe >= DRAFT_NFE:
        return replace(sampling, generator=student.name, nfe=1, guidance=0.0, schedule="")
    if sampling.nfe >= 2 * DRAFT_NFE:
        return replace(sampling, nfe=DRAFT_NFE, solver=DRAFT_SOLVER, schedule="")
    return None
