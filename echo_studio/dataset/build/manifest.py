"""What a set is made of: a request, and the manifest that fixes every sample of it.

A manifest is lines of JSON: a header, then one line a sample, in the order in which they are made. The header names
label maps by hash, weights by hash, versions and kind of device; a sample's line holds its own seed, its map, the seed
of its deformation, its defect with every value and its ejection fraction. The set is a function of the manifest alone.
Seeds hang on what a sample is, not on its number: two generators get the same hearts and the same noise.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import Any

import numpy as np

from echo_studio.anatomy.edits.defects import DEFECTS, Choice, Number
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA_2
from echo_studio.anatomy.motion.motion import LIMITS
from echo_studio.anatomy.shape.variation import PAPER, SIDE, VariationRanges
from echo_studio.data.deform import DEFORMATION, ranges_to_json
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import DataError, RequestError, UnknownNameError, raised_as
from echo_studio.generate.sampling import Look, Sampling
from echo_studio.types import Json, Phase, View

MANIFEST_FORMAT = "echo-studio-manifest/1"
MAX_SAMPLES = 10_000_000
MAX_BATCH = 256
MAX_VARIATIONS = 10_000


@dataclass(frozen=True)
class BaseMap:
    """A label map that samples are made from.

    Attributes:
        name: unique in the set, letters, digits, `-` and `_`.
        base: what splits go by: the one that its set tells, the patient where the file's name tells one, else the name
            of the first map with the same pixels.
        label_map: 256 x 256, as the papers' deformations ask.
    """

    name: str
    base: str
    view: View
    phase: Phase
    label_map: LabelMap


def seed_of(*parts: Any) -> int:
    """A seed that hangs on these parts alone: 53 bits, which a browser can count to."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], "little") >> 11


def sample_defect(seed: int, shares: Mapping[str, float]) -> Json | None:
    """One of several defects, or none, each as often as its share says.

    Numbers are sampled from a triangle over the parameter's range, whose peak is the default; choices evenly.
    """
    if not shares:
        return None
    rng = np.random.default_rng(seed)
    at = float(rng.uniform())
    for name, share in sorted(shares.items()):
        if at < share:
            values = {key: _sample_value(rng, parameter) for key, parameter in DEFECTS[name].parameters.items()}
            return {"name": name, "values": values}
        at -= share
    return None


def sample_ef(seed: int, low: float, high: float) -> float:
    """An ejection fraction in percent, evenly from `low` to `high`, to one decimal."""
    return round(float(np.random.default_rng(seed).uniform(low, high)), 1)


def _sample_value(rng: np.random.Generator, parameter: Number | Choice) -> float | str:
    if isinstance(parameter, Choice):
        return parameter.choices[int(rng.integers(len(parameter.choices)))]
    value = float(rng.triangular(parameter.low, parameter.default, parameter.high))
    return min(max(round(value, 3), parameter.low), parameter.high)


OPTIONAL = ("guidance", "schedule", "precision", "grain", "coarseness")  # of a sampling: kept where they were chosen


@dataclass(frozen=True)
class ClipSampling:
    """What clips need beside a sampling; see `generate.video.request.VideoRequest`.

    Attributes:
        frames: of the heartbeat.
        heart_rate: beats a minute.
        start_step: noise levels that are skipped.
    """

    frames: int
    heart_rate: float
    start_step: int

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.frames * self.heart_rate / 60


@dataclass(frozen=True)
class SetSampling:
    """One way to make the samples of a set, the licence of its weights, and what its clips need (None for frames)."""

    sampling: Sampling
    licence: str
    clip: ClipSampling | None = None

    def to_json(self) -> Json:
        """As a manifest's header keeps it: what every set has, what differs from the defaults, `clip` for clips."""
        about = self.sampling.to_json()
        plain = Sampling(self.sampling.generator, self.sampling.solver, self.sampling.nfe).to_json()
        changed = {key: about[key] for key in OPTIONAL if about[key] != plain[key]}
        kept: Json = {key: about[key] for key in ("generator", "solver", "nfe", "checkpoints")}
        kept["licence"] = self.licence
        if self.clip is None:
            return kept | changed
        changed.pop("guidance", None)
        return kept | changed | {"clip": {**asdict(self.clip), "guidance": self.sampling.guidance}}

    @classmethod
    def from_json(cls, about: Json) -> "SetSampling":
        """What `to_json` wrote."""
        about = dict(about)
        licence, clip, weights = about.pop("licence"), dict(about.pop("clip", {})), about.pop("checkpoints")
        if clip:
            about["guidance"] = clip.pop("guidance")
        look = Look(about.pop("grain", None), about.pop("coarseness", None))
        return cls(Sampling(**about, look=look, weights=weights), licence, ClipSampling(**clip) if clip else None)


