"""Which generators of clips there are: checkpoints that make videos, and methods on top of an unconditional one."""

from pathlib import Path

import torch

from echo_studio.errors import UnknownNameError
from echo_studio.generate.build import denoiser_of
from echo_studio.generate.catalog import Checkpoint, catalog
from echo_studio.generate.video.generator import VideoEntry, VideoGenerator
from echo_studio.generate.video.pseudo_video import Pseudo

# Name: title, description, what it starts from, advised start step of 64 and NFE.
METHODS: dict[str, tuple[str, str, Pseudo, int, int]] = {
    "free-echo": (
        "Free-Echo",
        "004: the label cycle in real grey levels by optimal transport, noised, then denoised by an unguided prior.",
        "transported",
        50,
        32,
    ),
    "sdedit": (
        "SDEdit",
        "Baseline of 004 (Meng et al. 2022): the label cycle in one grey level a label, noised, then denoised.",
        "coloured",
        50,
        32,
    ),
}


def video_generators(folder: Path | None = None) -> dict[str, VideoEntry]:
    """The generators of clips by name, those that see label maps first. Raises as `Catalog.checkpoints` does."""
    entries = {}
    for name, found in catalog(folder).generators("video").items():
        card = found.card
        assert card is not None
        conditional = card.network.get("guide", "spade") != "none"
        entries[name] = VideoEntry(
            name,
            card.title,
            card.description,
            name,
            "",
            conditional,
            bool(card.settings.get("label_dropout")),
            card.advised_nfe,
            card.advised_solver,
            card.weights,
            advised_guidance=card.advised_guidance,
        )
        if card.intensities and not conditional:
            for method, (title, description, pseudo, step, nfe) in METHODS.items():
                entries.setdefault(
                    method,
                    VideoEntry(
                        method,
                        title,
                        description,
                        name,
                        pseudo,
                        False,
                        False,
                        nfe,
                        card.advised_solver,
                        card.weights,
                        step,
                    ),
                )
    return dict(sorted(entries.items(), key=lambda item: (not item[1].conditional, not item[1].starts, item[0])))


def load_video_generator(name: str, folder: Path | None = None, device: str = "cpu") -> VideoGenerator:
    """A generator of clips, ready to use on torch's `device`.

    Raises:
        UnknownNameError: no such generator; lists the choices.
        CheckpointError: weights that are missing, altered or do not fit.
    """
    entries = video_generators(folder)
    if name not in entries:
        raise UnknownNameError("video generator", name, entries)
    entry, place = entries[name], catalog(folder)
    found: Checkpoint = place.generators("video")[entry.checkpoint]
    card, network, codec = place.parts(found.folder, device)
    return VideoGenerator(entry, card, torch.device(device), denoiser_of(card, network), codec)
