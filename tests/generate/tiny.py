"""Untrained checkpoints that are built in milliseconds, for tests of everything around the networks."""

import dataclasses
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import torch
from torch import nn

from echo_studio.evaluate.frames.segmentation import JUDGE, LABELLER, Scorers
from echo_studio.generate.build import build_network
from echo_studio.generate.checkpoint import Card, read_card, write_checkpoint
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.request import VideoRequest

RequestT = TypeVar("RequestT", GenerationRequest, VideoRequest)


def tiny_vae(folder: Path) -> tuple[Card, nn.Module]:
    torch.manual_seed(0)
    shape = {"channels": [4, 8], "blocks": 1}
    network = build_network("gamma-vae", shape)
    settings = {"shift": 0.35, "scale": 2.0}
    card = Card(folder.name, "gamma-vae", "Tiny", "For tests.", "none", shape, settings, 64)
    return write_checkpoint(folder, card, network), network


def tiny_segmenter(folder: Path) -> Card:
    torch.manual_seed(0)
    shape = {"channels": [4, 8, 16], "residual_units": 1}
    card = Card(folder.name, "segmenter", "Tiny", "For tests.", "none", shape, {}, 64)
    return write_checkpoint(folder, card, build_network("segmenter", shape))


def tiny_judge(folder: Path) -> Card:
    torch.manual_seed(0)
    shape = {"filters": [4, 8, 16]}
    card = Card(folder.name, "judge", "Tiny", "For tests.", "none", shape, {}, 64)
    return write_checkpoint(folder, card, build_network("judge", shape))


def tiny_scorers(folder: Path) -> Scorers:
    """An untrained judge and labeller, written into a folder and read from it."""
    tiny_judge(folder / JUDGE)
    tiny_segmenter(folder / LABELLER)
    return Scorers.load(folder)


def tiny_generator(folder: Path, codec: Card) -> Card:
    """A latent generator on `codec`, which lies beside it. Its output is noise, but depends on everything it should."""
    torch.manual_seed(0)
    shape = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}
    network = build_network("edm", shape)
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    card = Card(
        folder.name,
        "edm",
        "Tiny",
        "For tests.",
        "none",
        shape,
        {"sigma_data": 0.5, "background": -0.7},
        64,
        needs={codec.name: codec.sha256},
        makes="frame",
        advised_nfe=4,
        advised_solver="heun",
        licence="none",
    )
    return write_checkpoint(folder, card, network)


def tiny_checkpoints(folder: Path) -> Path:
    """A folder with `tiny`, `tiny-vae`, `segmenter` and `judge`."""
    for place, content in _tiny_files().items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)
    torch.manual_seed(0)
    return folder


@cache
def _tiny_files() -> dict[Path, bytes]:
    """What `tiny_checkpoints` writes: the networks are built once, some hundred tests need them."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        codec, _ = tiny_vae(folder / "tiny-vae")
        tiny_generator(folder / "tiny", codec)
        tiny_scorers(folder)
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


LOOKS = {"grain_mean": 1.7, "coarseness_mean": 0.66, "grain_deviation": 0.14, "coarseness_deviation": 0.07}


def grain_checkpoints(folder: Path, settings: dict[str, float] = LOOKS) -> Path:
    """The tiny checkpoints, a decoder with grain `tiny-grain`, and a generator `grainy` that decodes with it."""
    tiny_checkpoints(folder)
    shape = {"channels": [8, 4], "blocks": 1}
    needs = {"tiny-vae": read_card(folder / "tiny-vae").sha256}
    scaled = {"shift": 0.35, "scale": 2.0, **settings}
    card = Card("tiny-grain", "grain-decoder", "Tiny", "For tests.", "none", shape, scaled, 64, needs=needs)
    network = build_network("grain-decoder", shape)
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.3)
    decoder = write_checkpoint(folder / "tiny-grain", card, network)
    tiny_generator(folder / "grainy", decoder)
    return folder


def tiny_cyclegan(folder: Path) -> Card:
    """A one-call generator, its noise and labels both at work."""
    torch.manual_seed(0)
    shape = {"widths": [8, 16], "blocks": 1, "patch": 2, "fine_channels": 4}
    network = build_network("cyclegan", shape)
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    card = Card(
        folder.name,
        "cyclegan",
        "Tiny",
        "For tests.",
        "none",
        shape,
        {},
        64,
        makes="frame",
        advised_nfe=1,
        advised_solver="euler",
        licence="none",
    )
    return write_checkpoint(folder, card, network)


def tiny_videos(folder: Path) -> Path:
    """A folder with a guided network of clips and a prior, random, on pixels of 32 x 32."""
    shape = {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "time_levels": [1], "mask_channels": 4}
    for name, guide in (("video-spade", "spade"), ("video-prior", "none")):
        torch.manual_seed(0)
        network = build_network("video-edm", {**shape, "guide": guide})
        for parameter in network.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.05)
        card = Card(
            name,
            "video-edm",
            name,
            "For tests.",
            "none",
            {**shape, "guide": guide},
            {"sigma_data": 0.5, "background": -1.0, **({"label_dropout": 0.1} if guide == "spade" else {})},
            32,
            makes="video",
            advised_nfe=4,
            advised_solver="euler",
            intensities=[0.05 + 0.1 * k for k in range(9)] if guide == "none" else [],
        )
        write_checkpoint(folder / name, card, network)
    return folder


def changed(request: RequestT, **changes: object) -> RequestT:
    """A request of frames or of clips with other values, those of its sampling among them."""
    names = {one.name for one in dataclasses.fields(Sampling)} & changes.keys()
    sampling = dataclasses.replace(request.sampling, **{name: changes.pop(name) for name in names})  # type: ignore[arg-type]
    return dataclasses.replace(request, sampling=sampling, **changes)  # type: ignore[arg-type]
