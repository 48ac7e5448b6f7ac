"""White noise that moves with a heart: what a generator of frames is given for every frame of a beat.

Noise belongs to the tissue. Each element of end diastole is divided into parts, whose noise is drawn on condition that
they add up to that of the element (Chang et al. 2024, "How I Warped Your Noise", ICLR). The parts move with the tissue,
and an element of a later frame is the sum of the parts that lie in it, over the square root of their number. Every part
lies in one element alone: so elements stay independent and of unit variance, however the tissue turns, shrinks or
stretches, and the noise stays white. An element in which no part lies gets fresh noise.

Real speckle is not carried along for ever: tissue that moves through the plane of the scan, and the scanner's own
noise, renew it. So only a share of the variance moves with the tissue, by label; the rest is noise in place that
forgets within milliseconds, an autoregressive series that is closed into a loop. Both are white and independent of each
other, so their mixture is white.

What is coarse in the noise of a latent decides the brightness and contrast of whole regions: it moves with the tissue
in full. Let P keep what is coarse (a projection), D² be the share that moves, S the noise that moves, and Q, R fresh
noise; then P S + (I - P) (D ((I - P) S + P R) + (I - D²)^½ Q) has the covariance
P + (I - P) (D (I - P) D + D P D + I - D²) (I - P) = I: it is white, whatever D is from place to place.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from echo_studio.anatomy.labels import FLUID, LABEL_COUNT, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, MASS, SECTOR
from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.anatomy.motion.flow import displacement
from echo_studio.types import FloatArray, LabelIds

# Share of the variance that moves with the tissue, by label, chosen on training patients: `training/fit_renewal.py`.
CARRIED = {LV_CAVITY: 0.45, LV_MYOCARDIUM: 0.75, LEFT_ATRIUM: 0.45, SECTOR: 0.31, FLUID: 0.45, MASS: 0.75}
FORGETS = 0.012  # seconds after which the correlation of the rest is 1/e

FINE = 256  # parts along an axis, of noise that is coarser than half of it
PARTS = 2  # parts of an element along an axis, of finer noise
NODES = 48  # along an axis, between which the way of the tissue is bilinear


class BeatNoise:
    """Standard normal noise for all frames of a beat.

    Args:
        cycle: the beat; its points tell where the tissue is in each frame.
        ids: uint8 (t, h, w) the label maps of its frames, of any size.
        seed: of what is drawn beside the noise at end diastole.
        sway: (t, 2) how far all tissue moves beside the beat, in shares of the picture's width and height.
        carried: share of the variance that moves with the tissue, by label; 0 for labels that are left out.
    """

    def __init__(
        self,
        cycle: LabelCycle,
        ids: LabelIds,
        seed: int,
        sway: FloatArray | None = None,
        carried: dict[int, float] = CARRIED,
    ) -> None:
        self.frames, self._seed = len(cycle), seed
        self._ways = _node_ways(cycle, np.zeros((len(cycle), 2)) if sway is None else sway)
        self._still: dict[tuple[int, int], npt.NDArray[np.float32]] = {}
        shares = torch.zeros(LABEL_COUNT)
        for label, share in carried.items():
            shares[label] = share
        self._carried = shares[torch.tensor(ids).long()][:, None]
        seconds = 60 / (cycle.heart_rate * len(cycle))
        self._series = torch.from_numpy(loop_weights(len(cycle), math.exp(-seconds / FORGETS))).float()

    def stream(self, still: Tensor, number: int, steady: float = 0.0) -> "NoiseStream":
        """Noise that moves, frame by frame.

        Args:
            still: float32 (c, h, w), standard normal: the part that moves, as it lies at end diastole.
            number: of the stream; noise of another one is independent.
            steady: waves of so many cycles a picture or fewer move with the tissue in full; 0 for none.
        """
        return NoiseStream(self, still, number, steady)

    def generator(self, *keys: int) -> torch.Generator:
        """Of what is drawn for one purpose."""
        state = np.random.SeedSequence([self._seed, 2, *keys]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(state >> np.uint64(1)))

    def renewed(self, fresh: Tensor, at: list[int]) -> Tensor:
        """Frames (k, c, h, w) of noise in place that forgets, of independent noise (t, c, h, w)."""
        return (self._series[at] @ fresh.flatten(1)).reshape(len(at), *fresh.shape[1:])

    def carried(self, at: list[int], rows: int, columns: int) -> Tensor:
        """(k, 1, rows, columns) the share of the variance that moves, of some frames."""
        share = self._carried[at]
        return share if share.shape[2:] == (rows, columns) else F.interpolate(share, (rows, columns), mode="area")

    def places(self, frame: int, rows: int, columns: int) -> npt.NDArray[np.float32]:
        """(2, rows, columns) where the middle of each cell of a grid over end diastole lies in a frame: x and y in
        shares of the sides."""
        if (rows, columns) not in self._still:
            x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
            self._still[rows, columns] = np.stack([x, y], axis=-1).astype(np.float32)
        way = cv2.resize(self._ways[frame], (columns, rows), interpolation=cv2.INTER_LINEAR)
        return np.asarray((self._still[rows, columns] + way).transpose(2, 0, 1), np.float32)


class NoiseStream:
    """One stream of a beat's noise; see `BeatNoise.stream`."""

    def __init__(self, beat: BeatNoise, still: Tensor, number: int, steady: float) -> None:
        self._beat, self._number, self._steady = beat, number, steady
        self._shape = still.shape
        generator = beat.generator(number)
        count = parts_along(still.shape[1]), parts_along(still.shape[2])
        self._parts = divided(still, count, generator)
        frames = (beat.frames, *still.shape)
        self._fresh = torch.randn(frames, generator=generator)
        self._coarse = torch.randn(frames, generator=generator) if steady else None

    def __call__(self, frames: Sequence[int]) -> Tensor:
        """Noise float32 (k, c, h, w) of some frames, whatever others are asked for."""
        at, beat = list(frames), self._beat
        _, rows, columns = self._shape
        grid = self._parts.shape[1:]
        moved = torch.stack(
            [
                gathered(self._parts, beat.places(k, *grid), rows, columns, beat.generator(self._number, k + 1))
                for k in at
            ]
        )
        share = beat.carried(at, rows, columns)
        moving, renewed = share.sqrt(), beat.renewed(self._fresh, at).mul_((1 - share).sqrt())
        if self._coarse is None:
            return moved.mul_(moving).add_(renewed)
        low = coarse(moved, self._steady)
        mixed = moving * (moved - low + coarse(beat.renewed(self._coarse, at), self._steady)) + renewed
        return low + mixed - coarse(mixed, self._steady)


