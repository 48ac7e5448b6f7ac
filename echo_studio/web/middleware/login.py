"""Nothing without a login: what is not named here is refused, whichever route answers it, ours or Gradio's."""

from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echo_studio.studio.users.logins import Logins
from echo_studio.web.paths import PREFIX, outer_path, route_path
from echo_studio.web.tabs.login_page import safe_next
from echo_studio.web.wire.wire import USER

COOKIE = "echo_studio_login"
LOGIN = "/login"
OPEN = frozenset({LOGIN})  # exact paths that need no login
ENDED_LOGIN = (
    "You are not logged in any more. What you drew is safe in this page: log in in another tab, and it goes on."
)
NEEDED = {"X-Studio-Login": "needed", "Cache-Control": "no-store"}
POLICY_VIOLATION = 1008


class LoginMiddleware:
    """ASGI middleware: requests of somebody who is logged in pass, with the user's name in `scope[USER]`."""

    def __init__(self, app: ASGIApp, logins: Logins) -> None:
        self.app = app
        self.logins = logins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        user = self.logins.user(HTTPConnection(scope).cookies.get(COOKIE, ""))
        if scope["type"] == "http" and _foreign(scope):
            await JSONResponse({"detail": "Sent from the page of another site."}, 403)(scope, receive, send)
        elif user is not None:
            await self.app({**scope, USER: user}, receive, _unkept(scope, send))
        elif scope["type"] == "http" and route_path(scope) in OPEN:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await _refusal(scope)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})


def _foreign(scope: Scope) -> bool:
    """Another site's page makes the browser act here; browsers say so, where they can be trusted to."""
    unsafe = scope["method"] not in ("GET", "HEAD", "OPTIONS")
    return unsafe and dict(scope["headers"]).get(b"sec-fetch-site") == b"cross-site"


def _unkept(scope: Scope, send: Send) -> Send:
    """After a logout nobody finds the page or its pictures in the browser's store."""
    path = route_path(scope)
    if not (path == "/" or path.startswith(f"{PREFIX}/")):
        return send

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
        await send(message)

    return marked


def _refusal(scope: Scope) -> Response:
    accept = dict(scope["headers"]).get(b"accept", b"")
    if scope["method"] == "GET" and b"text/html" in accept:
        query = scope["query_string"].decode("latin-1")
        path = route_path(scope)
        wanted = safe_next(f"{path}?{query}" if query else path)
        page = outer_path(scope, LOGIN)
        return RedirectResponse(page if wanted == "/" else f"{page}?next={quote(wanted, safe='')}", 303, NEEDED)
    return JSONResponse({"detail": ENDED_LOGIN}, 401, NEEDED)
