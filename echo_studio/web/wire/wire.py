"""How label maps, sectors and frames travel: raw bytes with their measures beside them, checked on arrival."""

import io
import math
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import unquote

import numpy as np
from fastapi import Depends, Header, HTTPException, Query, Request, Response
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import TypeAdapter

from echo_studio.anatomy.label_map import MAX_SIDE, LabelMap
from echo_studio.data.formats.media import NOTICE
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.studio.uploads import safe_name
from echo_studio.types import BoolMask, GrayImage, Json, Spacing

MAX_SETTINGS_BYTES = 16_384
MAX_OP_BYTES = 2_000_000  # a long freehand stroke has thousands of points
ENDED_SESSION = "This page's session has ended. Reload the page to go on."
TAKEN = "This project is open in another tab, which saves it. Work here instead, or keep your drawing as a new project."
RAW = "application/octet-stream"
USER = "echo_studio.user"  # where the user stands in a request's ASGI scope
PROJECT = "project"  # where a project stands in a request's state

JSON_OBJECT: TypeAdapter[Json] = TypeAdapter(Json)
T = TypeVar("T")


@dataclass(frozen=True)
class Measures:
    """Query parameters that say how a raw label map is laid out."""

    width: int
    height: int
    spacing: Spacing | None


def user_of(request: Request) -> str:
    """Who logged in, as `login.LoginMiddleware` found out; "" where there is no login."""
    return str(request.scope.get(USER, ""))


async def studio_of(request: Request) -> Studio:
    """A FastAPI dependency: the studio whose page asks, see `routes.add_studio_routes`."""
    studio: Studio = request.app.state.studio
    return studio


TheStudio = Annotated[Studio, Depends(studio_of)]


def session_of(
    request: Request, studio: TheStudio, token: Annotated[str | None, Header(alias="X-Studio-Session")] = None
) -> Session:
    """A FastAPI dependency: the session whose token came along with its user's login, or 401."""
    session = found(studio.sessions.get(token, user_of(request)), ENDED_SESSION, 401)
    setattr(request.state, PROJECT, session.project.id)
    return session


Mine = Annotated[Session, Depends(session_of)]


def writer_of(session: Mine) -> Session:
    """A FastAPI dependency: the session of the page that may write to its project; 423 for others."""
    if not session.writes:
        raise HTTPException(423, TAKEN)
    return session


Writing = Annotated[Session, Depends(writer_of)]


def found(value: T | None, detail: str, status: int = 404) -> T:
    """The value; where there is none the answer is `detail`."""
    if value is None:
        raise HTTPException(status, detail)
    return value


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


Layout = Annotated[Measures, Depends(measures)]


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


async def sent_file(request: Request, name: Annotated[str, Header(alias="X-File-Name")]) -> AsyncIterator[Path]:
    """A FastAPI dependency: the file in the body, on the disk while it is answered; `BodyLimit` says how large."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / safe_name(unquote(name))
        with path.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        yield path


SentFile = Annotated[Path, Depends(sent_file)]


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
    op = JSON_OBJECT.validate_json(text) if text else {}
    if text and not isinstance(op.get("tool"), str):
        raise HTTPException(422, 'Expected an edit as a JSON object with a "tool".')
    return op


async def posted_settings(request: Request, layout: Measures) -> tuple[LabelMap, Json]:
    """The label map, after it settings as a JSON object."""
    size = layout.width * layout.height
    body = await read_body(
        request, size, size + MAX_SETTINGS_BYTES, f"{layout.width} x {layout.height} labels, settings"
    )
    return map_from(body[:size], layout), JSON_OBJECT.validate_json(body[size:])


def map_response(label_map: LabelMap, sector: BoolMask | None = None, **headers: str) -> Response:
    """Label ids, after them the sector where there is one."""
    height, width = label_map.shape
    measured = {
        "X-Width": str(width),
        "X-Height": str(height),
        "X-Spacing": spacing_words(label_map.spacing_mm),
        **headers,
    }
    body = label_map.ids.tobytes() + (b"" if sector is None else sector.astype(np.uint8).tobytes())
    return Response(body, media_type=RAW, headers=measured)


def spacing_words(spacing: Spacing | None) -> str:
    """As the page writes it: "y,x" in mm, or empty."""
    return "" if spacing is None else f"{spacing[0]!r},{spacing[1]!r}"


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A file that the browser saves under this name."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def png_response(image: GrayImage, notice: str = NOTICE, spacing: Spacing | None = None) -> Response:
    """A frame for the screen, with a notice of what it is; a real one has none. A spacing stands in X-Spacing."""
    packed = io.BytesIO()
    text = PngInfo()
    if notice:
        text.add_text("Comment", notice)
    Image.fromarray(image).save(packed, "PNG", compress_level=1, pnginfo=text)
    headers = None if spacing is None else {"X-Spacing": spacing_words(spacing)}
    return Response(packed.getvalue(), media_type="image/png", headers=headers)
