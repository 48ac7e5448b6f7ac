"""What a curator decided goes along with an export, and what was rejected stays behind."""

import json
from pathlib import Path

import pytest

from echo_studio.cli import main
from echo_studio.dataset.curation.store import Curation
from echo_studio.dataset.export.formats import export_set, read_set
from echo_studio.dataset.split import Fractions
from echo_studio.errors import DataError, RequestError
from tests.dataset.sets import random_samples, same, write_set

WHOLE = Fractions(0, 0)


def test_only_kept_samples_go_out_with_tags_and_reviewer(tmp_path: Path) -> None:
    samples = random_samples(2)
    source = write_set(tmp_path / "set", samples)
    curation = Curation(source)
    curation.sync()
    curation.decide([0, 1, 4], "keep", "", "Ada")
    curation.decide([2], "reject", "no atrium", "Ada")
    curation.tag([1, 4], "teaching", reviewer="Ada")
    curation.close()
    card = export_set(source, "png", tmp_path / "kept", WHOLE, only="kept")
    assert card["frames"] == 3
    headers = {one.header.id: one.header for one in read_set(tmp_path / "kept")}
    assert list(headers) == [samples[k].id for k in (0, 1, 4)]
    assert "teaching" in headers[samples[1].id].tags
    decided = headers[samples[0].id].record["curation"]
    assert (decided["verdict"], decided["reviewer"]) == ("keep", "Ada")
    export_set(source, "webdataset", tmp_path / "most", WHOLE, only="not-rejected")
    most = {one.header.id: one.load() for one in read_set(tmp_path / "most")}
    assert samples[2].id not in most
    assert len(most) == len(samples) - 1
    assert same(most[samples[3].id], samples[3]), "nobody decided about it: nothing is added"
    assert (most[samples[4].id].image == samples[4].image).all()


def test_an_uncurated_set_goes_out_as_it_is_and_has_nothing_kept(tmp_path: Path) -> None:
    samples = random_samples(3, count=3)
    source = write_set(tmp_path / "set", samples)
    with pytest.raises(DataError, match="nobody has curated"):
        export_set(source, "png", tmp_path / "out", WHOLE, only="kept")
    with pytest.raises(RequestError, match="--only all or kept"):
        export_set(source, "png", tmp_path / "out", WHOLE, only="best")
    assert not (tmp_path / "out").exists()
    export_set(source, "png", tmp_path / "out", WHOLE)
    assert all(same(one.load(), sample) for one, sample in zip(read_set(tmp_path / "out"), samples, strict=True))


def test_the_command_exports_what_was_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_set(tmp_path / "set", random_samples(4))
    curation = Curation(source)
    curation.sync()
    curation.decide([5], "keep")
    about = [str(source), "--format", "png", "--validation", "0", "--testing", "0"]
    assert main(["export", *about, "--out", str(tmp_path / "out"), "--only", "kept", "--json"]) == 0
    curation.close()
    assert json.loads(capsys.readouterr().out)["card"]["frames"] == 1, "while the page has the set open"
