"""Sets made for the page are, byte for byte, those of the command line, and are made in processes that give way."""

import json
import os
from pathlib import Path

import pytest

from echo_studio.dataset.build import synthesise as synthesise_module
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.build.synthesise import synthesise
from echo_studio.dataset.sources.base_maps import base_maps
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.studio.engine.set_maker import SetMaker
from tests.dataset.hearts import sample_files
from tests.generate.tiny import tiny_checkpoints


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


def test_what_the_page_makes_is_what_one_worker_makes(tmp_path: Path, checkpoints: Path) -> None:
    maker = SetMaker(checkpoints, "cpu")
    request = maker.request(
        base_maps(None, "4CH")[:1], ["tiny"], "heun", [2], {"rotation_deg": [3]}, variations=2, seed=5
    )
    made: list[int] = []
    folder = SetFolder(tmp_path / "page")
    with folder.begin(request):
        pass
    maker.check(folder)
    with folder.held():
        maker.make(folder, 1, made.append, lambda: False)
    assert sum(made) == 2
    alone = SetFolder(tmp_path / "alone")
    with alone.begin(request):
        synthesise(alone, 1, checkpoints)
    assert sample_files(folder.root) == sample_files(alone.root)
    with pytest.raises(UnknownNameError, match="generator"):
        maker.request(base_maps(None, "4CH")[:1], ["nothing"], "heun", [2], {})


def test_a_set_of_another_version_is_not_gone_on_with(tmp_path: Path, checkpoints: Path) -> None:
    maker = SetMaker(checkpoints, "cpu")
    request = maker.request(base_maps(None, "4CH")[:1], ["tiny"], "heun", [2], {}, variations=0)
    folder = SetFolder(tmp_path / "set")
    with folder.begin(request):
        pass
    manifest = folder.root / "manifest.jsonl"
    header, *items = manifest.read_text().splitlines()
    changed = {**json.loads(header), "versions": {"torch": "1"}}
    manifest.write_text("\n".join([json.dumps(changed), *items]) + "\n")
    with pytest.raises(DataError, match="begun with versions"):
        maker.check(SetFolder(folder.root))


def test_its_workers_let_all_others_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append, raising=False)
    monkeypatch.setattr(synthesise_module, "_start", lambda: None)  # it would change this process for good
    synthesise_module.start_in_background()
    assert asked == [19]


def test_a_prior_that_sees_no_labels_is_not_offered() -> None:
    names = [one["name"] for one in SetMaker(None, "cpu").clips()]
    assert {"free-echo", "video-spade"} <= set(names)
    assert "video-prior" not in names
