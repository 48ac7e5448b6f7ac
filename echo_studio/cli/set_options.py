"""Options of a set as a person writes them: NAME=VALUE pairs, shares, ranges."""

from collections.abc import Sequence

from echo_studio.errors import RequestError


def pairs(given: Sequence[str] | None, option: str) -> list[tuple[str, str]]:
    """Name and value of each NAME=VALUE.

    Raises:
        RequestError: one without either, or a name twice.
    """
    found = [tuple(part.strip() for part in one.partition("=")[::2]) for one in given or ()]
    if not all(key and text for key, text in found) or len({key for key, _ in found}) < len(found):
        raise RequestError(
            expected=f"{option} NAME=NUMBER, each name once",
            got=", ".join(given or ()),
            remedy="write it like septal=0.1",
        )
    return [(key, text) for key, text in found]


def number_range(option: str, text: str) -> tuple[float, float] | None:
    """Two numbers with a dash between them, or one for both; None where nothing was given.

    Raises:
        RequestError: something else.
    """
    if not text:
        return None
    low, dash, high = text.partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError as error:
        raise RequestError(
            expected="a range with a dash", got=f"--{option} {text}", remedy=f"write it like --{option} 25-65"
        ) from error


def share(name: str, text: str) -> float:
    """How often a defect is drawn.

    Raises:
        RequestError: no number.
    """
    try:
        return float(text)
    except ValueError as error:
        raise RequestError(
            expected=f"--defect {name}=SHARE", got=f"{name}={text}", remedy=f"write it like {name}=0.1"
        ) from error
