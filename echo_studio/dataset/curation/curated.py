"""What a curator decided about the samples of a set, for those who export it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from echo_studio.data.database import connect, translated
from echo_studio.dataset.curation.schema import SCHEMA
from echo_studio.dataset.curation.store import CURATION, DEFECT_TAG
from echo_studio.dataset.sample import Listed
from echo_studio.errors import DataError, RequestError
from echo_studio.types import Json

Choose = Callable[[Iterator[Listed]], Iterator[Listed]]
ONLY = ("all", "kept", "not-rejected")


@dataclass(frozen=True)
class Curated:
    """One sample's `verdict` ("" for undecided), `reason`, `reviewer`, time and tags."""

    verdict: str
    reason: str
    reviewer: str
    at: str
    tags: tuple[str, ...]

    def to_json(self) -> Json:
        return {"verdict": self.verdict, "reason": self.reason, "reviewer": self.reviewer, "at": self.at}

    def passes(self, only: str) -> bool:
        return only == "all" or self.verdict == "keep" or (only == "not-rejected" and self.verdict != "reject")


def decisions_of(folder: Path) -> dict[str, Curated]:
    """What was decided, by the ids of samples; empty where the set was never curated.

    Raises:
        DataError: the file is damaged.
        BusyError: it is written all the time.
    """
    path = folder / CURATION
    if not path.is_file():
        return {}
    with translated(f"{folder.name}/{CURATION}"), closing(connect(path, "ro")) as sql:
        SCHEMA.check(sql, f"{folder.name}/{CURATION}")
        tags: dict[int, list[str]] = {}
        for name, number in sql.execute("SELECT name, sample FROM tag ORDER BY name"):
            tags.setdefault(number, []).append(name)
        rows = sql.execute("SELECT id, number, verdict, reason, reviewer, at FROM sample WHERE made = 1")
        return {row[0]: Curated(row[2], row[3], row[4], row[5], tuple(tags.get(row[1], ()))) for row in rows}


def chooser(folder: Path, only: str) -> Choose:
    """What lets through, of the samples of the set in `folder`, those that a curator wants out, as decided now.

    They come with their tags, and in the record with the verdict and who gave it.

    Args:
        only: of `ONLY`.

    Raises:
        RequestError: another word.
        DataError: kept samples are asked for, and nobody has decided anything.
    """
    if only not in ONLY:
        raise RequestError(expected=f"--only {' or '.join(ONLY)}", got=only[:40], remedy="choose one of them")
    decisions = decisions_of(folder)
    if only != "all" and not any(one.verdict for one in decisions.values()):
        raise DataError(
            expected=f"a set {folder.name} of which samples were kept or rejected",
            got="one that nobody has curated",
            remedy="curate it in the Data set tab, or export all",
        )
    return lambda listed: _through(listed, decisions, only)


def _through(listed: Iterator[Listed], decisions: dict[str, Curated], only: str) -> Iterator[Listed]:
    for one in listed:
        decided = decisions.get(one.header.id)
        if decided is None:
            if only != "kept":
                yield one
        elif decided.passes(only):
            yield _noted(one, decided)


def _noted(one: Listed, decided: Curated) -> Listed:
    own = tuple(tag for tag in one.header.tags if tag.startswith(DEFECT_TAG))
    record = {**one.header.record, **({"curation": decided.to_json()} if decided.verdict else {})}
    return replace(one, header=replace(one.header, tags=own + decided.tags, record=record))
