"""What Gradio gives too late or too freely: the page's look before Gradio is there, and routes that nobody needs."""

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echo_studio.web.paths import route_path

END = b"</head>"
GRADIO = "/gradio_api/"
NEEDED = (f"{GRADIO}queue/", f"{GRADIO}heartbeat/")  # a session begins with the one and ends with the other


class FirstPaint:
    """ASGI middleware that puts `head` (HTML) at the end of the head of the page at `/`."""

    def __init__(self, app: ASGIApp, head: str) -> None:
        self.app = app
        self.head = head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or route_path(scope) != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        # Compressed, the page could not be read here.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        held: list[Message] = []
        page = bytearray()

        async def add_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            page.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            whole = bytes(page).replace(END, self.head + END, 1)
            MutableHeaders(scope=held[0])["content-length"] = str(len(whole))
            await send(held[0])
            await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": plain}, receive, add_head)


class NeededRoutes:
    """ASGI middleware: 404 for Gradio's uploads, files, proxies and the like, whose limits are not the studio's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = route_path(scope) if "path" in scope else ""
        if scope["type"] == "http" and path.startswith(GRADIO) and not path.startswith(NEEDED):
            await JSONResponse({"detail": "The studio does not use this route."}, 404)(scope, receive, send)
            return
        await self.app(scope, receive, send)
