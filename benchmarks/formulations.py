"""Ways to run one generator: as the studio does, and as the papers' released code does."""

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from echo_studio.diffusion.denoiser import Preconditioned
from echo_studio.generate.codec import LatentCodec
from echo_studio.generate.generator import SampledGenerator


class PlainLayout(TorchFunctionMode):
    """Inside it, nothing is brought into the channels-last layout."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.contiguous:
            kwargs = {}
        return func(*args, **kwargs)


@dataclass(frozen=True)
class Recomputed:
    """A network whose SPADE modulation is computed anew at every call."""

    network: Any

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return one_hot.contiguous(), view, phase

    def __call__(self, x: Tensor, c_noise: Tensor, condition: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        return self.network(x, c_noise, self.network.prepare(*condition))


@dataclass(frozen=True)
class Plain:
    """A network whose tensors stay in the plain contiguous layout; its weights must be."""

    network: Any

    def prepare(self, *condition: Tensor) -> Any:
        with PlainLayout():
            return self.network.prepare(*condition)

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor:
        with PlainLayout():
            return self.network(x, c_noise, modulation)


def recomputed(generator: SampledGenerator) -> SampledGenerator:
    """The same with its SPADE modulation computed at every call."""
    return _with_network(generator, Recomputed(_network(generator)))


def as_published(generator: SampledGenerator) -> SampledGenerator:
    """The papers' formulation: modulation at every call, everything plain contiguous float32. Copies the weights."""
    codec = generator.codec
    if isinstance(codec, LatentCodec):
        codec = dataclasses.replace(codec, vae=_contiguous(codec.vae))
    plain = Plain(Recomputed(_contiguous(_network(generator))))
    return dataclasses.replace(_with_network(generator, plain), codec=codec)


FORMULATIONS: dict[str, Callable[[SampledGenerator], SampledGenerator]] = {
    "prepared": lambda generator: generator,
    "recomputed": recomputed,
    "papers": as_published,
}


def _network(generator: SampledGenerator) -> nn.Module:
    assert isinstance(generator.denoiser, Preconditioned)
    network = generator.denoiser.network
    assert isinstance(network, nn.Module)
    return network


def _with_network(generator: SampledGenerator, network: Any) -> SampledGenerator:
    assert isinstance(generator.denoiser, Preconditioned)
    return dataclasses.replace(generator, denoiser=dataclasses.replace(generator.denoiser, network=network))


def _contiguous(module: Any) -> Any:
    return copy.deepcopy(module).to(memory_format=torch.contiguous_format)
