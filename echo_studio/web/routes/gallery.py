"""The gallery of a set: which samples, what is known of them, their pictures, and what the curator decides."""

import struct
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body, Depends, HTTPException, Response

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.dataset.curation.query import Filter
from echo_studio.dataset.curation.thumbnail import first
from echo_studio.dataset.pairs import read_pair
from echo_studio.errors import RequestError
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.routes.dataset import told
from echo_studio.web.wire.video_pack import packed_sample
from echo_studio.web.wire.wire import RAW, map_response, png, session_getter

PAGE = 200  # samples in one question
MOST_NUMBERS = 1_000_000
LARGEST = 2**31


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(prefix="/dataset/sets/{name}", dependencies=[Depends(session_of)])
    sets = studio.sets
    Mine = Annotated[Session, Depends(session_of)]

    @router.post("/numbers")
    def numbers(session: Mine, name: str, wanted: Annotated[dict[str, Any], Body()]) -> Response:
        """The numbers of the samples that a filter lets through, in its order: uint32, little endian."""

        def found() -> list[int]:
            return sets.curation(session, name).numbers(Filter.read(wanted))

        return Response(np.asarray(told(found), "<u4").tobytes(), media_type=RAW)

    @router.post("/samples")
    def samples(session: Mine, name: str, some: Annotated[list[Any], Body(embed=True, alias="numbers")]) -> list[Json]:
        """What is known about samples."""
        asked = _numbers(some, PAGE)
        return told(lambda: sets.curation(session, name).details(asked))

    @router.post("/thumbnails")
    def thumbnails(
        session: Mine,
        name: str,
        some: Annotated[list[Any], Body(embed=True, alias="numbers")],
        outlined: Annotated[bool, Body(embed=True)] = False,
    ) -> Response:
        """Small pictures of samples: for each its number and length, uint32 little endian, and a JPEG."""
        asked = _numbers(some, PAGE)

        def packed() -> bytes:
            curation = sets.curation(session, name)
            parts = []
            for sample in curation.details(asked):
                picture = sets.thumbnails.of(curation.folder.root / sample["id"], outlined)
                parts += [struct.pack("<II", sample["number"], len(picture)), picture]
            return b"".join(parts)

        return Response(told(packed), media_type=RAW)

    @router.get("/samples/{number}/frame")
    def frame(session: Mine, name: str, number: int) -> Response:
        def picture() -> bytes:
            return png(read_gray(first(sets.sample(session, name, _number(number)), "frame"))[0])

        return Response(told(picture), media_type="image/png")

    @router.get("/samples/{number}/label-map")
    def label_map(session: Mine, name: str, number: int) -> Response:
        def found() -> Any:
            return read_label_map(first(sets.sample(session, name, _number(number)), "labels"))

        labels = told(found)
        return map_response(labels, sector_region(labels))

    @router.get("/samples/{number}/clip")
    def clip(session: Mine, name: str, number: int) -> Response:
        """A clip's frames and labels, see `video_pack`."""

        def packed() -> bytes:
            sample = read_pair(sets.sample(session, name, _number(number)))
            if not sample.is_clip:
                raise RequestError(
                    expected="the number of a clip", got=f"{number}, a frame", remedy="ask for its frame"
                )
            return packed_sample(sample)

        return Response(told(packed), media_type=RAW)

    @router.get("/samples/{number}/record")
    def record(session: Mine, name: str, number: int) -> Json:
        return told(sets.record, session, name, _number(number))

    @router.post("/decide")
    def decide(session: Mine, name: str, act: Annotated[dict[str, Any], Body()]) -> Json:
        """Keep, reject, leave undecided or give a reason: `numbers`, `verdict`, `reason`, `reviewer`."""
        asked = _numbers(act.get("numbers"), MOST_NUMBERS)

        def decided() -> int:
            curation, reviewer = sets.curation(session, name), session.user or act.get("reviewer", "")
            return curation.decide(asked, act.get("verdict"), act.get("reason"), reviewer)

        return {"samples": told(decided)}

    @router.post("/tag")
    def tag(session: Mine, name: str, act: Annotated[dict[str, Any], Body()]) -> Json:
        """Give or take a tag: `numbers`, `tag`, `on`, `reviewer`."""
        asked = _numbers(act.get("numbers"), MOST_NUMBERS)

        def tagged() -> int:
            curation, reviewer = sets.curation(session, name), session.user or act.get("reviewer", "")
            return curation.tag(asked, act.get("tag", ""), act.get("on", True) is True, reviewer)

        return {"samples": told(tagged)}

    @router.post("/undo")
    def undo(session: Mine, name: str) -> Json:
        """Take the newest act back; empty where there is none."""
        return told(lambda: sets.curation(session, name).undo()) or {}

    return router


def _numbers(told_numbers: object, most: int) -> list[int]:
    if isinstance(told_numbers, list) and len(told_numbers) <= most:
        return [_number(one) for one in told_numbers]
    raise HTTPException(422, f"Expected a list of at most {most} sample numbers.")


def _number(value: object) -> int:
    if type(value) is int and 0 <= value < LARGEST:
        return value
    raise HTTPException(422, f"Expected the number of a sample, got {value!r}."[:120])
