"""What a recipe's network costs, counted on tensors without memory: the papers' networks need no machine for it."""

import contextlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.workload import Workload
from echo_studio.train.recipe import Recipe

BYTES_A_PARAMETER = 20  # float32: weight, gradient, AdamW's two moments, moving average


@dataclass(frozen=True)
class Cost:
    """Counted; a multiplication with its addition is two operations, as torch's counter has it.

    Attributes:
        call_flop: of one call (see `Workload`) for one frame.
        prepare_flop: of what all calls for one label map share.
        train_flop: of one training image, forward and backward.
        image_bytes: kept of one training image for the backward pass, in the recipe's precision.
        fixed_bytes: weights, gradients, optimiser and average, and copies of weights in the recipe's precision.
    """

    parameters: int
    call_flop: int
    prepare_flop: int
    train_flop: int
    image_bytes: int
    fixed_bytes: int


def cost_of(recipe: Recipe, beside: dict[str, Recipe]) -> Cost:
    """Count one recipe's network. Nothing is computed and no weights are made."""
    with torch.device("meta"):
        work = Workload.of(recipe, beside)
    with FakeTensorMode():
        _on_fake_cpu(work.network)
        with torch.no_grad():
            with FlopCounterMode(display=False) as preparing:
                prepared = work.prepare(1)
            with FlopCounterMode(display=False) as calling:
                work.call(1, prepared)
        with FlopCounterMode(display=False) as training:
            work.train(1).backward()
        one, two = (_kept_for_backward(work, recipe.precision, batch) for batch in (1, 2))
    return Cost(
        work.parameters,
        calling.get_total_flops(),
        preparing.get_total_flops(),
        training.get_total_flops(),
        two - one,
        work.parameters * BYTES_A_PARAMETER + max(0, 2 * one - two),
    )


def _on_fake_cpu(network: nn.Module) -> None:
    """Parameters and buffers that say they are on the CPU, where autocast knows its rules, in place of `meta` ones."""
    for module in network.modules():
        for name, old in module.named_parameters(recurse=False):
            fake = torch.empty_strided(old.shape, old.stride(), device="cpu")
            module.register_parameter(name, nn.Parameter(fake, old.requires_grad))
        for name, held in module.named_buffers(recurse=False):
            module.register_buffer(name, torch.empty_strided(held.shape, held.stride(), dtype=held.dtype, device="cpu"))


def _kept_for_backward(work: Workload, precision: str, batch: int) -> int:
    """Bytes of all distinct storages that autograd keeps, the parameters themselves left out."""
    own = {parameter.untyped_storage()._cdata for parameter in work.network.parameters()}
    kept: dict[int, tuple[int, Tensor]] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage.nbytes(), tensor  # the tensor keeps its address from being used again
        return tensor

    lower = torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else contextlib.nullcontext()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), lower:
        work.train(batch)
    return sum(size for size, _ in kept.values())
