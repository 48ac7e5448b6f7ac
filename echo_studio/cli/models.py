"""`echo-studio models`: the generators that the checkpoints folder holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_json, print_table

CheckpointsOption = Annotated[
    Path | None, typer.Option("--checkpoints", help="Folder of checkpoints; the bundled ones by default.")
]


def models(checkpoints: CheckpointsOption = None, as_json: JsonOption = False) -> None:
    """List the generators and what they need.

    Gives each one's resolution, advised NFE, licence and sha256; --json gives the whole card.

    \b
    Example:
      echo-studio models --json
    """
    from echo_studio.generate.catalog import load_cards

    cards = load_cards(checkpoints)
    if as_json:
        print_json({"generators": [{**asdict(card), "name": name} for name, card in cards.items()]})
        return
    rows = [
        (name, card.title, card.makes, f"{card.resolution}²", str(card.advised_nfe), card.licence, card.sha256[:12])
        for name, card in cards.items()
    ]
    print_table(("Name", "Title", "Makes", "Pixels", "NFE", "Licence", "sha256"), rows)