@dataclass(frozen=True)
class Item:
    """One sample of a manifest.

    Attributes:
        id: its name in the set.
        how, map: which of the header's.
        copy: which variation of the map, from 0.
        variation: seed of the deformation; None if the map stays as it is.
        defect: its name and `values`; None if the heart has no defect.
        seed: of the noise.
        ef: ejection fraction in percent, of a clip or of a frame at end systole; None means the map's own phase.
        look: grain and coarseness, see `generate.sampling.Look`; None as the sampling says.
    """

    id: str
    how: int
    map: int
    copy: int
    variation: int | None
    defect: Json | None
    seed: int
    ef: float | None = None
    look: tuple[float | None, float | None] | None = None

    def to_json(self) -> Json:
        """Its line; without `ef` and `look` where they are None."""
        return {key: value for key, value in vars(self).items() if value is not None or key not in ("ef", "look")}

    def sampling(self, chosen: Sampling) -> Sampling:
        """A sampling with the sample's own look."""
        return chosen if self.look is None else replace(chosen, look=Look(*self.look))

    @classmethod
    def of(cls, line: str) -> "Item":
        """The item of a manifest's line.

        Raises:
            DataError: the line describes no sample.
        """
        with raised_as(
            DataError,
            ValueError,
            TypeError,
            RecursionError,
            expected="a sample in every line of the manifest",
            remedy="begin another set",
        ):
            about = json.loads(line)
            look = about.pop("look", None)
            return cls(**about, look=None if look is None else (look[0], look[1]))


