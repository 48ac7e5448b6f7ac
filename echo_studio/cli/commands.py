"""The commands by name. A new one is a function (or a group of functions) in its own module and a line here.

These modules import nothing heavy at the top: `--help` loads them all.
"""

from collections.abc import Callable

import typer

from echo_studio.cli.app import app
from echo_studio.cli.check_data import check_data
from echo_studio.cli.compare import compare
from echo_studio.cli.edit import edit
from echo_studio.cli.evaluate import evaluate
from echo_studio.cli.export import export
from echo_studio.cli.generate import generate
from echo_studio.cli.measure import measure
from echo_studio.cli.models import import_model, models
from echo_studio.cli.synthesise import synthesise
from echo_studio.cli.train import train
from echo_studio.cli.user import user
from echo_studio.cli.video import video

COMMANDS: dict[str, Callable[..., None]] = {
    "app": app,
    "models": models,
    "import-model": import_model,
    "generate": generate,
    "compare": compare,
    "video": video,
    "edit": edit,
    "measure": measure,
    "check-data": check_data,
    "synthesise": synthesise,
    "export": export,
    "train": train,
}

GROUPS: dict[str, typer.Typer] = {"evaluate": evaluate, "user": user}
