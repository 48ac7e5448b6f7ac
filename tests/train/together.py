"""Trains what a folder asks for in the processes that torchrun started: `torchrun ... -m tests.train.together FOLDER`.

FOLDER/orders.json is a list of {recipe, out, pieces, resume, stop_at}; FOLDER/told.json then says what each run told.
"""

import json
import sys
from pathlib import Path

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.train.loop import Report, train
from echo_studio.train.recipe import Recipe
from echo_studio.train.registry import task_for
from echo_studio.train.team import Team, join
from echo_studio.types import Json


class Stop(Exception):
    pass


def run(order: Json, data: CamusFolder, folder: Path, team: Team) -> Json:
    """The losses of every step, what was said, and what the card says; nothing of a run that is broken off."""
    losses: list[dict[str, float]] = []
    said: list[str] = []

    def on_step(report: Report) -> None:
        losses.append(report.figures)
        if report.images == order.get("stop_at"):
            raise Stop

    recipe = Recipe.model_validate(order["recipe"])
    task = task_for(recipe, data, folder, device=str(team.device))
    settings = {"resume": order.get("resume", False), "pieces": order.get("pieces", 1)}
    try:
        card = train(recipe, task, folder / order["out"], on_step=on_step, team=team, tell=said.append, **settings)
    except Stop:
        return {}
    about = {"machine": card.machine, "scores": card.scores, "seen": card.images_seen, "sha256": card.sha256}
    return {"losses": losses, "said": said, **about}


def main() -> None:
    folder = Path(sys.argv[1])
    orders, team = json.loads((folder / "orders.json").read_text()), join("cpu")
    told = [run(order, CamusFolder(Path(order["data"])), folder, team) for order in orders]
    if team.is_main_process:
        (folder / "told.json").write_text(json.dumps(told))
    team.leave()


if __name__ == "__main__":
    main()
