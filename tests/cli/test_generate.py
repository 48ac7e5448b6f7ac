import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.geometry import with_sector
from echo_studio.cli import main
from echo_studio.cli.generate import record_path
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import write_label_map


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny untrained generator."""
    import torch

    from echo_studio.generate.build import build_network
    from echo_studio.generate.checkpoint import Card, write_checkpoint

    torch.manual_seed(0)
    network = {"widths": [32, 32], "blocks": 1, "attention_levels": [], "mask_channels": 4}
    card = Card(
        name="tiny",
        kind="edm",
        title="Tiny",
        description="untrained",
        paper="",
        network=network,
        settings={"sigma_data": 0.5, "background": -1.0},
        resolution=32,
        makes="frame",
        advised_nfe=4,
        advised_solver="euler",
        licence="Apache-2.0",
    )
    folder = tmp_path_factory.mktemp("checkpoints")
    write_checkpoint(folder / "tiny", card, build_network("edm", network))
    return folder


@pytest.fixture
def run(tmp_path: Path, checkpoints: Path, echo_frame: Callable) -> Callable[..., int]:
    """Runs `echo-studio generate` on a label map of 96 x 80 with the tiny generator."""
    image, ids = echo_frame()
    write_label_map(tmp_path / "map.png", LabelMap(with_sector(ids, image > 0), (0.4, 0.3)))

    def generate(*more: str, out: str = "frame.png") -> int:
        fixed = ["--label-map", str(tmp_path / "map.png"), "--view", "4CH", "--generator", "tiny", "--nfe", "2"]
        return main(["generate", *fixed, "--out", str(tmp_path / out), "--checkpoints", str(checkpoints), *more])

    return generate


@pytest.mark.parametrize("out", ["frame.png", "frame.nii.gz"])
def test_a_frame_and_its_record_are_written(
    out: str, run: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run("--seed", "5", "--json", out=out) == 0
    (made,) = json.loads(capsys.readouterr().out)["frames"]
    image, spacing = read_gray(tmp_path / out)
    assert image.shape == (96, 80)
    assert spacing == (0.4, 0.3)
    record = json.loads((tmp_path / "frame.json").read_text())
    assert record == made["record"]
    assert (record["seed"], record["nfe"], record["generator"]) == (5, 2, "tiny")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["map.png", out, "frame.json"])


def test_repeat_counts_the_seed_up_and_each_frame_is_what_it_would_be_alone(run: Callable, tmp_path: Path) -> None:
    assert run("--seed", "7", "--repeat", "3") == 0
    assert run("--seed", "8", out="alone.png") == 0
    images = [read_gray(tmp_path / f"frame-seed{seed:04d}.png")[0] for seed in (7, 8, 9)]
    assert np.array_equal(images[1], read_gray(tmp_path / "alone.png")[0])
    assert not np.array_equal(images[0], images[1])
    records = [json.loads((tmp_path / f"frame-seed{seed:04d}.json").read_text()) for seed in (7, 8, 9)]
    assert [record["seed"] for record in records] == [7, 8, 9]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--generator", "none"], "choose one of: tiny"),
        (["--solver", "none"], "heun"),
        (["--nfe", "0"], "1 to 1000"),
        (["--nfe", "1001"], "1 to 1000"),
        (["--seed", "-1"], "seed"),
        (["--seed", str(2**63)], "seed"),
        (["--seed", str(2**63 - 1), "--repeat", "2"], "seed"),
    ],
)
def test_what_cannot_be_generated_is_refused_and_nothing_written(
    more: list[str], says: str, run: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run(*more) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_altered_weights_are_refused(run: Callable, checkpoints: Path, capsys: pytest.CaptureFixture) -> None:
    weights = checkpoints / "tiny" / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        assert run() == 2
        assert "sha256" in capsys.readouterr().err
    finally:
        weights.write_bytes(content)


def test_a_frame_whose_record_cannot_be_written_is_taken_back(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from echo_studio.errors import OutputError

    def full(path: Path, obj: object) -> None:
        raise OutputError(expected="space", got="none", remedy="make some")

    monkeypatch.setattr("echo_studio.data.formats.media.write_json", full)
    assert run() == 2
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_what_is_not_asked_for_is_what_the_card_advises(
    tmp_path: Path, checkpoints: Path, run: Callable[..., int]
) -> None:
    assert run() == 0  # writes the label map
    asked = ["--label-map", str(tmp_path / "map.png"), "--view", "4CH", "--generator", "tiny"]
    assert main(["generate", *asked, "--out", str(tmp_path / "b.png"), "--checkpoints", str(checkpoints)]) == 0
    record = json.loads((tmp_path / "b.json").read_text())
    assert (record["solver"], record["nfe"]) == ("euler", 4)


def test_models_lists_name_resolution_nfe_licence_and_hash(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "--checkpoints", str(checkpoints), "--json"]) == 0
    (card,) = json.loads(capsys.readouterr().out)["generators"]
    assert (card["name"], card["resolution"], card["advised_nfe"], card["licence"]) == ("tiny", 32, 4, "Apache-2.0")
    assert len(card["sha256"]) == 64
    assert main(["models", "--checkpoints", str(checkpoints)]) == 0
    table = capsys.readouterr().out
    assert all(cell in table for cell in ("tiny", "32²", "4", "Apache-2.0", card["sha256"][:12]))


@pytest.mark.parametrize(
    ("frame", "record"),
    [("a.png", "a.json"), ("a.nii.gz", "a.json"), ("a.b.nii", "a.b.json"), ("A.NII.GZ", "A.json")],
)
def test_the_record_lies_beside_its_frame(frame: str, record: str) -> None:
    assert record_path(Path("folder") / frame) == Path("folder") / record


def test_the_spread_shows_mean_and_deviation_of_all_seeds(
    run: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--repeat", "3", "--spread", str(tmp_path / "spread.png"), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    frames = np.stack([read_gray(Path(one["frame"]))[0] for one in found["frames"]]).astype(np.float32)
    spread, _ = read_gray(tmp_path / "spread.png")
    width = frames.shape[2]
    assert np.abs(spread[:, :width] - frames.mean(0)).max() <= 0.5
    assert np.abs(spread[:, width:] - np.clip(4 * frames.std(0), 0, 255)).max() <= 0.5
    assert found["deviation"] > 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            ("--spread", "spread.png"),
            "expected --repeat 2 or more and --spread FILE.png, got --repeat 1 and spread.png",
        ),
        (("--repeat", "2", "--spread", "spread.jpg"), "got --repeat 2 and spread.jpg"),
        (("--look", "map.png"), "expected a generator whose grain can be chosen, got tiny"),
        (("--look", "nowhere.png"), "nowhere.png"),
    ],
)
def test_a_spread_of_one_and_a_look_that_cannot_be_had_are_refused(
    more: tuple[str, ...],
    message: str,
    run: Callable,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*more) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "frame.png").exists()
