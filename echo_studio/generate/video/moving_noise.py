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

Places = list[npt.NDArray[np.float32]]  # of each frame (2, rows, columns): x and y of each part, in shares of the sides


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
        self._cycle, self._seed = cycle, seed
        self._sway = np.zeros((len(cycle), 2)) if sway is None else sway
        shares = torch.zeros(LABEL_COUNT)
        for label, share in carried.items():
            shares[label] = share
        self._carried = shares[torch.tensor(ids).long()][:, None]
        seconds = 60 / (cycle.heart_rate * len(cycle))
        self._series = torch.from_numpy(loop_weights(len(cycle), math.exp(-seconds / FORGETS))).float()
        self._places: dict[tuple[int, int], Places] = {}

    def __call__(self, still: Tensor, stream: int, steady: float = 0.0) -> Tensor:
        """Noise float32 (t, c, h, w).

        Args:
            steady: waves of so many cycles a picture or fewer move with the tissue in full; 0 for none.
            still: float32 (c, h, w), standard normal: the part that moves, as it lies at end diastole.
            stream: of the seed; noise of another stream is independent.
        """
        key = np.random.SeedSequence([self._seed, 2, stream]).generate_state(1, np.uint64)[0] >> np.uint64(1)
        generator = torch.Generator().manual_seed(int(key))
        rows, columns = still.shape[1:]
        count = parts_along(rows), parts_along(columns)
        parts = divided(still, count, generator)
        places = self._places_of(rows * count[0], columns * count[1])
        moved = torch.stack([gathered(parts, at, rows, columns, generator) for at in places])
        share = self._carried
        if share.shape[2:] != (rows, columns):
            share = F.interpolate(share, (rows, columns), mode="area")
        moving, renewed = share.sqrt(), self._renewed(moved.shape, generator).mul_((1 - share).sqrt())
        if not steady:
            return moved.mul_(moving).add_(renewed)
        low = coarse(moved, steady)
        mixed = moving * (moved - low + coarse(self._renewed(moved.shape, generator), steady)) + renewed
        return low + mixed - coarse(mixed, steady)

    def _renewed(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        """Noise in place that forgets, float32 (t, c, h, w)."""
        fresh = torch.randn(shape, generator=generator)
        return (self._series @ fresh.flatten(1)).reshape(shape)

    def _places_of(self, rows: int, columns: int) -> Places:
        if (rows, columns) not in self._places:
            self._places[rows, columns] = tissue_places(self._cycle, rows, columns, self._sway)
        return self._places[rows, columns]


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
    cells = np.floor(places * np.array([width, height], np.float32)[:, None, None] + np.float32(1)).astype(np.int32)
    x, y = (np.clip(own, 0, side + 1, out=own) for own, side in zip(cells, (width, height), strict=True))
    at, size = torch.from_numpy((y * np.int32(width + 2) + x).ravel()), (height + 2) * (width + 2)
    number = torch.bincount(at, minlength=size)
    sums = torch.zeros(len(parts), size).index_add_(1, at, parts.flatten(1))
    noise = (sums / number.clamp(min=1).sqrt()).reshape(len(parts), height + 2, width + 2)[:, 1:-1, 1:-1]
    empty = number.reshape(height + 2, width + 2)[1:-1, 1:-1] == 0
    if empty.any():
        noise[:, empty] = torch.randn((len(parts), int(empty.sum())), generator=generator)
    return noise


def tissue_places(cycle: LabelCycle, rows: int, columns: int, sway: FloatArray) -> Places:
    """Where the middle of each cell of a grid over end diastole lies in every frame; see `gathered`.

    Args:
        cycle: the beat; without points all stands still but for the sway.
        sway: see `BeatNoise`.
    """
    x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    still = np.stack([x, y], axis=-1).astype(np.float32)
    ways = (_node_ways(cycle) + sway[:, None, None, :]).astype(np.float32)
    return [
        (still + cv2.resize(way, (columns, rows), interpolation=cv2.INTER_LINEAR)).transpose(2, 0, 1) for way in ways
    ]


def _node_ways(cycle: LabelCycle) -> FloatArray:
    """(t, NODES, NODES, 2) how far the tissue at nodes over end diastole has moved, in shares of width and height."""
    frames, height, width = cycle.ids.shape
    if cycle.points is None:
        return np.zeros((frames, NODES, NODES, 2))
    sides = np.array([width, height], np.float64)
    along = (np.arange(NODES) + 0.5) / NODES
    nodes = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2) * sides - 0.5
    # The points of end diastole are the same for all frames, so their moves are solved for together.
    moves = (cycle.points - cycle.points[0]).transpose(1, 0, 2).reshape(cycle.points.shape[1], -1)
    aspect = cycle.spacing_mm[0] / cycle.spacing_mm[1] if cycle.spacing_mm else 1.0
    found = displacement(nodes, cycle.points[0], moves, cycle.reach, aspect)
    return np.asarray(found.reshape(NODES, NODES, frames, 2).transpose(2, 0, 1, 3) / sides)


def coarse(noise: Tensor, cycles: float) -> Tensor:
    """What of noise (..., h, w) has so many cycles a picture or fewer along its way: a projection."""
    height, width = noise.shape[-2:]
    radius = torch.hypot(torch.fft.fftfreq(height, 1 / height)[:, None], torch.fft.rfftfreq(width, 1 / width))
    return torch.fft.irfft2(torch.fft.rfft2(noise) * (radius <= cycles), s=(height, width))


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
