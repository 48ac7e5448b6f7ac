"""What the page needs before Gradio is there: its own `head` comes late, and a wrong colour would flash up."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

END = b"</head>"


class FirstPaint:
    """ASGI middleware that puts `head` (HTML) at the end of the head of the page at `/`."""

    def __init__(self, app: ASGIApp, head: str) -> None:
        self.app = app
        self.head = head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
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
