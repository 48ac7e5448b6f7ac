"""How label maps, sectors and frames travel: raw bytes with their measures beside them, checked on arrival."""

import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import Header, HTTPException, Query, Request, Response
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from echo_studio.anatomy.label_map import MAX_SIDE, LabelMap
from echo_studio.data.formats.media import NOTICE
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import BoolMask, GrayImage, Json, Spacing

MAX_SETTINGS_BYTES = 16_384
MAX_OP_BYTES = 2_000_000  # a long freehand stroke has thousands of points
ENDED_SESSION = "This page's session has ended. Reload the page to go on."
RAW = "application/octet-stream"
USER = "echo_studio.user"  # where the user stands in a request's ASGI scope
PROJECT = "project"  # where a project stands in a request's state


@dataclass(frozen=True)
class Measures:
    """Query parameters that say how a raw label map is laid out."""

    width: int
    height: int
    spacing: Spacing | None


def user_of(request: Request) -> str:
    """Who logged in, as `login.LoginMiddleware` found out; "" where there is no login."""
    return str(request.scope.get(USER, ""))


def session_getter(studio: Studio) -> Callable[..., Session]:
    """A FastAPI dependency: the session whose token came along with its user's login, or 401."""

    def session_of(request: Request, token: Annotated[str | None, Header(alias="X-Studio-Session")] = None) -> Session:
        session = studio.sessions.get(token, user_of(request))
        if session is None:
            raise HTTPException(401, ENDED_SESSION)
        setattr(request.state, PROJECT, session.project.id)
        return session

    return session_of


def measures(width: Annotated[int, Query()], height: Annotated[int, Query()], spacing: str = "") -> Measures:
    """A FastAPI dependency; 422 where a side is impossible. `spacing` is "y,x" in mm or empty."""
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise HTTPException(422, f"Expected 1 to {MAX_SIDE} pixels a side, got {width} x {height}.")
    if not spacing:
        return Measures(width, height, None)
    try:
        y, x = (float(part) for part in spacing.split(","))
    except ValueError:
        y = x = math.nan  # LabelMap says what a spacing has to be
    return Measures(width, height, (y, x))


async def read_body(request: Request, least: int, most: int, what: str) -> bytes:
    """Between `least` and `most` bytes; reading stops as soon as more arrive."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"Expected {least} bytes for {what}, got more.")
    if len(body) < least:
        raise HTTPException(422, f"Expected {least} bytes for {what}, got {len(body)}.")
    return bytes(body)


async def save_body(request: Request, path: Path) -> None:
    """Write a file that a person sends to the disk as it comes; `BodyLimit` says how large it may be."""
    with path.open("wb") as file:
        async for chunk in request.stream():
            file.write(chunk)


async def posted_map(request: Request, layout: Measures) -> LabelMap:
    """The label map in a request's body."""
    size = layout.width * layout.height
    return map_from(await read_body(request, size, size, f"{layout.width} x {layout.height} labels"), layout)


async def posted_edit(request: Request, layout: Measures) -> tuple[LabelMap, BoolMask, Json]:
    """The label map, after it the sector, a byte a pixel each, after them what was or is to be done, as JSON.

    An edit travels in the body, because a freehand stroke is longer than headers may be.
    """
    size = layout.width * layout.height
    words = f"{layout.width} x {layout.height} labels, their sector and an edit"
    body = await read_body(request, 2 * size, 2 * size + MAX_OP_BYTES, words)
    sector = np.frombuffer(body[size : 2 * size], np.uint8).reshape(layout.height, layout.width) > 0
    return map_from(body[:size], layout), sector, parsed_op(body[2 * size :])


def map_from(body: bytes, layout: Measures) -> LabelMap:
    """The label map whose ids are a byte a pixel; raises LabelMapError."""
    return LabelMap(np.frombuffer(body, np.uint8).reshape(layout.height, layout.width), layout.spacing)


def parsed_op(text: bytes) -> Json:
    """A JSON object with a tool; an undo has none and is empty."""
    if not text:
        return {}
    try:
        op = json.loads(text)
    except (ValueError, RecursionError):
        op = None
    if not isinstance(op, dict) or not isinstance(op.get("tool"), str):
        raise HTTPException(422, 'Expected an edit as a JSON object with a "tool".')
    return op


def parsed_settings(text: bytes) -> Json:
    """The JSON object that stands after the labels of a body."""
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise HTTPException(422, "Expected settings as a JSON object after the labels.")
    return settings


def map_response(label_map: LabelMap, sector: BoolMask | None = None, **headers: str) -> Response:
    """Label ids, after them the sector where there is one."""
    height, width = label_map.shape
    spacing = label_map.spacing_mm
    measured = {
        "X-Width": str(width),
        "X-Height": str(height),
        "X-Spacing": "" if spacing is None else f"{spacing[0]!r},{spacing[1]!r}",
        **headers,
    }
    body = label_map.ids.tobytes() + (b"" if sector is None else sector.astype(np.uint8).tobytes())
    return Response(body, media_type=RAW, headers=measured)


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A file that the browser saves under this name."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def png(image: GrayImage, *, real: bool = False) -> bytes:
    """A frame for the screen; marked as synthetic unless it is a real one."""
    packed = io.BytesIO()
    notice = PngInfo()
    if not real:
        notice.add_text("Comment", NOTICE)
    Image.fromarray(image).save(packed, "PNG", compress_level=1, pnginfo=notice)
    return packed.getvalue()
