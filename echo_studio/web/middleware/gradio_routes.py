"""Gradio's routes that this page needs. The others take files, give files or fetch from elsewhere: they are shut."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

GRADIO = "/gradio_api/"
NEEDED = (f"{GRADIO}queue/", f"{GRADIO}heartbeat/")  # a session begins with the one and ends with the other


class NeededRoutes:
    """ASGI middleware: 404 for Gradio's uploads, files, proxies and the like, whose limits are not the studio's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(GRADIO) and not path.startswith(NEEDED):
            await JSONResponse({"detail": "The studio does not use this route."}, 404)(scope, receive, send)
            return
        await self.app(scope, receive, send)
