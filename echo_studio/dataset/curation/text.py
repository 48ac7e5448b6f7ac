"""What a curator may write: tags, reasons, names; one printable line each."""

from echo_studio.errors import RequestError

__all__ = ["line", "tag_name"]

MAX_TAG = 40
MAX_LINE = 200


def tag_name(text: object) -> str:
    """A tag: 1 to 40 printable characters; spaces at its ends go.

    Raises:
        RequestError: it is none.
    """
    name = line("tag", text, MAX_TAG)
    if not name:
        raise RequestError(expected="a tag of 1 to 40 characters", got="an empty one", remedy="type a word")
    return name


def line(what: str, text: object, longest: int = MAX_LINE) -> str:
    """One printable line, maybe empty.

    Raises:
        RequestError: it is none.
    """
    told = text.strip() if isinstance(text, str) else None
    if told is None or len(told) > longest or not (told.isprintable() or not told):
        got = f"{text!r}"[:60]
        raise RequestError(expected=f"a {what} of at most {longest} printable characters", got=got, remedy="shorten it")
    return told
