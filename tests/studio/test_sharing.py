"""What goes when there is too much: never what belongs to somebody who has less."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from echo_studio.studio.sharing import choose_evictions

OWNERS = st.lists(st.sampled_from("abc"), max_size=20).map(lambda names: {f"{k}": name for k, name in enumerate(names)})


@given(owners=OWNERS, most=st.integers(0, 10))
def test_as_many_are_left_as_may_be_and_nobody_loses_more_than_whoever_has_most(
    owners: dict[str, str], most: int
) -> None:
    gone = choose_evictions(owners, most)
    left = Counter(owner for thing, owner in owners.items() if thing not in gone)
    assert left.total() == min(len(owners), most)
    for owner in {owners[thing] for thing in gone}:
        assert left[owner] >= max(left.values(), default=0) - 1


def test_the_oldest_goes_first_and_what_is_in_use_stays() -> None:
    owners = {"1": "a", "2": "a", "3": "b", "4": "a"}
    assert choose_evictions(owners, 3) == ["1"]
    assert choose_evictions(owners, 3, lambda thing: thing != "1") == ["2"]
    assert choose_evictions(owners, 0, lambda thing: thing == "3") == ["3"]
