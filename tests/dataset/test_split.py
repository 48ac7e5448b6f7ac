import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echo_studio.dataset.sample import SampleHeader
from echo_studio.dataset.split import SPLITS, Fractions, split_by_base
from echo_studio.errors import DataError, RequestError


def names(samples: list[SampleHeader]) -> list[tuple[str, str]]:
    return [(one.id, one.base) for one in samples]


def headers(of_base: list[int]) -> list[SampleHeader]:
    return [
        SampleHeader(id=f"s{number}", base=f"map{base}", view="4CH", phase="ED", licence="none")
        for number, base in enumerate(of_base)
    ]


@settings(max_examples=60, deadline=None)
@given(
    of_base=st.lists(st.integers(0, 40), min_size=1, max_size=120),
    validation=st.floats(0, 0.4),
    testing=st.floats(0, 0.4),
    seed=st.integers(0, 2**63 - 1),
    order=st.randoms(use_true_random=False),
)
def test_no_label_map_is_on_two_sides_and_order_does_not_matter(of_base, validation, testing, seed, order) -> None:
    samples, fractions = headers(of_base), Fractions(validation, testing)
    wanted = 1 + (validation > 0) + (testing > 0)
    bases = len(set(of_base))
    if bases < wanted:
        with pytest.raises(DataError, match="to split them"):
            split_by_base(names(samples), fractions, seed)
        return
    split_of = split_by_base(names(samples), fractions, seed)
    assert split_of.keys() == {sample.id for sample in samples}
    places = {(sample.base, split_of[sample.id]) for sample in samples}
    assert len(places) == bases
    counts = {split: sum(place == split for _, place in places) for split in SPLITS}
    for split, part in (("validation", validation), ("testing", testing)):
        assert abs(counts[split] - part * bases) <= 1
        assert (counts[split] > 0) == (part > 0)
    assert counts["training"] >= 1
    shuffled = order.sample(samples, len(samples))
    assert split_by_base(names(shuffled), fractions, seed) == split_of


def test_another_seed_deals_differently() -> None:
    samples = headers(list(range(40)))
    assert split_by_base(names(samples), Fractions(), 1) != split_by_base(names(samples), Fractions(), 2)


def test_ids_are_each_one_samples_whatever_the_case() -> None:
    one, two = headers([0, 1])
    with pytest.raises(DataError, match="S0 twice"):
        split_by_base(names([one, dataclasses.replace(two, id="S0")]), Fractions(0, 0))


@pytest.mark.parametrize(("validation", "testing"), [(-0.1, 0), (0, 1.0), (0.5, 0.5), (float("nan"), 0.1)])
def test_fractions_leave_some_for_training(validation: float, testing: float) -> None:
    with pytest.raises(RequestError, match=r"0\.1 and 0\.1"):
        Fractions(validation, testing)
