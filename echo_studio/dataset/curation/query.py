"""Which samples of a set a person wants to see, and in which order: a filter as SQL."""

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from echo_studio.errors import RequestError

MAX_TAG = 40
MAX_LINE = 200
Choice = Literal["verdict", "generator", "defect", "view", "phase", "tag"]
Figure = Literal["adherence", "lv_endo", "lv_epi", "la", "privacy", "ef", "nfe"]
CHOICES: tuple[str, ...] = get_args(Choice)
FIGURES: tuple[str, ...] = get_args(Figure)
MAX_VALUES = 100  # of one choice
MAX_TEXT = 80
Values: TypeAlias = Annotated[
    list[Annotated[str, Field(max_length=MAX_TEXT)]], Field(min_length=1, max_length=MAX_VALUES)
]
Bound: TypeAlias = Annotated[float, Field(gt=-1e12, lt=1e12)] | None


def tag_name(text: object) -> str:
    """A tag: 1 to 40 printable characters; spaces at its ends go.

    Raises:
        RequestError: it is empty or not one printable line.
    """
    name = line("tag", text, MAX_TAG)
    if not name:
        raise RequestError(expected="a tag of 1 to 40 characters", got="an empty one", remedy="type a word")
    return name


def line(what: str, text: object, longest: int = MAX_LINE) -> str:
    """One printable line, maybe empty.

    Raises:
        RequestError: it is no text, too long or not printable.
    """
    plain = text.strip() if isinstance(text, str) else None
    if plain is None or len(plain) > longest or not (plain.isprintable() or not plain):
        got = f"{text!r}"[:60]
        raise RequestError(expected=f"a {what} of at most {longest} printable characters", got=got, remedy="shorten it")
    return plain


class Filter(BaseModel):
    """What a sample has to be.

    Attributes:
        choices: by name, the values that are wanted, any of them; of `tag`, any tag that it has. "" means no defect or
            no verdict.
        ranges: by a figure's name, least and greatest, None if open. A sample without the figure is left out.
        flagged: whether the privacy check flagged it; None accepts both.
        text: part of its id, its map or its reason.
        sort, descending: by what samples are ordered; those without it come last, equal ones by number.

    Raises:
        ValidationError: of pydantic, at another name or value.
        RequestError: a tag that cannot be one.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    choices: dict[Choice, Values] = {}
    ranges: dict[Figure, Annotated[list[Bound], Field(min_length=2, max_length=2)]] = {}
    flagged: bool | None = None
    text: Annotated[str, AfterValidator(lambda text: text[:MAX_TEXT])] = ""
    sort: Literal["number", "at"] | Figure | Literal["generator", "defect", "view", "verdict"] = "number"
    descending: bool = False

    @field_validator("choices")
    @classmethod
    def _tags(cls, choices: dict[Choice, Values]) -> dict[Choice, Values]:
        return {
            name: [tag_name(one) for one in values] if name == "tag" else values for name, values in choices.items()
        }

    def sql(self) -> tuple[str, list[Any]]:
        """What follows `FROM sample`, with its values."""
        # In the order of numbers a walk through the table is quicker than an index and a sort, unless few are chosen.
        walk = self.sort == "number" and not self.ranges and "verdict" not in self.choices
        where, values = ["+made = 1" if walk else "made = 1"], list[Any]()
        for name, wanted in self.choices.items():
            marks = ", ".join("?" * len(wanted))
            if name == "tag":
                where.append(f"number IN (SELECT sample FROM tag WHERE name IN ({marks}))")
            else:
                where.append(f"{name} IN ({marks})")
            values += wanted
        for figure, (low, high) in self.ranges.items():
            where.append(f"{figure} IS NOT NULL")
            for sign, bound in ((">=", low), ("<=", high)):
                if bound is not None:
                    where.append(f"{figure} {sign} ?")
                    values.append(bound)
        if self.flagged is not None:
            where.append("flagged = ?")
            values.append(int(self.flagged))
        if self.text:
            where.append("(instr(lower(id || ' ' || map || ' ' || reason), lower(?)) > 0)")
            values.append(self.text)
        way = "DESC" if self.descending else "ASC"
        order = f"number {way}" if self.sort == "number" else f"{self.sort} {way} NULLS LAST, number"
        return f"WHERE {' AND '.join(where)} ORDER BY {order}", values
