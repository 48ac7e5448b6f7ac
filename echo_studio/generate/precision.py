"""The arithmetic of networks: float32, or bfloat16 where a device is quicker with it."""

import statistics
import time
from functools import cache

import torch
import torch.nn.functional as F

from echo_studio.generate.sampling import Precision

WORTH = 1.25  # how many times quicker bfloat16 must be: it costs a grey level here and there
ROUNDS = 5


@cache
def quickest(device: str) -> Precision:
    """What to take on torch's `device` where nobody chose: bfloat16 where the hardware has it and gains by it.

    A processor that says that it has bfloat16 is timed once on a convolution like those of the bundled networks; the
    answer holds as long as the program runs. Records keep what was taken, so a frame is made again with the same.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if kind != "cpu" or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "float32"
    return "bfloat16" if seconds("float32") >= WORTH * seconds("bfloat16") else "float32"


def seconds(precision: Precision) -> float:
    """Median time of a convolution of 48 channels at 128 x 128 on the processor."""
    x = torch.zeros(1, 48, 128, 128).contiguous(memory_format=torch.channels_last)
    weight = torch.zeros(48, 48, 3, 3).contiguous(memory_format=torch.channels_last)
    taken = []
    with torch.inference_mode(), arithmetic("cpu", precision):
        for _ in range(ROUNDS):
            start = time.perf_counter()
            F.conv2d(x, weight, padding=1)
            taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def arithmetic(kind: str, precision: Precision) -> torch.autocast:
    """The context in which networks run in that precision on a kind of device; their weights stay float32."""
    return torch.autocast(kind, torch.bfloat16, enabled=precision == "bfloat16")
