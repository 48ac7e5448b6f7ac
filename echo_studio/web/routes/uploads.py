"""Files that a person opens, and the frames of a recording."""

import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.decoding.recordings import without_annotations
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.studio.uploads import read_upload, safe_name
from echo_studio.types import GrayImage
from echo_studio.web.wire.wire import map_response, png, save_body, session_getter


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])
    Mine = Annotated[Session, Depends(session_of)]

    def frame_of(number: int, session: Mine) -> tuple[Recording, GrayImage]:
        recording = studio.recordings.get(session.token)
        if recording is None:
            raise HTTPException(404, "The recording is not in memory any more. Open it again.")
        if not 0 <= number < len(recording.frames):
            raise HTTPException(404, f"The recording has frames 0 to {len(recording.frames) - 1}.")
        return recording, recording.frames[number]

    @router.post("/open")
    async def open_file(
        request: Request,
        session: Mine,
        name: Annotated[str, Header(alias="X-File-Name")],
    ) -> Response:
        """A label map as bytes with `X-Kind: label-map`, or with `X-Kind: recording` how many frames there are."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / safe_name(unquote(name))
            await save_body(request, path)
            found = await run_in_threadpool(read_upload, path)
        if not isinstance(found, Recording):
            return map_response(found, sector_region(found), **{"X-Kind": "label-map"})
        studio.recordings.put(session.token, session.owner, found)
        seconds = "" if found.seconds_per_frame is None else repr(found.seconds_per_frame)
        headers = {"X-Frames": str(len(found.frames)), "X-Total": str(found.total), "X-Seconds": seconds}
        return Response(headers={"X-Kind": "recording", **headers})

    @router.get("/recording/{number}")
    def frame(chosen: Annotated[tuple[Recording, GrayImage], Depends(frame_of)]) -> Response:
        """A frame as it is, for the person who chooses one."""
        return Response(png(chosen[1], real=True), media_type="image/png")

    @router.get("/recording/{number}/label-map")
    def labelled(chosen: Annotated[tuple[Recording, GrayImage], Depends(frame_of)]) -> Response:
        """The segmenter's labels of a frame, its sector fitted."""
        recording, image = chosen
        label_map = studio.engine.label_frame(image, recording.spacing_mm)
        return map_response(label_map, sector_region(label_map))

    @router.get("/recording/{number}/sector")
    def within_sector(
        session: Mine,
        chosen: Annotated[tuple[Recording, GrayImage], Depends(frame_of)],
    ) -> Response:
        """The frame to paint over: black outside the sector, where names and dates stand."""
        image, sector = chosen[1], session.sector
        if image.shape != sector.shape:
            raise HTTPException(409, "The canvas holds a map of another size. Label the frame again.")
        return Response(png(without_annotations(image, sector), real=True), media_type="image/png")

    return router
