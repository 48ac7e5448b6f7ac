"""Growing a CycleGAN: what it learned on small frames, carried to frames of twice the size."""

from torch import Tensor


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
