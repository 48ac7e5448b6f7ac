"""The page that asks for name and password. It needs no other file, so that nothing else is open to strangers."""

import base64
import hashlib
import html
import re
from functools import cache

from starlette.responses import HTMLResponse

from echo_studio.web.tabs.look import STATIC, first_paint

# Where a login may lead: the page, on one of the projects. No other site, and no route that does something.
NEXT = re.compile(r"/(\?project=[\w-]{1,64})?", re.ASCII)


def safe_next(wanted: str) -> str:
    """`wanted` where it is a place of the page, else the page."""
    return wanted if NEXT.fullmatch(wanted) else "/"


def login_page(problem: str = "", name: str = "", wanted: str = "/", status: int = 200) -> HTMLResponse:
    """Args:
    problem: a line for the person, or "".
    name: what was typed before.
    wanted: where the login leads.
    """
    template, policy = _template()
    shown = {
        "problem": f'<p role="alert">{html.escape(problem)}</p>' if problem else "",
        "next": html.escape(safe_next(wanted)),
        "name": html.escape(name[:64]),
        "focus_name": "" if name else "autofocus",
        "focus_password": "autofocus" if name else "",
    }
    page = re.sub(r"\{(\w+)\}", lambda found: shown.get(found[1], found[0]), template)
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(page, status, headers)


@cache
def _template() -> tuple[str, str]:
    """The page but for what changes, and what a browser may do in it: run the one script that is in it."""
    head = first_paint()
    script = re.search(r"<script>(.*)</script>", head, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return (STATIC / "login.html").read_text(encoding="utf-8").replace("{head}", head), policy
