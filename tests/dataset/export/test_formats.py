"""Every format gives back what went in, keeps label maps apart, and is written whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echo_studio.anatomy.labels import SECTOR
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.export.formats import FORMATS, export_set, read_set
from echo_studio.dataset.sample import SetSample
from echo_studio.dataset.split import Fractions
from echo_studio.errors import DataError, EchoStudioError, OutputError, RequestError, UnknownNameError
from tests.dataset.sets import LICENCE, echo_samples, random_samples, same, write_set

EXACT = ("png", "nnunet", "huggingface", "webdataset")  # and DICOM, which is slow
NEEDS = {"huggingface": "pyarrow", "dicom": "highdicom"}


def ready(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 7), clips=st.booleans())
def test_a_set_comes_back_from_every_format_as_it_went_in(
    name: str, seed: int, count: int, clips: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ready(name)
    versions = 5 + 2 * (seed % 2)
    samples = random_samples(seed, count, bases=3, clips=clips and FORMATS[name].holds != "frames", labels=versions)
    goes_and_comes_back(name, samples, seed, tmp_path_factory.mktemp("set"))


@pytest.mark.parametrize("clips", [False, True])
def test_a_set_comes_back_from_dicom_as_it_went_in(clips: bool, tmp_path: Path) -> None:
    ready("dicom")
    samples = random_samples(3, 3, bases=3, clips=clips)
    samples[0].ids[:] = 0  # no structure at all
    goes_and_comes_back("dicom", samples, 0, tmp_path)


def goes_and_comes_back(name: str, samples: list[SetSample], seed: int, folder: Path) -> None:
    out = folder / "Dataset501_Echo"
    card = export_set(write_set(folder / "in", samples), name, out, Fractions(0.2, 0.2), seed)
    back = sorted((listed.load() for listed in read_set(out)), key=lambda sample: sample.id)
    assert len(back) == len(samples)
    assert all(same(one, other) for one, other in zip(samples, back, strict=True))
    lines = [json.loads(line) for line in (out / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    for line, sample in zip(lines, samples, strict=True):
        assert {key: value for key, value in line.items() if key != "split"} == sample.to_json()
    splits: dict[str, set[str]] = {}
    for line in lines:
        splits.setdefault(line["base"], set()).add(line["split"])
    assert all(len(places) == 1 for places in splits.values())
    assert {name: part["samples"] for name, part in card["splits"].items()} == {
        name: sum(line["split"] == name for line in lines) for name in ("training", "validation", "testing")
    }


def test_camus_keeps_images_and_structures_and_finds_the_sector_again(tmp_path: Path) -> None:
    samples = echo_samples()
    export_set(write_set(tmp_path / "in", samples), "camus", tmp_path / "out", Fractions(0.2, 0.2))
    back = [listed.load() for listed in read_set(tmp_path / "out")]
    for one, other in zip(samples, back, strict=True):
        assert one.to_json() == other.to_json()
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(np.where(one.ids == SECTOR, 0, one.ids), np.where(other.ids == SECTOR, 0, other.ids))
        assert np.mean(one.ids != other.ids) < 0.02


def test_a_set_of_both_kinds_goes_where_both_have_a_place(tmp_path: Path) -> None:
    both = [*random_samples(1, 3), *random_samples(2, 3, clips=True)]
    source = write_set(tmp_path / "in", both)
    card = export_set(source, "webdataset", tmp_path / "out", Fractions())
    assert (card["frames"], card["clips"]) == (3, 3)
    assert len(list(read_set(tmp_path / "out"))) == 6
    with pytest.raises(RequestError, match="choose one of: png, webdataset, dicom"):
        export_set(source, "huggingface", tmp_path / "hf", Fractions())


@pytest.mark.parametrize(("name", "clips"), [("mp4", False), ("gif", False), ("camus", True), ("nnunet", True)])
def test_what_a_format_has_no_place_for_is_refused_and_another_named(name: str, clips: bool, tmp_path: Path) -> None:
    source = write_set(tmp_path / "in", random_samples(0, 4, clips=clips))
    with pytest.raises(RequestError, match=r"choose one of: png, .*webdataset, dicom"):
        export_set(source, name, tmp_path / "Dataset501_Echo", Fractions())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_write_that_fails_leaves_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(name)
    source = write_set(tmp_path / "in", random_samples(0, 4, clips=FORMATS[name].holds == "clips", shape=(32, 32)))
    with monkeypatch.context() as patched:

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patched.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left on device"):
            export_set(source, name, tmp_path / "Dataset501_Echo", Fractions())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    export_set(source, name, tmp_path / "Dataset501_Echo", Fractions())
    with pytest.raises(OutputError, match="a new or empty folder"):
        export_set(source, name, tmp_path / "Dataset501_Echo", Fractions())


def test_a_damaged_sample_stops_the_export_and_leaves_nothing(tmp_path: Path) -> None:
    source = write_set(tmp_path / "in", random_samples(0, 4))
    broken = source / "s003_frame" / "labels.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(EchoStudioError, match=r"labels\.png"):
        export_set(source, "png", tmp_path / "out", Fractions())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_edited_real_frame_is_never_counted_as_synthetic(tmp_path: Path) -> None:
    samples = random_samples(0, 3)
    samples[1].record["kind"] = "edited real frame"
    source = write_set(tmp_path / "in", samples)
    with pytest.raises(DataError, match="1 edited real frames, which are personal data: s001"):
        export_set(source, "png", tmp_path / "out", Fractions())
    assert not (tmp_path / "out").exists()
    card = export_set(source, "png", tmp_path / "out", Fractions(), include_real=True)
    assert card["edited_real_frames"] == 1
    words = (tmp_path / "out" / "README.md").read_text()
    assert "personal data: 1 of 3 samples" in words
    assert "No patient was imaged" not in words


@pytest.mark.parametrize("name", ["png", "camus", "nnunet", "webdataset", "huggingface"])
def test_the_same_set_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    ready(name)
    source = write_set(tmp_path / "in", random_samples(5, 4))
    contents = []
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        out = tmp_path / place / "Dataset501_Echo"
        export_set(source, name, out, Fractions())
        contents.append({path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()})
    assert contents[0] == contents[1]


def test_what_is_no_set_is_refused_in_one_line(tmp_path: Path, camus_folder) -> None:
    (tmp_path / "empty").mkdir()
    for folder, says in (("empty", "none of them"), ("nowhere", "no such folder")):
        with pytest.raises(DataError, match=says):
            export_set(tmp_path / folder, "png", tmp_path / "out", Fractions())
    # Real frames are not marked as synthetic: no export says of a patient that nobody was imaged.
    with pytest.raises(DataError, match="that Echo Studio made"):
        export_set(camus_folder(), "png", tmp_path / "out", Fractions())
    source = write_set(tmp_path / "in", random_samples(0, 4, bases=2))
    with pytest.raises(DataError, match="at least 3"):
        export_set(source, "png", tmp_path / "out", Fractions())
    with pytest.raises(UnknownNameError, match="camus, dicom, gif, huggingface"):
        export_set(source, "zip", tmp_path / "out", Fractions())
    with pytest.raises(OutputError, match="Dataset501_Echo"):
        export_set(source, "nnunet", tmp_path / "out", Fractions(0, 0))


def test_the_card_says_what_how_from_what_under_which_licence_and_how_good(tmp_path: Path) -> None:
    samples = random_samples(0, 6)
    record = {**samples[1].record, "checkpoints": {"edm-l64": "ab" * 32}}
    header = {key: value for key, value in vars(samples[1]).items() if key != "record"}
    samples[1] = type(samples[1])(**header, record=record)
    out = tmp_path / "out"
    card = export_set(write_set(tmp_path / "in", samples), "png", out, Fractions(), scores={"utility": {"la": 0.81}})
    assert card == json.loads((out / "card.json").read_text(encoding="utf-8"))
    assert card["notice"] == NOTICE
    assert card["licences"] == {LICENCE: 6}
    assert card["generators"] == {"edm-l64, ipndm, 10 NFE": 5, "not recorded": 1}
    assert card["weights"] == {"edm-l64": "ab" * 32}
    text = (out / "README.md").read_text(encoding="utf-8")
    for part in ("not for diagnosis", LICENCE, "ab" * 32, "0.81", "edm-l64, ipndm, 10 NFE", "| training |"):
        assert part in text
