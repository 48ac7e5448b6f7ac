"""Trains what a folder asks for in the processes that torchrun started: `torchrun ... -m tests.train.together FOLDER`.

FOLDER/requests.json is a list of {out, recipe, steps, resume, stop_at}, all of the toy task; FOLDER/outcomes.json then
has what each run gave. `steps` are those of gradient accumulation. Further arguments are those of `python -m
echo_studio.cli`, which is run last in the same processes, since they take seconds to start.
"""

import json
import runpy
import sys
from pathlib import Path

from echo_studio.train.loop import Report, train
from echo_studio.train.recipe import Recipe
from echo_studio.train.team import SingleProcess, join
from echo_studio.types import Json
from tests.train.toy import ToyTask


class Stop(Exception):
    pass


def run(request: Json, folder: Path, team: SingleProcess) -> Json:
    """The losses of every step, what was said, and what the card says; nothing of a run that is broken off."""
    losses: list[dict[str, float]] = []
    said: list[str] = []

    def on_step(report: Report) -> None:
        losses.append(report.figures)
        if report.images == request.get("stop_at"):
            raise Stop

    recipe = Recipe.model_validate(request["recipe"])
    settings = {"resume": request.get("resume", False), "gradient_accumulation_steps": request.get("steps", 1)}
    out = folder / request["out"]
    try:
        card = train(recipe, ToyTask(recipe), out, on_step=on_step, team=team, tell=said.append, **settings)
    except Stop:
        return {}
    about = {"machine": card.machine, "scores": card.scores, "seen": card.images_seen, "sha256": card.sha256}
    return {"losses": losses, "said": said, **about}


def main() -> None:
    folder = Path(sys.argv[1])
    requests, team = json.loads((folder / "requests.json").read_text()), join("cpu")
    outcomes = [run(request, folder, team) for request in requests]
    if team.is_main_process:
        (folder / "outcomes.json").write_text(json.dumps(outcomes))
    sys.argv = ["echo_studio.cli", *sys.argv[2:]]
    runpy.run_module("echo_studio.cli", run_name="__main__", alter_sys=True)  # its team leaves


if __name__ == "__main__":
    main()
