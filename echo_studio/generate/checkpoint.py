"""A checkpoint is a folder: `model.safetensors` (EMA weights, fp16) and `card.json`. Nothing is ever unpickled."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor, nn

from echo_studio.anatomy.labels import LABEL_COUNTS, SCHEMA, SCHEMAS
from echo_studio.data.atomic import write_bytes, write_json
from echo_studio.data.recipe_file import first_fault
from echo_studio.diffusion.families import FAMILIES
from echo_studio.errors import CheckpointError, OutputError
from echo_studio.types import Json

WEIGHTS = "model.safetensors"
CARD = "card.json"
MAX_CARD = 2**20  # bytes


@dataclass(frozen=True)
class Card:
    """What a checkpoint is, where it comes from and how to rebuild it.

    Attributes:
        name: the folder's name, unique among checkpoints.
        kind: what it makes when built: a diffusion family (`edm`, `ve`, `vp`, `sdm`), `cyclegan`,
            `distilled`, `gamma-vae` or `segmenter`.
        network: the network's configuration, as its dataclass takes it.
        settings: numbers outside the network that the maths needs: of a denoiser its family's numbers (`sigma_data`
            of edm), `background`, `limit` where estimates are clamped, and `label_dropout` where it was trained
            with some; of a distilled one `scale` and `background`; `shift` and `scale` of latents.
        needs: names and sha256 of checkpoints that this one was trained on top of.
        distilled_from: name and sha256 of the generator whose samples a distilled one imitates; not needed to run.
        earlier_legs: sha256 of weights of the same generator that these were trained on from: a student of theirs still
            drafts for it.
        resolution: side of the square frames that it takes or makes, in pixels.
        makes: `frame` for a generator, empty for a part of one.
        advised_nfe, advised_solver, advised_guidance: what a generator is best used with.
        caution: what a person should know before choosing it, in a sentence or two; empty where there is nothing.
        label_schema, data, split, licence, machine: provenance.
        images_seen, minutes: length of the training.
        intensities: of a video generator that can start from a pseudo-video: quantiles of real grey levels inside the
            sector, 0 to 1, at even steps from the least to the largest; see `video.pseudo_video`.
        scores: measured on the validation split, each with what it was measured on.
        sha256: of the weights file.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str
    kind: str
    title: str
    description: str
    paper: str
    network: Json
    settings: dict[str, float]
    resolution: int
    needs: dict[str, str] = field(default_factory=dict)
    distilled_from: dict[str, str] = field(default_factory=dict)
    earlier_legs: list[str] = field(default_factory=list)
    makes: str = ""
    advised_nfe: int = 0
    advised_solver: str = ""
    advised_guidance: float = 0.0
    caution: str = ""
    label_schema: str = SCHEMA
    data: str = ""
    split: str = ""
    licence: str = ""
    images_seen: int = 0
    minutes: float = 0.0
    machine: str = ""
    intensities: list[float] = field(default_factory=list)
    scores: Json = field(default_factory=dict)
    sha256: str = ""

    @property
    def label_count(self) -> int:
        """Labels that the network tells apart."""
        return LABEL_COUNTS[self.label_schema]

    @property
    def weights(self) -> dict[str, str]:
        """sha256 of every checkpoint that takes part, by name: its own first."""
        return {self.name: self.sha256, **self.needs}


def read_card(folder: Path) -> Card:
    """The card of a checkpoint folder.

    Raises:
        CheckpointError: no card, not JSON, another label schema, missing or unknown entries, entries of another
            type, numbers that are not finite.
    """
    path = folder / CARD
    if not path.is_file():
        raise CheckpointError(
            expected=f"{CARD} in {folder}", got="no such file", remedy="point to a folder that holds the checkpoint"
        )
    try:
        if path.stat().st_size > MAX_CARD:
            raise ValueError(f"more than {MAX_CARD} bytes")
        card = TypeAdapter(Card).validate_json(path.read_bytes(), strict=True)
        json.dumps(dataclasses.asdict(card), allow_nan=False)  # NaN where a type says nothing
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            expected=f"a card that this version reads in {path}",
            got=": ".join(first_fault(error)) if isinstance(error, ValidationError) else str(error),
            remedy="restore the checkpoint folder",
        ) from error
    if card.label_schema not in SCHEMAS:
        raise CheckpointError(
            expected=f"label schema {' or '.join(SCHEMAS)}",
            got=f"{card.label_schema} in {path}",
            remedy="use a matching checkpoint",
        )
    return card


