"""From a recipe's kind to its task, and where the network starts: from the recipe's seed, or from other weights."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.families import FAMILIES, Family, family
from echo_studio.errors import CheckpointError, RecipeError
from echo_studio.generate.build import build_network
from echo_studio.generate.checkpoint import VIDEO, fill, read_card, read_weights
from echo_studio.nets.cyclegan import CycleGAN
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.spade_unet3d import SpadeUNet3d
from echo_studio.train.recipe import Recipe
from echo_studio.train.task import Task
from echo_studio.train.tasks.cyclegan import CycleGANTask
from echo_studio.train.tasks.denoiser import DenoiserTask
from echo_studio.train.tasks.distil import DistilTask
from echo_studio.train.tasks.gamma_vae import GammaVAETask
from echo_studio.train.tasks.grain_decoder import GrainDecoderTask
from echo_studio.train.tasks.segmenter import SegmenterTask
from echo_studio.train.tasks.video import RecordedSource, VideoTask

TASKS: dict[str, Any] = {
    **dict.fromkeys(FAMILIES, DenoiserTask),
    **{VIDEO + name: VideoTask for name in FAMILIES},
    "segmenter": SegmenterTask,
    "judge": SegmenterTask,
    "grain-decoder": GrainDecoderTask,
    "gamma-vae": GammaVAETask,
    "distilled": DistilTask,
    "cyclegan": CycleGANTask,
}


def task_for(
    recipe: Recipe,
    data: CamusFolder | None,
    checkpoints: Path,
    init: Path | None = None,
    device: str = "cpu",
    recorded: RecordedSource | None = None,
) -> Task:
    """The task of a recipe with its network on a device, new or warm-started from the checkpoint folder `init`.

    Args:
        data: None only where there are recordings to learn from.
        recorded: recordings instead, for recipes of clips.

    Raises:
        RecipeError: a recipe of frames with recordings.
        CheckpointError: see `initial_model`.
    """
    kind = TASKS[recipe.kind]
    if recorded is not None and kind is not VideoTask:
        raise RecipeError(
            expected="a recipe of clips (kind video-...) to learn from recordings",
            got=f"kind {recipe.kind}",
            remedy="name a CAMUS folder with --data, or take training/video-spade.toml",
        )
    own = {"recorded": recorded} if recorded is not None else {}
    model = initial_model(recipe, init).to(device)
    task: Task = kind(recipe, data, model, checkpoints, torch.device(device), init, **own)
    return task


def grown(tensors: dict[str, Tensor], patch: int, labels: int) -> dict[str, Tensor]:
    """Weights for blocks of 2 patch x 2 patch pixels that do what these did for patch x patch.

    The trunk keeps its grid, and so all that it knows of hearts; only what stands between pixels and trunk
    changes. The stems see the mean of four pixels where they saw one, and what was unfolded to one pixel is
    unfolded to four alike. The convolutions at full resolution stay as they are: the detail that they
    make is twice as fine, and is what is left to learn.

    Args:
        tensors: of a `nets.cyclegan.CycleGAN`.
        patch: of its configuration.
        labels: of its configuration.
    """
    new = dict(tensors)
    for way, noise in (("echo", labels), ("label_map", None)):
        stem = _repeated(tensors[f"{way}.stem.weight"], 1, patch) / 4
        if noise is not None:
            # The mean of four pixels of white noise has half their deviation.
            stem[:, noise * 4 * patch**2 :] *= 2
        new[f"{way}.stem.weight"] = stem
        for name in ("weight", "bias"):
            new[f"{way}.unfold.{name}"] = _repeated(tensors[f"{way}.unfold.{name}"], 0, patch)
    return new


def _repeated(tensor: Tensor, axis: int, patch: int) -> Tensor:
    """Each of the patch x patch places of a block, as pixel-unshuffle orders them along an axis, four times."""
    shape = tensor.shape
    blocks = tensor.reshape(*shape[:axis], -1, patch, patch, *shape[axis + 1 :])
    large = blocks.repeat_interleave(2, axis + 1).repeat_interleave(2, axis + 2)
    return large.reshape(*shape[:axis], -1, *shape[axis + 1 :])


def initial_model(recipe: Recipe, init: Path | None) -> nn.Module:
    """The network of a recipe, from its seed or warm-started from a checkpoint folder of the same shape.

    A network of version 2 of the label schema may start from one of version 1 (see `_with_new_labels`). A denoiser may
    start from one of another family (see `across_families`), one without a branch at full resolution
    from one with it (see `_without_patches`), one of clips from one that is guided in another way (see `_shared`). A
    CycleGAN may start from one on blocks of pixels half as large (see `grown`).

    Raises:
        CheckpointError: the weights cannot be read or have another shape.
    """
    torch.manual_seed(recipe.seed)
    model = build_network(recipe.kind, recipe.network)
    if init is None:
        return model
    card, tensors = read_card(init), read_weights(init, read_card(init))
    if recipe.network.get("labels") == LABEL_COUNT and card.label_count < LABEL_COUNT:
        tensors = _with_new_labels(tensors, model.state_dict())
    if isinstance(model, SpadeUNet) and model.config.patch == 1 and card.network.get("patch", 1) > 1:
        tensors = _without_patches(tensors, model.state_dict())
    if isinstance(model, SpadeUNet3d) and card.network.get("guide") != model.config.guide:
        tensors = _shared(tensors, model.state_dict())
    if isinstance(model, CycleGAN) and card.network.get("patch") == model.config.patch / 2:
        tensors = grown(tensors, card.network["patch"], model.config.labels)
    if card.kind != recipe.kind and {card.kind, recipe.kind} <= FAMILIES.keys() and isinstance(model, SpadeUNet):
        across_families(model, tensors, family(card.kind, card.settings), family(recipe.kind, card.settings), init)
    else:
        fill(model, tensors, init)
    return model


def _with_new_labels(tensors: dict[str, Tensor], fresh: dict[str, Tensor]) -> dict[str, Tensor]:
    """Mask convolutions that see labels which the network has not seen: their weights start at 0."""
    wider = {
        key: torch.cat([tensor, tensor.new_zeros(tensor.shape[0], LABEL_COUNT - tensor.shape[1], *tensor.shape[2:])], 1)
        for key, tensor in tensors.items()
        if key in fresh and tensor.ndim == 4 and tensor.shape != fresh[key].shape and tensor.shape[1] < LABEL_COUNT
    }
    return {**tensors, **wider}


def _shared(tensors: dict[str, Tensor], fresh: dict[str, Tensor]) -> dict[str, Tensor]:
    """What clips guided in one way give to clips guided in another: all but norms, mask convolutions and stem."""
    same = {key for key, tensor in tensors.items() if key in fresh and tensor.shape == fresh[key].shape}
    return {key: tensors[key] if key in same else fresh[key] for key in fresh}


def _without_patches(tensors: dict[str, Tensor], fresh: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a network that works on blocks of pixels gives to one that works on latents of that size.

    The blocks of the U-Net stay. The stem sums over the pixels of a block, since a latent looks like their
    mean; the branch at full resolution goes, and what stood at its end, the head, starts anew.
    """
    stem = tensors["stem.weight"]
    channels = fresh["stem.weight"].shape[1]
    summed = stem.reshape(stem.shape[0], channels, -1, *stem.shape[2:]).sum(2)
    anew = ("head.", "head_spade.")
    return {
        key: fresh[key] if key.startswith(anew) else summed if key == "stem.weight" else tensors[key]
        for key in fresh
        if key.startswith(anew) or key in tensors
    }


