"""Generators that were distilled to one call: from noise straight to what their teacher would draw of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from echo_studio.diffusion.distilled import NoiseMap
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.errors import CheckpointError
from echo_studio.generate.build import Codec
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.direct import check_one_call
from echo_studio.generate.generator import Generator, OnEstimate
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampled import condition_of


@dataclass(frozen=True)
class DistilledGenerator(Generator):
    """The seed's noise is the teacher's, so that both draw the same picture. Solver and schedule play no part."""

    noise_map: NoiseMap
    codec: Codec

    def _check(self, request: GenerationRequest) -> None:
        check_one_call(self.card.name, request)

    def _pixels(self, requests: Sequence[GenerationRequest], ids: Tensor, on_estimate: OnEstimate) -> Tensor:
        prepared = self.noise_map.prepare(condition_of(requests, ids, self.codec))
        noise = SampleNoise([request.seed for request in requests], tuple(prepared.inside.shape[1:]))()
        pixels = self.codec.decode(self.noise_map(noise.to(self.device), prepared), (ids > 0).float().unsqueeze(1))
        on_estimate(1, 1, lambda: pixels)
        return pixels


def noise_map_of(card: Card, network: nn.Module) -> NoiseMap:
    """The map of a distilled generator's card around its network.

    Raises:
        CheckpointError: a number that it needs is missing from the card's settings.
    """
    missing = {"scale", "background"} - card.settings.keys()
    if missing:
        raise CheckpointError(
            expected=f"{' and '.join(sorted(missing))} in the settings of {card.name}",
            got=f"{sorted(card.settings)}",
            remedy="restore the checkpoint folder",
        )
    return NoiseMap(network, card.settings["scale"], card.settings["background"])  # type: ignore[arg-type]
