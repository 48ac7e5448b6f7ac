import dataclasses

import numpy as np
import pytest

from echo_studio.dataset.sample import SAMPLE_FORMAT, SetSample, header_of
from echo_studio.errors import DataError
from tests.dataset.sets import random_samples

FRAME, CLIP = random_samples(0, 1)[0], random_samples(0, 1, clips=True)[0]


def test_a_description_gives_back_its_header() -> None:
    for sample in (*random_samples(1, 6), *random_samples(2, 4, clips=True)):
        assert header_of(sample.to_json(), "here").to_json() == sample.to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "a/b"},
        {"id": ".."},
        {"id": "a.b"},
        {"id": "x" * 49},
        {"base": "ü"},
        {"base": 7},
        {"view": "3CH"},
        {"phase": None},
        {"phase": "MD"},
        {"fps": 20.0},
        {"spacing_mm": (0.0, 1.0)},
        {"spacing_mm": (float("nan"), 1.0)},
        {"spacing_mm": (1.0,)},
        {"licence": ""},
        {"licence": "two\nlines"},
        {"tags": ("",)},
        {"record": {"ef": float("inf")}},
        {"record": {"seed": {1, 2}}},
        {"image": FRAME.image.astype(np.float32)},
        {"image": FRAME.image[:-1]},
        {"ids": np.full_like(FRAME.ids, 7)},
        {"image": FRAME.image[:4, :4], "ids": FRAME.ids[:4, :4]},
        {"image": FRAME.image[None], "ids": FRAME.ids[None]},
    ],
)
def test_what_is_no_sample_is_refused_in_one_line(change: dict) -> None:
    with pytest.raises(DataError) as caught:
        dataclasses.replace(FRAME, **change)
    assert "\n" not in str(caught.value)


def test_a_clip_has_a_pace_and_no_phase() -> None:
    for change in ({"phase": "ED"}, {"fps": None}, {"fps": 0.0}, {"fps": 1e9}):
        with pytest.raises(DataError):
            dataclasses.replace(CLIP, **change)


@pytest.mark.parametrize(
    "note",
    [
        None,
        [],
        {},
        {"format": SAMPLE_FORMAT},
        {**FRAME.to_json(), "notice": "of a patient"},
        {**FRAME.to_json(), "schema": "camus/1"},
        {**FRAME.to_json(), "tags": "seen"},
        {**FRAME.to_json(), "spacing_mm": 0.4},
        {**FRAME.to_json(), "spacing_mm": ["0.4", "0.3"]},
        {**FRAME.to_json(), "id": ["a"]},
        {**FRAME.to_json(), "view": {}},
        {**FRAME.to_json(), "record": "text"},
    ],
)
def test_a_description_from_elsewhere_is_believed_in_nothing(note: object) -> None:
    with pytest.raises(DataError) as caught:
        header_of(note, "file")
    assert "\n" not in str(caught.value)


def test_a_record_is_kept_as_a_file_gives_it_back() -> None:
    assert dataclasses.replace(FRAME, record={"size": (96, 80)}).record == {"size": [96, 80]}


def test_samples_are_values() -> None:
    assert isinstance(FRAME, SetSample)
    with pytest.raises(dataclasses.FrozenInstanceError):
        FRAME.id = "other"  # type: ignore[misc]
