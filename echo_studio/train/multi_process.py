"""A team of several processes, on Hugging Face accelerate: gradients by DDP over NCCL (GPUs) or Gloo (CPUs).

accelerate places processes on devices and wraps networks. What would take the loop out of our hands is left: its
optimisers (which may skip a step), its loaders (with seeds of their own), its precision (recipes say theirs) and its
states (neither atomic nor exact in the middle of an epoch).
"""

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import (
    DistributedDataParallelKwargs,
    DistributedType,
    InitProcessGroupKwargs,
    broadcast_object_list,
    gather_object,
)
from torch import Tensor, nn

from echo_studio.errors import EchoStudioError, RequestError
from echo_studio.train.team import SingleProcess

T = TypeVar("T")
# The others wait while the first one encodes latents, asks a teacher or writes: NCCL would give up after ten minutes.
PATIENCE = timedelta(hours=12)
# With it buckets keep their layout, so sums keep their order and a resumed run its bits, with any number of processes.
# And a part that a step leaves out stays untouched, as in one process. Nothing here has buffers that training moves.
DDP = DistributedDataParallelKwargs(find_unused_parameters=True, broadcast_buffers=False)


class MultiProcess(SingleProcess):
    """The processes that a launcher started, as its environment says (RANK, WORLD_SIZE, ...).

    Args:
        device: cpu or cuda.

    Raises:
        RequestError: the launcher asks for more than data-parallel processes, or there are fewer GPUs than processes.
    """

    def __init__(self, device: str) -> None:
        # DDP tells of costs that are known: unused parameters are looked for, 1 x 1 kernels have two layouts.
        for known in ("find_unused_parameters=True", "Grad strides do not match", "OMP_NUM_THREADS"):
            warnings.filterwarnings("ignore", f".*{known}")
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if device == "cuda" and local >= torch.cuda.device_count():
            raise RequestError(
                expected="a GPU for each process", got=f"{torch.cuda.device_count()} GPUs", remedy="start fewer"
            )
        backend = "nccl" if device == "cuda" else "gloo"
        self.accelerator = Accelerator(
            cpu=device == "cpu",
            mixed_precision="no",
            dynamo_backend="no",
            kwargs_handlers=[DDP, InitProcessGroupKwargs(backend=backend, timeout=PATIENCE)],
        )
        if self.accelerator.distributed_type not in (DistributedType.MULTI_CPU, DistributedType.MULTI_GPU):
            raise RequestError(
                expected="data-parallel processes on CPUs or NVIDIA GPUs",
                got=str(self.accelerator.distributed_type.value),
                remedy="launch with torchrun",
            )
        self.size, self.number = self.accelerator.num_processes, self.accelerator.process_index
        self.is_main_process = self.accelerator.is_main_process
        self.device = self.accelerator.device

    def wrapped(self, network: nn.Module) -> nn.Module:
        wrapped: nn.Module = self.accelerator.prepare_model(network)
        return wrapped

    def no_sync(self, network: nn.Module, hold: bool) -> AbstractContextManager[None]:
        held: AbstractContextManager[None] = network.no_sync() if hold else nullcontext()  # type: ignore[operator]
        return held

    def mean(self, tensor: Tensor) -> Tensor:
        mean: Tensor = self.accelerator.reduce(tensor, "mean")
        return mean

    def all_gather(self, tensor: Tensor) -> Tensor:
        rows: Tensor = self.accelerator.gather(tensor.contiguous())
        return rows

    def figures(self, accumulated: Sequence[dict[str, float]]) -> dict[str, float]:
        values = torch.tensor([list(one.values()) for one in accumulated], dtype=torch.float64, device=self.device)
        return dict(zip(accumulated[0], self.mean(values.mean(0)).tolist(), strict=True))

    def broadcast(self, value: T) -> T:
        values = [value]
        broadcast_object_list(values)
        return values[0]

    def main_process_first(self, work: Callable[[], T]) -> T:
        done: list[T] = []
        for mine in (self.is_main_process, not self.is_main_process):
            fault: EchoStudioError | None = None
            if mine:
                try:
                    done.append(work())
                except EchoStudioError as error:
                    fault = error
            self._agree(fault)
        return done[0]

    def leave(self) -> None:
        self.accelerator.end_training()

    def _agree(self, fault: EchoStudioError | None) -> None:
        """Go on if all can: one that stops alone would leave the others waiting for it."""
        mine = None if fault is None else (fault.expected, fault.got, fault.remedy)
        faults = [one for one in gather_object([mine]) if one is not None]
        if fault is not None:
            raise fault
        if faults:
            expected, got, remedy = faults[0]
            raise EchoStudioError(expected=expected, got=f"{got} (in another process)", remedy=remedy)