def parts_along(elements: int) -> int:
    """Parts of an element along an axis: coarse noise has so many that it moves smoothly."""
    return max(PARTS, FINE // elements)


def divided(still: Tensor, count: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Independent standard normal parts float32 (c, h · m, w · n) of noise (c, h, w).

    The sum of an element's parts over the square root of their number is the element: the parts are drawn
    on that condition, so that together with the element's own law each part is standard normal and independent.

    Args:
        count: (m, n) parts along each axis.
    """
    m, n = count
    channels, rows, columns = still.shape
    parts = torch.randn((channels, rows, m, columns, n), generator=generator)
    parts += (still / math.sqrt(m * n))[:, :, None, :, None] - parts.mean((2, 4), keepdim=True)
    return parts.reshape(channels, rows * m, columns * n)


def gathered(
    parts: Tensor, places: npt.NDArray[np.float32], height: int, width: int, generator: torch.Generator
) -> Tensor:
    """Noise float32 (c, height, width): of each element the sum of its parts over the square root of their number.

    Args:
        parts: (c, rows, columns).
        places: (2, rows, columns) x and y of each part, in shares of the sides; those outside 0 to 1 are left out.
        generator: of the noise of elements in which no part lies.
    """
    # A border of one element on every side takes the parts that have left the picture.
    x, y = (
        np.clip(own * np.float32(side) + np.float32(1), 0, side + 1).astype(np.int32)
        for own, side in zip(places, (width, height), strict=True)
    )
    y *= np.int32(width + 2)
    y += x
    at, size = torch.from_numpy(y.ravel()), (height + 2) * (width + 2)
    number = torch.bincount(at, minlength=size)
    # A sum by place for each channel: many times as quick on a processor as adding at indices.
    sums = torch.stack([torch.bincount(at, own, minlength=size) for own in parts.flatten(1)])
    noise = (sums / number.clamp(min=1).sqrt()).reshape(len(parts), height + 2, width + 2)[:, 1:-1, 1:-1]
    empty = number.reshape(height + 2, width + 2)[1:-1, 1:-1] == 0
    if empty.any():
        noise[:, empty] = torch.randn((len(parts), int(empty.sum())), generator=generator)
    return noise


def _node_ways(cycle: LabelCycle, sway: FloatArray) -> npt.NDArray[np.float32]:
    """(t, NODES, NODES, 2) how far the tissue at nodes over end diastole has moved, in shares of width and height.

    Without points all stands still but for the sway.
    """
    frames, height, width = cycle.ids.shape
    if cycle.points is None:
        return np.tile(sway[:, None, None, :], (1, NODES, NODES, 1)).astype(np.float32)
    sides = np.array([width, height], np.float64)
    along = (np.arange(NODES) + 0.5) / NODES
    nodes = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2) * sides - 0.5
    # The points of end diastole are the same for all frames, so their moves are solved for together.
    moves = (cycle.points - cycle.points[0]).transpose(1, 0, 2).reshape(cycle.points.shape[1], -1)
    aspect = cycle.spacing_mm[0] / cycle.spacing_mm[1] if cycle.spacing_mm else 1.0
    found = displacement(nodes, cycle.points[0], moves, cycle.reach, aspect)
    ways = found.reshape(NODES, NODES, frames, 2).transpose(2, 0, 1, 3) / sides
    return (ways + sway[:, None, None, :]).astype(np.float32)


def coarse(noise: Tensor, cycles: float) -> Tensor:
    """What of noise (..., h, w) has so many cycles a picture or fewer along its way: a projection."""
    height, width = noise.shape[-2:]
    radius = torch.hypot(torch.fft.fftfreq(height, 1 / height)[:, None], torch.fft.rfftfreq(width, 1 / width))
    kept: Tensor = torch.fft.irfft2(torch.fft.rfft2(noise) * (radius <= cycles), s=(height, width))
    return kept


def loop_weights(frames: int, correlation: float) -> FloatArray:
    """(frames, frames) weights that turn independent frames into an autoregressive series closed into a loop.

    Every frame has unit variance. The correlation of neighbours is that given, of others its powers, both ways round
    the loop added up.
    """
    lags = np.arange(frames)
    wanted = correlation**lags + correlation ** (frames - lags)
    spectrum = np.fft.fft(wanted / wanted[0]).real.clip(min=0)
    row = np.fft.ifft(np.sqrt(spectrum)).real
    return np.asarray(row[(lags[:, None] - lags) % frames])
