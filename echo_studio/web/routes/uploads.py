"""Files that a person opens, and the frames of a recording."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.decoding.recordings import without_annotations
from echo_studio.studio.real_frames import RealFrame
from echo_studio.studio.uploads import read_upload
from echo_studio.types import GrayImage, Json
from echo_studio.web.wire.bodies import RevisionBody
from echo_studio.web.wire.wire import Mine, SentFile, TheStudio, found, map_response, png_response, session_of

router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token


def frame_of(studio: TheStudio, number: int, session: Mine) -> tuple[Recording, GrayImage]:
    kept = studio.recordings.get(session.token)
    recording = found(kept, "The recording is not in memory any more. Open it again.")
    if not 0 <= number < len(recording.frames):
        raise HTTPException(404, f"The recording has frames 0 to {len(recording.frames) - 1}.")
    return recording, recording.frames[number]


Chosen = Annotated[tuple[Recording, GrayImage], Depends(frame_of)]


@router.post("/open")
def open_file(studio: TheStudio, session: Mine, sent: SentFile) -> Response:
    """A label map as bytes with `X-Kind: label-map`, or with `X-Kind: recording` how many frames there are."""
    opened = read_upload(sent)
    if not isinstance(opened, Recording):
        return map_response(opened, sector_region(opened), **{"X-Kind": "label-map"})
    studio.recordings.put(session.token, session.owner, opened)
    seconds = "" if opened.seconds_per_frame is None else repr(opened.seconds_per_frame)
    headers = {"X-Frames": str(len(opened.frames)), "X-Total": str(opened.total), "X-Seconds": seconds}
    return Response(headers={"X-Kind": "recording", **headers})


@router.get("/recording/{number}")
def frame(chosen: Chosen) -> Response:
    """A frame as it is, for the person who chooses one."""
    return png_response(chosen[1], notice="")


@router.get("/recording/{number}/label-map")
def labelled(studio: TheStudio, session: Mine, number: int, chosen: Chosen) -> Response:
    """The labels of a frame: the segmenter's, or those of the labelled loop. The session edits this frame from now on.

    `X-Warnings` says in JSON what speaks against the labels.
    """
    recording, image = chosen
    loop, warnings = session.real_loop, list[str]()
    if loop is not None and loop.recording is recording and number in loop.numbers:
        label_map = loop.labels[number - loop.first]
    else:
        found = studio.engine.labelled(image, recording.spacing_mm)
        label_map, warnings = found.label_map, found.warnings
    studio.set_real_frame(session, RealFrame(image, label_map, number))
    return map_response(label_map, sector_region(label_map), **{"X-Warnings": json.dumps(warnings)})


@router.post("/recording/beat")
def label_loop(studio: TheStudio, session: Mine) -> Json:
    """Label every frame of the recording from the edited one on: its own beat, its volumes and its EF."""
    return studio.label_loop(session).beat.curve()


@router.get("/recording/{number}/sector")
def within_sector(session: Mine, chosen: Chosen) -> Response:
    """The frame to paint over: black outside the sector, where names and dates stand."""
    image, sector = chosen[1], session.sector
    if image.shape != sector.shape:
        raise HTTPException(409, "The canvas holds a map of another size. Label the frame again.")
    return png_response(without_annotations(image, sector), notice="")


@router.put("/real-frame/label-map")
def correct(studio: TheStudio, session: Mine, body: RevisionBody) -> Json:
    """The map on the canvas is what the real frame itself shows: whoever corrects labels does not edit the heart."""
    label_map = session.require(body.revision, "press the button again")
    real_frame = found(session.real_frame, "The real frame is not in memory any more. Open its file again.")
    corrected = RealFrame(real_frame.image, label_map, real_frame.number)
    corrected.source()  # raises where the map cannot be the frame's
    studio.set_real_frame(session, corrected)
    if session.real_loop is not None:  # its neighbours follow
        session.real_loop = session.real_loop.corrected(real_frame.number, label_map)
    return {}


@router.delete("/real-frame")
def leave(studio: TheStudio, session: Mine) -> Json:
    """The canvas has left the real frame: nothing of it stays in memory."""
    studio.set_real_frame(session, None)
    studio.recordings.drop(session.token)
    return {}
