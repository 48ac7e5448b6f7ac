"""What a page hears of an error, and of a job that goes on."""

import asyncio
import time
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import JSONResponse

from echo_studio.errors import BusyError, EchoStudioError, NameTakenError, UnknownNameError
from echo_studio.studio.jobs.job import Job
from echo_studio.web.wire.bodies import validation_message

WATCH_SECONDS = 10.0
POLL_SECONDS = 0.02
COUNT_SECONDS = 0.1  # NFE are counted for the page so often; a picture or an end is sent at once
STATUS: dict[type[EchoStudioError], int] = {BusyError: 503, NameTakenError: 409}


def status_of(error: EchoStudioError, method: str) -> int:
    """The HTTP status of one of our errors."""
    if isinstance(error, UnknownNameError) and method == "GET":
        return 404  # the name stands in the address
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 422)


def answer_errors(app: FastAPI) -> None:
    """Let `app` answer our errors, and bodies that pydantic refuses, with one line for a person as `detail`."""

    def answer(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, EchoStudioError):
            return JSONResponse({"detail": str(error)}, status_of(error, request.method))
        assert isinstance(error, RequestValidationError | ValidationError)
        return JSONResponse({"detail": validation_message(list(error.errors()))}, 422)

    for kind in (EchoStudioError, RequestValidationError, ValidationError):
        app.add_exception_handler(kind, answer)


async def wait_for_news(request: Request, job: Job[Any, Any], seen: int, count_seconds: float = COUNT_SECONDS) -> None:
    """Return once the job's progress is newer than `seen`: news at once, counts after `count_seconds`.

    If nothing happens it returns after `WATCH_SECONDS` all the same, and at once when the page is gone.
    """
    asked = time.monotonic()
    while job.news <= seen and not await request.is_disconnected():
        waited = time.monotonic() - asked
        if waited >= WATCH_SECONDS or (job.stamp > seen and waited >= count_seconds):
            return
        await asyncio.sleep(POLL_SECONDS)
