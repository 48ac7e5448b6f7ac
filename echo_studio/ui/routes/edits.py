"""Stateless edits: the page sends its map and gets a changed one, handles or measurements back."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.edits import apply_edit, fan_after
from echo_studio.anatomy.handles import automatic_handles
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import EchoStudioError
from echo_studio.types import BoolMask, Json
from echo_studio.ui.routes.wire import (
    Measures,
    map_response,
    measures,
    posted_edit,
    posted_map,
    session_getter,
)
from echo_studio.ui.studio import Studio


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token

    @router.post("/edit")
    async def edit(
        request: Request,
        layout: Annotated[Measures, Depends(measures)],
    ) -> Response:
        label_map, fan, op = await posted_edit(request, layout)

        def changed() -> tuple[LabelMap, BoolMask]:
            after = apply_edit(label_map, op)
            return after, fan_after(label_map, fan, after, op)

        try:
            return map_response(*await run_in_threadpool(changed))
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error

    @router.post("/handles")
    async def handles(
        request: Request,
        layout: Annotated[Measures, Depends(measures)],
    ) -> list[Json]:
        label_map = await posted_map(request, layout)
        found = await run_in_threadpool(automatic_handles, label_map)
        return [{"key": h.key, "structure": h.structure, "place": list(h.place)} for h in found]

    return router
