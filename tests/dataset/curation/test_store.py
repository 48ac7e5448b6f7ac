"""A set's curation: every act can be undone, filters say what they mean, nothing is lost, nothing foreign is read."""

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from echo_studio.dataset.build.set_folder import Made
from echo_studio.dataset.curation.query import FIGURES, Filter
from echo_studio.dataset.curation.store import CURATION, Curation
from echo_studio.errors import BusyError, DataError, RequestError
from echo_studio.types import Json
from tests.dataset.curation.curated_sets import COUNT, random_curation
from tests.dataset.sets import random_samples, write_set

TAGS = ("good", "teaching", "weiß, gut")
numbers = st.lists(st.integers(-1, COUNT + 1), max_size=COUNT)
act = st.one_of(
    st.tuples(
        st.just("decide"),
        numbers,
        st.sampled_from([None, "", "keep", "reject"]),
        st.sampled_from([None, "", "blurred", "no atrium"]),
    ),
    st.tuples(st.just("tag"), numbers, st.sampled_from(TAGS), st.booleans()),
)


@pytest.fixture(scope="module")
def curation(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = random_curation(tmp_path_factory.mktemp("curated") / "set")
    yield made
    made.close()


def state(curation: Curation) -> list[Json]:
    return curation.details(curation.numbers(Filter()))


def do(curation: Curation, told: tuple[Any, ...]) -> int:
    kind, chosen, *values = told
    return getattr(curation, kind)(chosen, *values, reviewer="Ada")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(act, min_size=1, max_size=6))
def test_undo_takes_back_every_act_in_turn(curation: Curation, told: list[tuple[Any, ...]]) -> None:
    begun = len(curation.counts()["entries"])
    before = [state(curation)]
    for one in told:
        changed = do(curation, one)
        assert changed == sum(a != b for a, b in zip(state(curation), before[-1], strict=True))
        if changed:
            before.append(state(curation))
    while len(before) > 1:
        before.pop()
        undone = curation.undo()
        assert undone is not None
        assert undone["samples"] > 0
        assert state(curation) == before[-1]
    assert len(curation.counts()["entries"]) == begun


def plain(wanted: Filter, sample: Json) -> bool:
    """What a filter means, in words of Python."""
    for name, values in wanted.choices.items():
        given = sample["tags"] if name == "tag" else [sample[name]]
        if not set(given) & set(values):
            return False
    for name, (low, high) in wanted.ranges.items():
        value = sample[name]
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            return False
    if wanted.flagged is not None and sample["flagged"] != int(wanted.flagged):
        return False
    words = " ".join((sample["id"], sample["map"], sample["reason"])).lower()
    return wanted.text.lower() in words


bound = st.none() | st.floats(0, 1)
filters = st.builds(
    Filter,
    choices=st.dictionaries(
        st.sampled_from(["verdict", "generator", "defect", "view", "phase", "tag"]), st.none()
    ).flatmap(
        lambda names: st.fixed_dictionaries(
            {
                name: st.lists(
                    st.sampled_from(
                        {
                            "verdict": ["", "keep", "reject"],
                            "generator": ["edm-l64", "vp-256"],
                            "defect": ["", "septal", "missing-atrium"],
                            "view": ["2CH", "4CH"],
                            "phase": ["ED", "ES"],
                            "tag": list(TAGS),
                        }[name]
                    ),
                    min_size=1,
                    max_size=2,
                )
                for name in names
            }
        )
    ),
    ranges=st.dictionaries(
        st.sampled_from(["adherence", "la", "privacy"]), st.tuples(bound, bound).map(list), max_size=2
    ),
    flagged=st.none() | st.booleans(),
    text=st.sampled_from(["", "", "s0000", "map-1", "BLUR"]),
    sort=st.sampled_from(["number", *FIGURES, "generator", "verdict", "at"]),
    descending=st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters)
def test_a_filter_lets_through_what_its_words_say_in_the_order_asked_for(curation: Curation, wanted: Filter) -> None:
    everything = state(curation)
    found = curation.details(curation.numbers(wanted))
    kept = [sample for sample in everything if plain(wanted, sample)]
    assert sorted(s["number"] for s in found) == [s["number"] for s in kept]
    values = [s[wanted.sort] for s in found]
    there = [value for value in values if value is not None]
    assert values[len(there) :] == [None] * (len(values) - len(there)), "those without the figure come last"
    assert there == sorted(there, reverse=wanted.descending)
    if wanted.sort != "number":
        ties = [(a, b) for a, b in itertools.pairwise(found) if a[wanted.sort] == b[wanted.sort]]
        assert all(a["number"] < b["number"] for a, b in ties)


def test_counts_are_those_of_the_samples(curation: Curation) -> None:
    curation.decide([3, 4, 5], "reject", "blurred")
    everything, counts = state(curation), curation.counts()
    for name, counted in counts["choices"].items():
        given = [tag for s in everything for tag in s["tags"]] if name == "tag" else [s[name] for s in everything]
        assert counted == {value: given.count(value) for value in set(given)}
    assert counts["samples"] == len(everything) == COUNT
    assert counts["unmeasured"] == sum(not s["measured"] for s in everything)
    curation.undo()


