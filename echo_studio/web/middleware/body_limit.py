"""A limit on request bodies: Gradio's `max_file_size` counts uploads only, and JSON bodies have none."""

from collections import Counter
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echo_studio.web.paths import route_path
from echo_studio.web.wire.wire import USER

MAX_JSON = 16 << 20  # parsed, it takes ten times as much memory
FILES_OF_ONE, FILES_OF_ALL = 2, 8  # large files that may be on their way: each may take half a gigabyte of disk


class BodyTooLarge(Exception):
    """More bytes arrived than were announced or allowed."""


class BodyLimit:
    """ASGI middleware that answers 413 to bodies that are too large, announced or streamed, and 503 to too many files.

    A page that closes while it sends gets no answer and leaves no trace in the log.

    Args:
        max_bytes: for every path that `larger` does not name; JSON may have `MAX_JSON`.
        larger: the limit of single paths that take files; a user may send `FILES_OF_ONE` of them at a time.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = dict(larger or {})
        self._coming: Counter[str] = Counter()  # files on their way, by user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        path = route_path(scope)
        limit = self.larger.get(path, self.max_bytes)
        if headers.get(b"content-type", b"").startswith(b"application/json"):
            limit = min(limit, MAX_JSON)
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            await _refuse(limit, scope, receive, send)
        elif path in self.larger:
            await self._file(limit, scope, receive, send)
        else:
            await self._counted(limit, scope, receive, send)

    async def _file(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        user = scope.get(USER, "")
        # Without a login all are one user, who may be several people.
        if self._coming.total() >= FILES_OF_ALL or (user and self._coming[user] >= FILES_OF_ONE):
            detail = "Other files are on their way already. Open this one when they are there."
            await JSONResponse({"detail": detail}, 503)(scope, receive, send)
            return
        self._coming[user] += 1
        try:
            await self._counted(limit, scope, receive, send)
        finally:
            self._coming[user] -= 1

    async def _counted(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except BodyTooLarge:
            if started:
                raise
            await _refuse(limit, scope, receive, send)
        except ClientDisconnect:
            pass  # a page that closed while it sent: nobody waits for an answer


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    detail = f"Expected at most {limit // 2**20} MiB in one request. Send a smaller file."
    await JSONResponse({"detail": detail}, status_code=413)(scope, receive, send)
