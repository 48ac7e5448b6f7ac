"""Cards are scored again by the judge: line by line, and the labeller's figures stay beside."""

from collections.abc import Callable
from pathlib import Path

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.generate.checkpoint import read_card, write_card
from tests.generate.tiny import tiny_checkpoints
from training.bundle import rescore


def test_every_line_of_a_card_is_measured_again(camus_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = camus_folder(patients=2)
    (root / "database_split").mkdir()
    for split, patient in (("training", "patient0001"), ("validation", "patient0002")):
        (root / "database_split" / f"subgroup_{split}.txt").write_text(f"{patient}\n")
    places = tiny_checkpoints(tmp_path / "checkpoints")
    card = read_card(places / "tiny")
    old = {"lv_endo": 0.9, "lv_epi": 0.9, "la": 0.9, "frechet": 5.0, "frechet_real": 9.0}
    lines = [{"solver": "ipndm", "nfe": 1, "n": 3, **old}, {"solver": "heun", "nfe": 4, "n": 4, **old}]
    card.scores.update({"validation": {"edm_loss": 0.1}, "by_nfe": lines})
    write_card(places / "tiny", card)
    rescore("tiny", CamusFolder(root), places, 0)
    scores = read_card(places / "tiny").scores
    assert [(one["solver"], one["nfe"], one["n"]) for one in scores["by_nfe"]] == [("heun", 4, 4), ("ipndm", 1, 3)]
    assert all(one["labeller"].keys() == old.keys() for one in scores["by_nfe"])
    advised = scores["validation"]["adherence_nfe_4_heun"]
    assert advised["lv_endo"] == scores["by_nfe"][0]["lv_endo"]
    assert advised["labeller"].keys() == {"lv_endo", "lv_epi", "la"}
    assert scores["validation"]["edm_loss"] == 0.1