def test_what_is_decided_is_there_when_the_set_is_opened_again(tmp_path: Path) -> None:
    curation = random_curation(tmp_path / "set")
    curation.decide([1, 2], "keep", "clear", "Ada")
    curation.tag([2], "teaching", reviewer="Ada")
    before = state(curation)
    with pytest.raises(BusyError, match="close it there"):
        Curation(tmp_path / "set")
    curation.close()
    curation.close()
    with pytest.raises(RequestError, match="closed"):
        curation.counts()
    again = Curation(tmp_path / "set")
    assert state(again) == before
    assert again.undo()["act"] == "tag"
    assert again.sync() == 0
    again.close()


def test_samples_appear_as_the_index_names_them(tmp_path: Path) -> None:
    curation = random_curation(tmp_path / "set", made=4)
    assert curation.numbers(Filter()) == [0, 1, 2, 3]
    assert curation.counts()["planned"] == COUNT
    assert curation.decide([4, 5], "keep") == 0, "what is not made cannot be kept"
    index = curation.folder.index
    index.append(Made(1, {"s0000004": "a" * 64, "s0000005": "b" * 64}, {"s0000006": "does not fit"}))
    assert curation.sync() == 2
    with index.path.open("a") as file:
        file.write('{"batch": 2, "samples": {"s0000007": "')  # cut short by a crash
    assert curation.sync() == 0
    index.append(Made(2, {"s0000007": "c" * 64}))
    assert curation.sync() == 1
    assert curation.numbers(Filter()) == [0, 1, 2, 3, 4, 5, 7]
    curation.close()


def test_a_plain_set_of_pairs_is_curated_too_with_its_own_tags(tmp_path: Path) -> None:
    samples = random_samples(1)
    folder = write_set(tmp_path / "set", samples)
    curation = Curation(folder)
    assert curation.sync() == len(samples)
    told = state(curation)
    assert [one["id"] for one in told] == [one.id for one in samples]
    assert [one["tags"] for one in told] == [sorted(one.tags) for one in samples]
    assert told[1]["generator"] == "edm-l64"
    curation.close()


def test_adherence_is_the_mean_of_the_structures_that_there_are(tmp_path: Path) -> None:
    curation = random_curation(tmp_path / "set", measured=False)
    assert len(curation.unmeasured(5)) == 5
    curation.set_adherence(
        {0: {"lv_endo": 0.8, "lv_epi": 0.9, "la": None}, 1: dict.fromkeys(("lv_endo", "lv_epi", "la"))}
    )
    first, second = curation.details([0, 1])
    assert first["adherence"] == pytest.approx(0.85)
    assert (second["adherence"], second["measured"]) == (None, 1)
    assert [number for number, _ in curation.unmeasured(2)] == [2, 3]
    assert curation.set_privacy([("s0000001", 0.4, True), ("nobody", 0.1, False)]) == 1
    assert curation.details([1])[0]["flagged"] == 1
    curation.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"choices": {"colour": ["red"]}},
        {"choices": ["view"]},
        {"choices": {"view": "4CH"}},
        {"choices": {"view": []}},
        {"choices": {"tag": [""]}},
        {"ranges": {"adherence": [0]}},
        {"ranges": {"adherence": ["0", None]}},
        {"ranges": {"adherence": [True, None]}},
        {"ranges": {"id": [0, 1]}},
        {"sort": "number; DROP TABLE sample"},
        {"sort": ["number"]},
        {"flagged": "yes"},
    ],
)
def test_a_filter_that_is_none_is_refused(wrong: Json) -> None:
    with pytest.raises((ValidationError, RequestError)):
        Filter.model_validate(wrong)


def test_texts_are_one_printable_line(curation: Curation) -> None:
    for wrong in ("", "  ", "a\nb", "x" * 41, 7):
        with pytest.raises(RequestError):
            curation.tag([0], wrong)  # type: ignore[arg-type]
    for wrong in ("a\nb", "x" * 201):
        with pytest.raises(RequestError):
            curation.decide([0], "keep", wrong)
    with pytest.raises(RequestError, match="keep, reject"):
        curation.decide([0], "maybe")


@pytest.mark.parametrize("damage", ["trigger", "foreign", "newer", "bytes"])
def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path, damage: str) -> None:
    random_curation(tmp_path / "set").close()
    path = tmp_path / "set" / CURATION
    if damage == "bytes":
        path.write_bytes(np.random.default_rng(0).bytes(20_000))
    else:
        sql = sqlite3.connect(path)
        sql.execute(
            {
                "trigger": "CREATE TRIGGER t AFTER INSERT ON tag BEGIN DELETE FROM sample; END",
                "foreign": "PRAGMA application_id = 7",
                "newer": "PRAGMA user_version = 9",
            }[damage]
        )
        sql.commit()
        sql.close()
    with pytest.raises(DataError):
        Curation(tmp_path / "set")