@torch.no_grad()
def across_families(model: SpadeUNet, tensors: dict[str, Tensor], before: Family, after: Family, source: Path) -> None:
    """Make a network of one family from the weights of another: at first it is the same denoiser.

    skip x + out F(into x, noise) of the one family is that of the other if
    F' = (skip - skip') / (out' into') x' + (out / out') F(into / into' x', noise), with x' = into' x what the
    network sees now. These four numbers a level are kept in the network's `LevelTable`. A head that is new, the
    learned variance, starts at 0: in the middle of its range.

    Raises:
        CheckpointError: the network has no table, or the weights have one already.
    """
    if model.levels is None or any(key.startswith("levels.") for key in tensors):
        raise CheckpointError(
            expected=f"level_knots in the recipe of {after.label}, and weights of {before.label} without them",
            got="a table in the weights" if model.levels else "no level_knots",
            remedy="add level_knots = 128 to [network], and start from the checkpoint that was trained from scratch",
        )
    fresh = {f"levels.{key}": tensor for key, tensor in model.levels.state_dict().items()}
    fill(model, {**_with_heads(tensors, after.heads), **fresh}, source)
    sigma = torch.logspace(-3, 4.5, 4096, dtype=torch.float64)
    inputs = after.coefficients(sigma).noise * after.noise_unit
    # Beyond the ends of its chain SDM tells its network no more than the end: no rows there.
    rises = (inputs[1:-1] > inputs[:-2]) & (inputs[2:] > inputs[1:-1])
    known = 1 + rises.nonzero().flatten()
    rows = known[torch.linspace(0, len(known) - 1, len(model.levels.at)).round().long()]
    old, new = before.coefficients(sigma[rows]), after.coefficients(sigma[rows])
    values = [
        old.noise * before.noise_unit,
        old.into / new.into,
        (old.skip - new.skip) / (new.out * new.into),
        old.out / new.out,
    ]
    model.levels.fill(inputs[rows].float(), torch.stack(values).float())


def _with_heads(tensors: dict[str, Tensor], heads: int) -> dict[str, Tensor]:
    kept = dict(tensors)
    for key in ("head.weight", "head.bias"):
        kept[key] = torch.cat([kept[key], *[torch.zeros_like(kept[key])] * (heads - 1)])
    return kept