def weight_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a checkpoint, from the head of its file alone.

    Raises:
        CheckpointError: missing file, or not a safetensors file.
    """
    path = folder / WEIGHTS
    try:
        with safe_open(path, framework="pt") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            expected=f"a safetensors file at {path}", got=str(error), remedy="restore the checkpoint"
        ) from error


def read_weights(folder: Path, card: Card) -> dict[str, Tensor]:
    """The tensors of a checkpoint as float32, after its hash and every value were checked.

    Raises:
        CheckpointError: missing, truncated or altered file, or values that are not finite.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise CheckpointError(expected=f"{WEIGHTS} in {folder}", got="no such file", remedy="restore the checkpoint")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != card.sha256:
        raise CheckpointError(
            expected=f"sha256 {card.sha256[:12]}... as {CARD} says",
            got=f"{sha256[:12]}... ({len(content)} bytes) in {path}",
            remedy="the file is truncated or altered: restore it",
        )
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise CheckpointError(
            expected=f"a safetensors file at {path}", got=str(error), remedy="restore the checkpoint"
        ) from error
    broken = sorted(name for name, tensor in tensors.items() if not torch.isfinite(tensor).all())
    if broken:
        raise CheckpointError(
            expected="finite weights", got=f"NaN or infinity in {broken[0]} of {path}", remedy="restore the checkpoint"
        )
    return {name: tensor.float() for name, tensor in tensors.items()}


def fill(module: nn.Module, tensors: dict[str, Tensor], source: Path) -> None:
    """Load tensors into a module, every key and shape matching.

    Raises:
        CheckpointError: names the first key or shape that differs on either side.
    """
    check_shapes(module, {key: tuple(tensor.shape) for key, tensor in tensors.items()}, source)
    module.load_state_dict(tensors)


def check_shapes(module: nn.Module, shapes: dict[str, tuple[int, ...]], source: Path) -> None:
    """Whether tensors of these shapes can fill a module; raises as `fill` does."""
    wanted = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
    differences = [f"{key} missing" for key in wanted if key not in shapes]
    differences += [f"{key} unknown" for key in shapes if key not in wanted]
    differences += [
        f"{key} {shapes[key]} instead of {shape}"
        for key, shape in wanted.items()
        if key in shapes and shapes[key] != shape
    ]
    if differences:
        raise CheckpointError(
            expected=f"weights that fit {type(module).__name__} as the card configures it",
            got=f"{len(differences)} differences in {source}: {differences[0]}",
            remedy="use card and weights of the same checkpoint",
        )


def write_checkpoint(folder: Path, card: Card, module: nn.Module) -> Card:
    """Write weights as fp16, buffers as they are, then the card with the hash of the weights, each atomically.

    Returns:
        The card with its sha256.

    Raises:
        OutputError: the folder cannot be written.
    """
    # What is learned bears rounding; tables and counts may not.
    learned = {key for key, _ in module.named_parameters()}
    kept = {key: tensor.detach().cpu().contiguous() for key, tensor in module.state_dict().items()}
    content = save({key: tensor.half() if key in learned else tensor for key, tensor in kept.items()})
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            expected="a folder that can be written", got=f"{folder}: {error.strerror}", remedy="choose another place"
        ) from error
    write_bytes(folder / WEIGHTS, content)
    write_card(folder, card)
    return card


def write_card(folder: Path, card: Card) -> None:
    """Write the card alone, e.g. after scores were measured."""
    write_json(folder / CARD, dataclasses.asdict(card))


Optimisers = Mapping[str, torch.optim.Optimizer]


def training_tensors(modules: Mapping[str, nn.Module], optimisers: Optimisers) -> dict[str, Tensor]:
    """All that a training must remember of its modules and optimisers: copies on the CPU, by `key/name`.

    The slots of an optimiser, such as moments, are called `key/index/slot`.
    """
    tensors = {f"{key}/{name}": value for key, one in modules.items() for name, value in one.state_dict().items()}
    for key, optimiser in optimisers.items():
        for index, slots in optimiser.state_dict()["state"].items():
            tensors |= {f"{key}/{index}/{slot}": torch.as_tensor(value) for slot, value in slots.items()}
    # Clones, because safetensors refuses tensors that share memory.
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}


def restore_training(tensors: Mapping[str, Tensor], modules: Mapping[str, nn.Module], optimisers: Optimisers) -> None:
    """Give modules and optimisers back what `training_tensors` made of them."""
    for key, module in modules.items():
        module.load_state_dict(tensors_below(tensors, f"{key}/"))
    for key, optimiser in optimisers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors_below(tensors, f"{key}/").items():
            index, slot = name.split("/")
            state.setdefault(int(index), {})[slot] = tensor
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def tensors_below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin so, by what follows."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


VIDEO = "video-"  # before a family's name: the kind of a denoiser of clips
CODECS = ("gamma-vae", "grain-decoder")  # between images and what is diffused
ONE_CALL = frozenset({"cyclegan", "distilled"})  # generators that make a frame in one call


def video_family(kind: str) -> str:
    """The diffusion family of a kind of video denoiser: `edm` of `video-edm`; other kinds as they are."""
    return kind.removeprefix(VIDEO)


def made_by(kind: str) -> str:
    """What a generator of a kind makes, as `Card.makes` says it: `frame`, `video`, or empty for a part of one."""
    if kind.startswith(VIDEO):
        return "video"
    return "frame" if kind in FAMILIES or kind in ONE_CALL else ""
