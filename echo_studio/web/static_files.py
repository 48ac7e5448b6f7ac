"""The page's scripts: ES modules below one URL that names their version, so that browsers may keep them for good."""

import hashlib
import os
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from echo_studio.web.paths import PREFIX

STATIC = Path(__file__).parent / "static"


@cache
def static_version() -> str:
    """Twelve hex digits that change with any of the scripts."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.js")):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def static_path() -> str:
    """Where the scripts are served; a page of another version finds nothing there."""
    return f"{PREFIX}/static/{static_version()}"


class Scripts(StaticFiles):
    """The folder of scripts. Private: with users there is a login before it."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        if Path(full_path).suffix == ".js":  # a machine's own table of types may say otherwise; modules need this one
            response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        return response
