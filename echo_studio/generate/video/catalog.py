"""Which generators of clips there are: checkpoints that make videos, methods on top of an unconditional one, and every
generator of frames, which makes a beat frame by frame from noise that moves with the heart."""

from collections.abc import Mapping
from pathlib import Path

import torch

from echo_studio.errors import UnknownNameError
from echo_studio.generate.build import denoiser_of
from echo_studio.generate.catalog import Catalog, Checkpoint, catalog
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.video.beat import BeatGenerator
from echo_studio.generate.video.generator import ClipGenerator, VideoEntry, VideoGenerator
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
    "free-echo-still": (
        "Free-Echo as published",
        "004: the label map at end diastole in real grey levels by Sinkhorn's transport, the same in every frame; "
        "noised, then denoised by an unguided prior, which alone gives motion. It has no EF to ask for.",
        "still",
        15,
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


BEAT, DRAFT = "beat-", "draft-"


def video_generators(folder: Path | None = None) -> dict[str, VideoEntry]:
    """The generators of clips by name: those that make frame by frame first, drafts before all; then others that see
    label maps. Raises as `Catalog.checkpoints` does."""
    entries = _beats(catalog(folder))
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
            licence=card.licence,
            size=card.resolution,
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
                        licence=card.licence,
                        size=card.resolution,
                    ),
                )
    return dict(sorted(entries.items(), key=_place))


def default_video_generator(folder: Path | None = None) -> str:
    """The name of the generator that is used where nobody chose. Raises as `video_generators` does, and

    UnknownNameError: there is none.
    """
    entries = video_generators(folder)
    if not entries:
        raise UnknownNameError("video generator", "", entries)
    return next(iter(entries))


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
    if entry.frame_by_frame:
        refiner = place.load(entry.refines_with, device) if entry.refines_with else None
        return BeatGenerator(entry, torch.device(device), place.load(entry.checkpoint, device), refiner)
    found: Checkpoint = place.generators("video")[entry.checkpoint]
    card, network, codec = place.parts(found.folder, device)
    return ClipGenerator(entry, torch.device(device), card, denoiser_of(card, network), codec)


def _place(item: tuple[str, VideoEntry]) -> tuple[bool, bool, bool, bool, str]:
    name, entry = item
    return not entry.frame_by_frame, not entry.refines_with, not entry.conditional, not entry.starts, name


def _beats(place: Catalog) -> dict[str, VideoEntry]:
    """A generator of clips for every generator of frames. A distilled one and its teacher share one, the teacher
    for an NFE above 1: `beat-l64` of `draft-l64` and `edm-l64`."""
    cards = {name: found.card for name, found in place.generators().items() if found.card}
    pairs = {name: imitated for name, card in cards.items() if (imitated := _teacher(card, cards))}
    looks = place.with_look()
    entries = {}
    for name, card in cards.items():
        if name in pairs.values():
            continue
        teacher = cards.get(pairs.get(name, ""))
        beat = BEAT + name.removeprefix(DRAFT)
        above = f", {teacher.name} for an NFE above 1" if teacher else ""
        entries[beat] = VideoEntry(
            beat,
            f"Beat {name.removeprefix(DRAFT)}",
            f"Every frame by {name}{above}, at the size of the label map, from noise that moves with the heart.",
            name,
            "",
            True,
            bool((teacher or card).settings.get("label_dropout")),
            card.advised_nfe,
            (teacher or card).advised_solver,
            {**card.weights, **(teacher.weights if teacher else {})},
            advised_guidance=card.advised_guidance,
            licence=card.licence,
            size=card.resolution,
            refines_with=teacher.name if teacher else "",
            refined_nfe=teacher.advised_nfe if teacher else 0,
            frame_by_frame=True,
            has_look=name in looks,
        )
    return entries


def _teacher(card: Card, cards: Mapping[str, Card]) -> str:
    """The generator that a distilled one imitates, or one that was trained on from it; empty where it is not there."""
    for name, sha256 in card.distilled_from.items():
        known = [one for one in cards.values() if one.name != card.name and sha256 in (one.sha256, *one.earlier_legs)]
        if known:  # an import may have given it another name
            return next((one.name for one in known if one.name == name), known[0].name)
    return ""
