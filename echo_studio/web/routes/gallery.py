"""The gallery of a set: which samples, what is known of them, their pictures, and what the curator decides."""

import struct
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Response

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.dataset.curation.query import Filter
from echo_studio.dataset.curation.store import Curation
from echo_studio.dataset.curation.thumbnail import first, thumbnail_or_grey
from echo_studio.dataset.pairs import read_pair
from echo_studio.errors import RequestError
from echo_studio.types import Json
from echo_studio.web.wire.bodies import DecideBody, NumbersBody, SampleNumber, TagBody
from echo_studio.web.wire.video_pack import packed_sample
from echo_studio.web.wire.wire import RAW, Mine, TheStudio, map_response, png_response, session_of

router = APIRouter(prefix="/dataset/sets/{name}", dependencies=[Depends(session_of)])  # no route opens without a token


def curation_of(studio: TheStudio, session: Mine, name: str) -> Curation:
    return studio.sets.curation(session, name)


Curated = Annotated[Curation, Depends(curation_of)]


@router.post("/numbers")
def numbers(curation: Curated, wanted: Filter) -> Response:
    """The numbers of the samples that a filter lets through, in its order: uint32, little endian."""
    return Response(np.asarray(curation.numbers(wanted), "<u4").tobytes(), media_type=RAW)


@router.post("/samples")
def samples(curation: Curated, body: NumbersBody) -> list[Json]:
    """What is known about samples."""
    return curation.details(body.numbers)


@router.post("/thumbnails")
def thumbnails(curation: Curated, body: NumbersBody) -> Response:
    """Small pictures of samples: for each its number and length, uint32 little endian, and a JPEG."""
    parts = []
    for sample in curation.details(body.numbers):
        picture = thumbnail_or_grey(curation.folder.root / sample["id"], body.outlined)
        parts += [struct.pack("<II", sample["number"], len(picture)), picture]
    return Response(b"".join(parts), media_type=RAW)


@router.get("/samples/{number}/frame")
def frame(studio: TheStudio, session: Mine, name: str, number: SampleNumber) -> Response:
    return png_response(read_gray(first(studio.sets.sample(session, name, number), "frame"))[0])


@router.get("/samples/{number}/label-map")
def label_map(studio: TheStudio, session: Mine, name: str, number: SampleNumber) -> Response:
    labels = read_label_map(first(studio.sets.sample(session, name, number), "labels"))
    return map_response(labels, sector_region(labels))


@router.get("/samples/{number}/clip")
def clip(studio: TheStudio, session: Mine, name: str, number: SampleNumber) -> Response:
    """A clip's frames and labels, see `video_pack`."""
    sample = read_pair(studio.sets.sample(session, name, number))
    if not sample.is_clip:
        raise RequestError(expected="the number of a clip", got=f"{number}, a frame", remedy="ask for its frame")
    return Response(packed_sample(sample), media_type=RAW)


@router.get("/samples/{number}/record")
def record(studio: TheStudio, session: Mine, name: str, number: SampleNumber) -> Json:
    return studio.sets.record(session, name, number)


@router.post("/decide")
def decide(session: Mine, curation: Curated, body: DecideBody) -> Json:
    reviewer = session.user or body.reviewer
    return {"samples": curation.decide(body.numbers, body.verdict, body.reason, reviewer)}


@router.post("/tag")
def tag(session: Mine, curation: Curated, body: TagBody) -> Json:
    return {"samples": curation.tag(body.numbers, body.tag, body.on, session.user or body.reviewer)}


@router.post("/undo")
def undo(curation: Curated) -> Json:
    """Take the newest act back; empty if there is none."""
    return curation.undo() or {}