@dataclass(frozen=True)
class SetRequest:
    """Label maps x variations x samplings x seeds.

    Attributes:
        variations: deformations a map; 0 for the maps as they are, once each.
        repeats: samples of every deformed map, each from another seed.
        ranges: of the deformations.
        defects: how often each of `anatomy.edits.defects.DEFECTS` occurs, as shares of the deformed maps, together at
            most 1; no map has two.
        ef: least and greatest ejection fraction in percent: every sample has its own, whatever the generator. Clips
            need it; frames then show their map, which is at end diastole, at end systole.
        looks: of real frames; every sample has one of them. Empty where the grain is drawn.
        batch: samples computed together, of which pixels depend in their last bits.
        device: the kind, such as cpu: another one has other last bits too.
        versions: of the programs that make the set.

    Raises:
        RequestError: an impossible number.
        UnknownNameError: a defect of another name.
        DataError: a defect measured in mm for a map whose spacing is not known, or an ejection fraction for a map that
            is not at end diastole.
    """

    maps: tuple[BaseMap, ...]
    samplings: tuple[SetSampling, ...]
    variations: int = 5
    repeats: int = 1
    ranges: VariationRanges = PAPER
    defects: Mapping[str, float] = field(default_factory=dict)
    ef: tuple[float, float] | None = None
    looks: tuple[Look, ...] = ()
    seed: int = 0
    batch: int = 1
    device: str = "cpu"
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _whole("variations a map", self.variations, 0, MAX_VARIATIONS)
        _whole("seeds a map", self.repeats, 1, MAX_VARIATIONS)
        _whole("samples a batch", self.batch, 1, MAX_BATCH)
        _whole("a seed", self.seed, 0, 2**53 - 1)
        _whole("samples in all", self.count, 1, MAX_SAMPLES)
        for name, share in self.defects.items():
            if name not in DEFECTS:
                raise UnknownNameError("defect", name, DEFECTS)
            if not 0 <= share <= 1:
                raise _wrong(f"a share of {name} from 0 to 1", share)
        if sum(self.defects.values()) > 1 + 1e-9:
            raise _wrong("shares of defects that are at most 1 together", f"{sum(self.defects.values()):g}")
        self._check_ef()
        bare = next((one.name for one in self.maps if one.label_map.spacing_mm is None), None)
        lengths = [name for name, share in self.defects.items() if share and _in_mm(name)]
        if bare and lengths:
            raise DataError(
                expected=f"label maps that tell their spacing, since {lengths[0]} is measured in mm",
                got=f"{bare} without",
                remedy="leave out the map or the defect, or save the map with its spacing",
            )

    def _check_ef(self) -> None:
        clips = next((one.sampling.generator for one in self.samplings if one.clip), None)
        if self.ef is None:
            if clips:
                raise RequestError(
                    expected=f"a range of ejection fractions (EF) for the clips of {clips}",
                    got="none",
                    remedy="give one, such as 25-65",
                )
            return
        least, most, _ = LIMITS["ef"]
        if not least <= self.ef[0] <= self.ef[1] <= most:
            raise _wrong(f"ejection fractions from {least:g} to {most:g} percent", f"{self.ef[0]:g} to {self.ef[1]:g}")
        late = next((one.name for one in self.maps if one.phase != "ED"), None)
        if late:
            raise DataError(
                expected="label maps at end diastole, where a heartbeat begins",
                got=f"{late} at end systole",
                remedy="take --phase ED, or leave --ef out",
            )

    @property
    def count(self) -> int:
        """Samples in all."""
        return len(self.maps) * max(1, self.variations) * self.repeats * len(self.samplings)

    def header(self, deformation: str | None = DEFORMATION, schema: str = SCHEMA_2) -> Json:
        """The first line of the manifest: equal requests have equal ones, others not.

        Args:
            deformation: that its samples are made with, see `data.deform`; None for that of sets that name none.
            schema: of the labels of its defects, see `anatomy.edits.defects.apply_defect`.
        """
        if not self.variations:
            deformation = None
        header = {
            "format": MANIFEST_FORMAT,
            "notice": NOTICE,
            "schema": schema,
            "side": SIDE,
            "samples": self.count,
            "seed": self.seed,
            "variations": self.variations,
            "seeds": self.repeats,
            "ranges": ranges_to_json(self.ranges, deformation),
            **({"deformation": deformation} if deformation else {}),
            "defects": {name: share for name, share in sorted(self.defects.items()) if share},
            "ef": self.ef,
            **({"looks": [astuple(look) for look in self.looks]} if self.looks else {}),
            "generators": [one.to_json() for one in self.samplings],
            "batch": self.batch,
            "device": self.device,
            "versions": dict(self.versions),
            "maps": [
                {
                    "name": one.name,
                    "base": one.base,
                    "view": one.view,
                    "phase": one.phase,
                    "sha256": one.label_map.digest,
                    "spacing_mm": one.label_map.spacing_mm,
                }
                for one in self.maps
            ],
        }
        return dict(json.loads(json.dumps(header)))  # as it comes back from the file

    def items(self) -> Iterator[Item]:
        """Every sample, one generator after the other, so that a worker loads each once."""
        number = 0
        for how in range(len(self.samplings)):
            for place, one in enumerate(self.maps):
                digest = one.label_map.digest  # computed anew at every access
                for copy in range(max(1, self.variations)):
                    heart = (self.seed, one.name, digest, copy)
                    variation = seed_of("variation", *heart) if self.variations else None
                    defect = sample_defect(seed_of("defect", *heart), self.defects)
                    for repeat in range(self.repeats):
                        noise = seed_of("noise", *heart, repeat)
                        ef = sample_ef(seed_of("ef", *heart, repeat), *self.ef) if self.ef else None
                        yield Item(
                            f"s{number:07d}", how, place, copy, variation, defect, noise, ef, self._look(*heart, repeat)
                        )
                        number += 1

    def _look(self, *heart: Any) -> tuple[float | None, float | None] | None:
        """One of the looks, by the heart."""
        return astuple(self.looks[seed_of("look", *heart) % len(self.looks)]) if self.looks else None

    def lines(self) -> Iterator[str]:
        """The manifest."""
        yield json.dumps(self.header())
        for item in self.items():
            yield json.dumps(item.to_json())


def _in_mm(defect: str) -> bool:
    return any(isinstance(one, Number) and one.unit == "mm" for one in DEFECTS[defect].parameters.values())


def _whole(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise _wrong(f"{what} from {low} to {high}", value)


def _wrong(expected: str, got: object) -> RequestError:
    return RequestError(expected=expected, got=f"{got}", remedy="choose a value in that range")
