"""Tasks on sets: one of a kind at a time for each set, stopped between two steps, and how fast they go."""

import pytest

from echo_studio.studio.sets.work import Count


def test_a_count_says_how_fast_it_goes_and_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 2.0, 4.0))
    monkeypatch.setattr("echo_studio.studio.sets.work.monotonic", lambda: next(clock))
    count = Count()
    assert count.to_json() == {"done": 0, "of": 0, "rate": None, "seconds": None}
    for done in (10, 11, 12):
        count.set(done, 20)
    assert count.to_json() == {"done": 12, "of": 20, "rate": 0.5, "seconds": 16.0}
