"""Log in and log out: only where the studio was started with users."""

import asyncio
import logging
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from echo_studio.errors import EchoStudioError
from echo_studio.studio.studio import Studio
from echo_studio.studio.users.logins import HOURS, Attempts, Logins
from echo_studio.web.middleware.login import COOKIE, LOGIN
from echo_studio.web.paths import outer_path
from echo_studio.web.tabs.login_page import login_page, safe_next
from echo_studio.web.wire.wire import read_body, user_of

MAX_FORM_BYTES = 8192
WRONG = "Name or password are not right. Try again."
TOO_MANY = "Too many tries at once. Wait a few seconds, then try again."

log = logging.getLogger(__name__)


def login_routes(studio: Studio, logins: Logins) -> APIRouter:
    """`/login` and `/logout`."""
    router = APIRouter()
    hashing = asyncio.Semaphore(2)  # each takes 32 MiB and a core: strangers do not get more of the machine
    by_name, by_address = Attempts(free=3, at_once=4), Attempts(free=20, at_once=32)

    @router.get(LOGIN)
    def ask(request: Request) -> Response:
        wanted = request.query_params.get("next", "/")
        if user_of(request):
            return RedirectResponse(outer_path(request.scope, safe_next(wanted)), 303)
        return login_page(wanted=wanted)

    @router.post(LOGIN)
    async def log_in(request: Request) -> Response:
        form = await _form(request)
        name, wanted = form.get("name", "").strip().lower(), form.get("next", "/")
        address = request.client.host if request.client else ""
        # With the address: whoever guesses at a name elsewhere does not lock its owner out.
        token = None
        with by_address.trying(address) as first, by_name.trying((address, name[:64])) as second:
            if first.wait is None or second.wait is None:
                return login_page(TOO_MANY, name, wanted, 429)
            await asyncio.sleep(max(first.wait, second.wait))  # others are served meanwhile
            try:
                async with hashing:
                    token = await run_in_threadpool(logins.begin, name, form.get("password", ""))
                await run_in_threadpool(
                    studio.audit_log.write, "login" if token else "login refused", name[:64], address=address
                )
            except EchoStudioError as error:
                log.exception("a login failed")
                raise HTTPException(503, "The studio cannot let anybody in now; its terminal says why.") from error
            first.right = second.right = token is not None
        if token is None:
            return login_page(WRONG, name, wanted, 401)
        reply = RedirectResponse(outer_path(request.scope, safe_next(wanted)), 303)
        secure = request.url.scheme == "https"
        reply.set_cookie(COOKIE, token, max_age=HOURS * 3600, httponly=True, samesite="lax", secure=secure)
        return reply

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        """The page that logs out names its session, which ends too: its project is free at once."""
        user, form = user_of(request), await _form(request)
        session = studio.sessions.get(form.get("session"), user)
        if session is not None:
            studio.sessions.close(session.token)
        logins.end(request.cookies.get(COOKIE, ""))
        address = request.client.host if request.client else ""
        try:
            await run_in_threadpool(studio.audit_log.write, "logout", user, address=address)
        finally:
            reply = RedirectResponse(outer_path(request.scope, LOGIN), 303)
            reply.delete_cookie(COOKIE)
        return reply

    return router


async def _form(request: Request) -> dict[str, str]:
    body = await read_body(request, 0, MAX_FORM_BYTES, "a form")
    try:
        fields = parse_qs(body.decode(), max_num_fields=8, keep_blank_values=True)
    except ValueError as error:  # no UTF-8, too many fields
        raise HTTPException(422, "Expected a form with a name and a password.") from error
    return {name: values[-1] for name, values in fields.items()}
