"""The Models tab: what there is and what is loaded, load, unload, import, remove."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool

from echo_studio.errors import EchoStudioError
from echo_studio.types import Json
from echo_studio.web.wire.answers import status_of
from echo_studio.web.wire.wire import TheStudio, session_of, user_of

MAX_WEIGHTS = 2 * 2**30  # bytes that may be sent; `generate.importing` has the same limit
MAX_CARD = 2**20

router = APIRouter(prefix="/models", dependencies=[Depends(session_of)])  # no route opens without a token


@router.get("")
def models(studio: TheStudio) -> Json:
    return {
        "models": studio.engine.models(),
        "solvers": {name: title for title, name in studio.engine.solvers()},
        "limits": {"weights": MAX_WEIGHTS, "card": MAX_CARD},
    }


@router.post("/import")
async def take_in(
    studio: TheStudio,
    request: Request,
    card: Annotated[int, Query(ge=2, le=MAX_CARD)],
    name: Annotated[str, Query()] = "",
) -> dict[str, str]:
    """The body is card.json, `card` bytes, and after it model.safetensors. `name`: to import it under."""
    _check_alone(request)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        await _save(request, folder, card)
        try:
            taken_in = await run_in_threadpool(studio.engine.import_model, folder, name)
        except EchoStudioError as error:
            # Where it was kept on its way says nothing to the person.
            words = str(error).replace(f"{folder}/", "").replace(str(folder), "the folder")
            raise HTTPException(status_of(error, request.method), words) from error
    return {"name": taken_in.name}


@router.post("/{name}/load")
def load(studio: TheStudio, name: str) -> Json:
    studio.engine.load(name)
    return models(studio)


@router.post("/{name}/unload")
def unload(studio: TheStudio, name: str) -> Json:
    studio.engine.unload(name)
    return models(studio)


@router.delete("/{name}")
def remove(studio: TheStudio, request: Request, name: str) -> Json:
    _check_alone(request)
    studio.engine.remove_model(name)
    return models(studio)


def _check_alone(request: Request) -> None:
    """Models are everybody's: where several people log in, none of them puts one in or takes one away."""
    if user_of(request):
        raise HTTPException(403, "All users share the models: who runs the studio imports and removes them.")


async def _save(request: Request, folder: Path, card: int) -> None:
    """The first `card` bytes go to one file, the others to the second, as they come; `BodyLimit` says how many."""
    with (folder / "card.json").open("wb") as first, (folder / "model.safetensors").open("wb") as second:
        async for chunk in request.stream():
            first.write(chunk[:card])
            second.write(chunk[card:])
            card -= min(card, len(chunk))
