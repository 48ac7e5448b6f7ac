"""A manifest fixes every sample, and every sample hangs on what it is made of alone."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import DEFECTS, apply_defect
from echo_studio.anatomy.shape.variation import PAPER
from echo_studio.data.deform import DEFORMATION, random_variation
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.template import template
from echo_studio.dataset.build.batch import deformed_map
from echo_studio.dataset.build.manifest import ClipSampling, Item, SetRequest, SetSampling, sample_defect
from echo_studio.dataset.build.request import ranges_of
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.sources.base_maps import base_maps
from echo_studio.errors import DataError, EchoStudioError, RequestError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from tests.dataset.hearts import map_folder

ONE = SetSampling(Sampling("one", "heun", 5, weights={"one": "aa"}), "none")
TWO = SetSampling(Sampling("two", "heun", 5, weights={"two": "bb"}), "none")


def order(**more: object) -> SetRequest:
    about = {"maps": base_maps(None, "4CH"), "samplings": (ONE,), "variations": 3, "seed": 5, **more}
    return SetRequest(**about)  # type: ignore[arg-type]


def test_a_sampling_keeps_the_keys_of_older_manifests() -> None:
    assert ONE.to_json() == {
        "generator": "one", "solver": "heun", "nfe": 5, "checkpoints": {"one": "aa"}, "licence": "none"
    }  # fmt: skip
    clips = SetSampling(Sampling("beats", "heun", 5, 1.5), "CC BY", ClipSampling(24, 70.0, 50))
    assert clips.to_json()["clip"] == {"frames": 24, "heart_rate": 70.0, "guidance": 1.5, "start_step": 50}
    guided = SetSampling(Sampling("one", "heun", 5, 2.0, "karras"), "none")
    assert [SetSampling.from_json(one.to_json()) for one in (ONE, clips, guided)] == [ONE, clips, guided]


def test_names_tell_view_and_phase_and_twins_share_what_splits_go_by(tmp_path: Path) -> None:
    folder = map_folder(tmp_path / "maps")
    a, twin = base_maps(folder, "4CH")
    assert (a.name, a.view, a.phase, a.base) == ("a_4CH_ED", "4CH", "ED", "a_4CH_ED")
    assert (twin.name, twin.view, twin.phase, twin.base) == ("twin", "4CH", "ED", "a_4CH_ED")
    assert [one.name for one in base_maps(folder, "2CH", "ES")] == ["b_2CH_ES", "twin"]
    with pytest.raises(DataError, match="--view 2CH or 4CH"):
        base_maps(folder)


def test_label_maps_of_camus_come_with_their_sector_and_share_the_patient(camus_folder: Callable[..., Path]) -> None:
    root = camus_folder(patients=2)
    maps = base_maps(root, "4CH", split="all")
    assert [one.name for one in maps][:2] == ["patient0001_4CH_ED", "patient0001_4CH_ES"]
    assert {one.base for one in maps} == {"patient0001", "patient0002"}
    assert all(one.label_map.shape == (256, 256) and 4 in one.label_map.ids for one in maps)
    with pytest.raises(DataError, match="subgroup_training"):
        base_maps(root, "4CH")


def test_a_map_without_a_sector_or_a_folder_without_maps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="check the path"):
        base_maps(tmp_path / "none", "4CH")
    with pytest.raises(DataError, match="got none"):
        base_maps(tmp_path, "4CH")
    heart = template("4ch-ed")
    write_label_map(tmp_path / "bare.png", dataclasses.replace(heart, ids=np.where(heart.ids == 4, 0, heart.ids)))
    with pytest.raises(DataError, match=r"sector \(label 4\), got none in bare"):
        base_maps(tmp_path, "4CH")


def test_seeds_hang_on_heart_and_number_not_on_the_rest_of_the_order() -> None:
    small, large = list(order().items()), list(order(variations=5, samplings=(ONE, TWO), repeats=2).items())
    assert len(small) == order().count == 3 * len(base_maps(None, "4CH"))

    def drawn(items: list[Item], how: int) -> dict[tuple[int, int], list[tuple[int | None, int]]]:
        found: dict[tuple[int, int], list[tuple[int | None, int]]] = {}
        for item in items:
            if item.how == how:
                found.setdefault((item.map, item.copy), []).append((item.variation, item.seed))
        return found

    assert all(drawn(large, 0)[key][0] == value[0] for key, value in drawn(small, 0).items())
    assert drawn(large, 0) == drawn(large, 1)  # the same hearts, the same noise
    assert len({item.seed for item in large}) == len(large) / 2
    assert len({item.id for item in large}) == len(large)


def test_the_lines_bring_every_sample_back() -> None:
    made = order(defects={"septal": 0.5, "missing-atrium": 0.2})
    header, *lines = made.lines()
    assert json.loads(header) == made.header()
    assert [Item.of(line) for line in lines] == list(made.items())
    assert made.header() != order().header()
    with pytest.raises(DataError, match="begin another set"):
        Item.of('{"id": 1}')


def test_defects_come_as_often_as_asked_and_can_all_be_made() -> None:
    shares = {"septal": 0.25, "missing-atrium": 0.5}
    drawn = [sample_defect(seed, shares) for seed in range(2000)]
    found = Counter(one["name"] if one else "none" for one in drawn)
    for name, share in {**shares, "none": 0.25}.items():
        assert abs(found[name] / 2000 - share) < 0.05
    for name in DEFECTS:
        one = sample_defect(3, {name: 1.0})
        assert one is not None
        apply_defect(template("4ch-ed"), name, one["values"])


def test_maps_as_they_are_are_made_once_each_without_a_deformation() -> None:
    items = list(order(variations=0).items())
    assert len(items) == len(base_maps(None, "4CH"))
    assert all(item.variation is None for item in items)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"variations": -1}, "variations a map from 0"),
        ({"repeats": 0}, "seeds a map from 1"),
        ({"batch": 0}, "samples a batch"),
        ({"seed": -1}, "a seed from 0"),
        ({"defects": {"septal": 0.6, "aneurysm": 0.6}}, "at most 1 together, got 1.2"),
        ({"defects": {"septal": -0.1}}, "from 0 to 1"),
        ({"defects": {"hole": 0.1}}, "septal"),
        ({"maps": base_maps(None), "defects": {"septal": 0.1}}, "2ch-ed without"),
    ],
)
def test_impossible_orders_are_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(EchoStudioError, match=says):
        order(**wrong)


def test_ranges_replace_the_papers() -> None:
    assert ranges_of({}) == PAPER
    assert ranges_of({"scale": [0.9, 1.1], "max_displacement": [0]}).scale == (0.9, 1.1)
    with pytest.raises(UnknownNameError, match="rotation_deg"):
        ranges_of({"tilt": [1]})
    with pytest.raises(RequestError, match=r"papers' choice is 0.8,1.05"):
        ranges_of({"scale": [1.1, 0.9]})
    with pytest.raises(RequestError, match="one number from 0 to 90"):
        ranges_of({"rotation_deg": [1, 2]})


def test_a_new_set_names_its_deformation_and_one_that_names_none_goes_on_as_it_began(tmp_path: Path) -> None:
    made, plain = order(), order(variations=0)
    assert made.header()["deformation"] == DEFORMATION
    assert "deformation" not in made.header(None)
    assert plain.header() == plain.header(None)  # nothing is deformed
    (tmp_path / "manifest.jsonl").write_text(json.dumps(made.header(None)) + "\n")
    SetFolder(tmp_path).check(made)
    with pytest.raises(DataError, match="ranges"):
        SetFolder(tmp_path).check(order(ranges=ranges_of({"rotation_deg": [3]})))
    item = next(made.items())
    base = made.maps[0].label_map
    assert item.variation is not None
    assert deformed_map(base, item, made.header(None)) == random_variation(base, item.variation, deformation=None)
    assert deformed_map(base, item, made.header()) == random_variation(base, item.variation)
