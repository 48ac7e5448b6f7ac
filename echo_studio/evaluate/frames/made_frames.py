"""Frames made from the label maps of real ones: what every measure of a generator starts from."""

from collections.abc import Iterator, Sequence

from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import advised_sampling
from echo_studio.types import GrayImage

BATCH = 8

MadeBatch = tuple[int, Sequence[CamusFrame], list[GrayImage]]


def made_from(
    generator: Generator,
    frames: Sequence[CamusFrame],
    solver: str,
    nfe: int,
    seed: int,
    *,
    own_size: bool = False,
) -> Iterator[MadeBatch]:
    """Batch by batch: where it starts, the real frames, and a frame made from the label map of each.

    Args:
        frames: real ones; frame k is made with seed + k.
        own_size: give frames as the generator makes them, not resized to their label maps, which smooths them a little.
    """
    side = generator.card.resolution
    sampling = advised_sampling(generator.card, solver=solver, nfe=nfe, guidance=0)
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        requests = [
            GenerationRequest(
                frame.label_map.resized(side, side) if own_size else frame.label_map,
                sampling,
                frame.frame_id.view,
                frame.frame_id.phase,
                seed + start + k,
            )
            for k, frame in enumerate(batch)
        ]
        yield start, batch, [result.image for result in generator.generate_batch(requests)]
