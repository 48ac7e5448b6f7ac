"""`echo-studio models` and `echo-studio import-model`: the generators that there are, and one more."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import CheckpointsOption
from echo_studio.cli.output import JsonOption, print_result, table


def models(checkpoints: CheckpointsOption = None, as_json: JsonOption = False) -> None:
    """List the generators of frames and of videos, bundled ones first, and what they need.

    Gives each one's resolution, advised NFE, licence and sha256; --json gives the whole card.

    \b
    Example:
      echo-studio models --json
    """
    from echo_studio.generate.catalog import catalog
    from echo_studio.generate.video.catalog import video_generators

    places = catalog(checkpoints)
    both = {**places.generators(), **places.generators("video")}
    found = [(name, one, one.card) for name, one in both.items() if one.card]
    videos = video_generators(checkpoints)
    faults = [(one.folder, one.fault) for one in places.checkpoints() if one.fault]
    listed = {
        "generators": [{**asdict(card), "own": one.own} for _, one, card in found],
        "videos": [asdict(entry) for entry in videos.values()],
        "faults": [{"folder": str(folder), "fault": fault} for folder, fault in faults],
    }
    rows = [
        (
            name,
            card.title,
            card.makes,
            "yours" if one.own else "bundled",
            f"{card.resolution}²",
            str(card.advised_nfe),
            card.licence,
            card.sha256[:12],
        )
        for name, one, card in found
    ]
    rows += [
        (
            name,
            entry.title,
            "video",
            f"on {entry.checkpoint}",
            f"{entry.size}²",
            str(entry.advised_nfe),
            entry.licence,
            "",
        )
        for name, entry in videos.items()
        if name != entry.checkpoint
    ]
    heads = ("Name", "Title", "Makes", "From", "Pixels", "NFE", "Licence", "sha256")
    print_result(as_json, listed, table(heads, rows))
    for name, _, card in [] if as_json else found:
        if card.caution:
            typer.echo(f"{name}: {card.caution}")
    for folder, fault in [] if as_json else faults:
        typer.echo(f"{folder} cannot be used: {fault}", err=True)


def import_model(
    folder: Annotated[Path, typer.Argument(help="A folder with card.json and model.safetensors.")],
    name: Annotated[str, typer.Option(help="To import it under; its own name by default.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Copy your own checkpoint to the generators, once its weights were checked and it has made a frame.

    A generator that needs an autoencoder of yours comes after it. The page's Models tab does the same, and removes.

    \b
    Example:
      echo-studio import-model runs/my-edm/checkpoint --name my-edm
    """
    from echo_studio.generate.catalog import catalog
    from echo_studio.generate.importing import import_checkpoint

    places = catalog()
    card = import_checkpoint(places, folder, name)
    place = f"{places.own}/{card.name}"
    print_result(as_json, {"name": card.name, "folder": place}, f"Imported {card.name} into {place}")
