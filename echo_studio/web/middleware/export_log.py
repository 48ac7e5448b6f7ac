"""A line in the audit log for each file that somebody downloads, whichever route gives it."""

import hashlib
import logging
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echo_studio.errors import OutputError
from echo_studio.studio.users.audit_log import AuditLog
from echo_studio.web.paths import route_path
from echo_studio.web.wire.wire import PROJECT, USER

log = logging.getLogger(__name__)


class AuditLogMiddleware:
    """ASGI middleware: the last byte of a file leaves after its line is on the disk, or does not leave."""

    def __init__(self, app: ASGIApp, audit_log: AuditLog) -> None:
        self.app = app
        self.audit_log = audit_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})  # where a route puts the project
        begin: list[Message] = []
        digest, size, sent, refused = hashlib.sha256(), 0, False, False

        async def watched(message: Message) -> None:
            nonlocal size, sent, refused
            if message["type"] == "http.response.start":
                if _is_file(message):
                    begin.append(message)
                    return
            elif begin and not refused:
                body = message.get("body", b"")
                size += len(body)
                await run_in_threadpool(digest.update, body)
                if not message.get("more_body"):
                    try:
                        await run_in_threadpool(self._note, scope, begin[0], digest.hexdigest(), size)
                    except OutputError as error:
                        refused = True
                        log.exception("an export was refused")
                        if sent:
                            raise
                        await JSONResponse({"detail": f"Nothing was exported: {error}"}, 507)(scope, receive, send)
                if not sent and not refused:
                    sent = True
                    await send(begin[0])
            if not refused:
                await send(message)

        await self.app(scope, receive, watched)

    def _note(self, scope: Scope, begin: Message, sha256: str, size: int) -> None:
        self.audit_log.write(
            "export",
            scope.get(USER, ""),
            address=scope["client"][0] if scope.get("client") else "",
            project=scope["state"].get(PROJECT, ""),
            what=route_path(scope),
            file=unquote(Headers(raw=begin["headers"])["content-disposition"].partition("filename=")[2].strip('"')),
            bytes=size,
            sha256=sha256,
        )


def _is_file(begin: Message) -> bool:
    disposition = Headers(raw=begin["headers"]).get("content-disposition", "")
    return begin["status"] in (200, 206) and disposition.startswith("attachment")
