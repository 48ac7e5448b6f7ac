"""Errors that a person can cause travel between processes as they are."""

import pickle
from collections.abc import Iterator

import pytest

from echo_studio.errors import EchoStudioError, UnknownNameError


def tree(top: type[EchoStudioError]) -> Iterator[type[EchoStudioError]]:
    yield top
    for below in top.__subclasses__():
        yield from tree(below)


@pytest.mark.parametrize("kind", [kind for kind in tree(EchoStudioError) if kind is not UnknownNameError])
def test_every_error_comes_back_with_its_class_and_its_fields(kind: type[EchoStudioError]) -> None:
    error = kind(expected="a map", got="none", remedy="draw one")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own)
    assert type(back) is kind
    assert (vars(back), back.args, str(back)) == (vars(error), error.args, str(error))


def test_an_unknown_name_comes_back_with_its_choices() -> None:
    back = pickle.loads(pickle.dumps(UnknownNameError("solver", "hune", ["ipndm", "heun"])))  # noqa: S301
    assert type(back) is UnknownNameError
    assert (back.kind, back.name, back.choices) == ("solver", "hune", ["heun", "ipndm"])
    assert str(back) == "expected the name of a solver, got 'hune'; choose one of: heun, ipndm"
