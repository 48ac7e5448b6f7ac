"""What a list of models shows of a checkpoint: its card, what it takes, and whether it is loaded."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from echo_studio.generate.catalog import Checkpoint
from echo_studio.generate.checkpoint import ONE_CALL, Card
from echo_studio.studio.engine.model_cache import LoadState
from echo_studio.types import Json

FLOAT32 = 4  # bytes

# What the page shows of a card; the network's configuration and its numbers stay in the file.
CARD_ENTRIES = (
    "title",
    "kind",
    "description",
    "paper",
    "resolution",
    "makes",
    "advised_nfe",
    "advised_solver",
    "needs",
    "data",
    "split",
    "licence",
    "images_seen",
    "minutes",
    "machine",
    "scores",
    "sha256",
)


@dataclass(frozen=True)
class Model:
    """One checkpoint of the catalog.

    Attributes:
        name: of the card; of the folder where the card cannot be read.
        own: imported by this person, who may remove it.
        card: None where it cannot be read.
        fault: why it cannot be used, in one line; "" where nothing is wrong.
        one_call: a generator for NFE 1 alone, without solver.
        parameters: numbers in its weights; 0 where they cannot be read.
        file_bytes: of its weights on the disk.
        memory_bytes: of its weights in memory once it is loaded, with those of what it needs.
        state: whether it is loaded; parts never are by themselves.
    """

    name: str
    own: bool
    card: Card | None
    fault: str
    one_call: bool
    parameters: int
    file_bytes: int
    memory_bytes: int
    state: LoadState

    def to_json(self) -> Json:
        """The model as the page shows it; `card` is null if it cannot be read."""
        entries = asdict(self)
        card = entries.pop("card")
        return {**entries, "card": card and {name: card[name] for name in CARD_ENTRIES}}


def model_of(checkpoint: Checkpoint, others: Sequence[Checkpoint], state: Callable[[str], LoadState]) -> Model:
    """The model of a checkpoint; `others` of the catalog may be parts of it."""
    card = checkpoint.card
    usable = card is not None and not checkpoint.fault
    needs = card.needs.values() if card else ()
    parts = [other.parameters for other in others if other.card and other.card.sha256 in needs]
    return Model(
        name=card.name if card and usable else checkpoint.folder.name,
        own=checkpoint.own,
        card=card,
        fault=checkpoint.fault,
        one_call=card is not None and card.kind in ONE_CALL,
        parameters=checkpoint.parameters,
        file_bytes=checkpoint.file_bytes,
        memory_bytes=FLOAT32 * (checkpoint.parameters + sum(parts)),
        state=state(card.name) if card and usable else LoadState.ABSENT,
    )
