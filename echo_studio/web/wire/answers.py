"""What a page hears of an error."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import JSONResponse

from echo_studio.errors import BusyError, EchoStudioError, NameTakenError, UnknownNameError
from echo_studio.web.wire.bodies import validation_message

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
