"""The two-sample test: can a small network, trained to tell real from made frames, tell those of patients it never saw?

Where two sets of frames come from one distribution nothing can tell them apart, and the network's AUC is near 0.5
(Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests"). Asked at several sizes of the frames, the test
says at which scale they differ: small frames hold anatomy and brightness alone, large ones the grain too.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.stats import rankdata
from torch import Tensor, nn

from echo_studio.errors import DataError, RequestError

BATCH = 32
AT_ONCE = 50  # frames that are scored together
LEAST_SIDE, MOST_SIDE = 16, 256
LEAST = 2  # frames to learn from and to test on
RATE, DECAY = 2e-3, 1e-2  # of AdamW
DROPOUT = 0.2
Images = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Pairs:
    """Real frames and made ones of the same label maps.

    Attributes:
        real, made: uint8 (n, h, w).
        inner: bool (n, h, w), True well inside the sector: what is seen. Its edge says nothing about the echo.
        patients: of whom each real frame is.
    """

    real: Images
    made: Images
    inner: npt.NDArray[np.bool_]
    patients: tuple[str, ...]

    def at_side(self, side: int) -> tuple[Tensor, Tensor]:
        """float32 (2 n, 1, side, side) in [-1, 1], black where nothing is seen; and (2 n,), 1 for made frames."""
        rows = [
            cv2.resize(np.where(within, image, 0).astype(np.uint8), (side, side), interpolation=cv2.INTER_AREA)
            for images in (self.real, self.made)
            for image, within in zip(images, self.inner, strict=True)
        ]
        x = torch.from_numpy(np.stack(rows).astype(np.float32) / 127.5 - 1).unsqueeze(1)
        return x.contiguous(memory_format=torch.channels_last), torch.arange(2).repeat_interleave(
            len(self.real)
        ).float()


def check_apart(learn: Sequence[str], test: Sequence[str]) -> None:
    """Refuse frames that a test cannot be made of, given the patient of each.

    Raises:
        RequestError: fewer than two frames in a part.
        DataError: a patient in both parts: a network that knows the patient would tell by the heart.
    """
    for name, part in (("to learn from", learn), ("to test on", test)):
        if len(part) < LEAST:
            raise RequestError(expected=f"{LEAST} frames or more {name}", got=str(len(part)), remedy="give more frames")
    both = sorted(set(learn) & set(test))
    if both:
        raise DataError(
            expected="patients to learn from and patients to test on apart",
            got=f"{', '.join(both[:3])}{', ...' if len(both) > 3 else ''} in both",
            remedy="take them off one of the lists",
        )


def check_sides(sides: list[int]) -> None:
    """Raise RequestError where a side is none that the network takes, or is named twice."""
    powers = [side for side in sides if LEAST_SIDE <= side <= MOST_SIDE and side & (side - 1) == 0]
    if not sides or powers != sides or len(set(sides)) < len(sides):
        raise RequestError(
            expected=f"sides that are powers of two from {LEAST_SIDE} to {MOST_SIDE}, each once",
            got=", ".join(map(str, sides)) or "none",
            remedy="try 32,64,128,256",
        )


def batches(learn: Pairs, side: int) -> int:
    """How many batches `tell_apart` learns from: small frames are cheap and are seen more often.

    With half as many, one seed of three told frames of 64 pixels with an AUC of 1.00, the others with 0.52 and 0.58.
    """
    count = 2 * len(learn.real)
    return min(32, max(8, 1024 // side)) * (count // min(BATCH, count))


def tell_apart(learn: Pairs, test: Pairs, side: int, seed: int, on_batch: Callable[[], None] = lambda: None) -> float:
    """AUC of a fresh network on `test` after it learned from `learn`, or 1 - AUC where that is larger; 0.5 to 1.

    The same seed gives the same value on the same machine; torch's own random numbers are left as they were.

    Args:
        side: of the frames in pixels, see `check_sides`.
        seed: of weights, order, mirroring and dropout.
        on_batch: called after each of `batches`.

    Raises:
        RequestError, DataError: see `check_apart`.
    """
    check_apart(learn.patients, test.patients)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _trained(*learn.at_side(side), batches(learn, side), on_batch)
    x, made = test.at_side(side)
    with torch.inference_mode():
        scores = torch.cat([network(some)[:, 0] for some in x.split(AT_ONCE)])
    area = auc(scores[made == 0].numpy(), scores[made == 1].numpy())
    return max(area, 1 - area)


def auc(real: npt.NDArray[np.floating], made: npt.NDArray[np.floating]) -> float:
    """The share of pairs in which the made frame has the higher score; equal scores count half."""
    ranks = rankdata(np.concatenate([real, made]))[len(real) :]
    return float((ranks.sum() - len(made) * (len(made) + 1) / 2) / (len(real) * len(made)))


def chance(count: int) -> float:
    """What `tell_apart` is expected to give on `count` pairs that nothing can tell apart: a little above 0.5.

    The deviation of AUC is then that of the rank sum; the larger of AUC and 1 - AUC is a folded normal.
    """
    return min(1.0, 0.5 + math.sqrt(2 / math.pi * (2 * count + 1) / (12 * count * count)))


def _trained(x: Tensor, made: Tensor, steps: int, on_batch: Callable[[], None]) -> nn.Module:
    network = _network(x.shape[-1]).train()
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1)
    size = min(BATCH, len(x))
    order = torch.zeros(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < size:  # the rest of an epoch is left out
            order = torch.randperm(len(x))
        index, order = order[:size], order[size:]
        seen = x[index].flip(-1) if torch.rand(()) < 0.5 else x[index]
        logits = network(seen.contiguous(memory_format=torch.channels_last))[:, 0]
        loss = F.binary_cross_entropy_with_logits(logits, made[index])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        rate.step()
        on_batch()
    return network.eval()


def _network(side: int) -> nn.Module:
    """Two convolutions at every level, halved between them; the largest side has a thin level more at its top."""
    widths = (8, 16, 32, 64, 96) if side == MOST_SIDE else (16, 32, 64, 96)
    layers: list[nn.Module] = []
    width = 1
    for out in widths:
        for into in (width, out):
            layers += [nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
        layers.append(nn.MaxPool2d(2))
        width = out
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear(width, 1)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
