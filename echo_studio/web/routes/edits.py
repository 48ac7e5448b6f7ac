"""Stateless edits: the page sends its map and gets a changed one, handles or measurements back."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.edits.apply import sector_after
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.inspect import SLOTS, inspect_map, inspect_pair
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.data.deform import apply_edit
from echo_studio.errors import EchoStudioError
from echo_studio.studio.studio import Studio
from echo_studio.types import BoolMask, Json, View
from echo_studio.web.wire.wire import (
    Measures,
    map_from,
    map_response,
    measures,
    posted_edit,
    posted_map,
    read_body,
    session_getter,
)


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token

    @router.post("/edit")
    async def edit(
        request: Request,
        layout: Annotated[Measures, Depends(measures)],
    ) -> Response:
        label_map, sector, op = await posted_edit(request, layout)

        def changed() -> tuple[LabelMap, BoolMask]:
            after = apply_edit(label_map, op)
            return after, sector_after(label_map, sector, after, op)

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

    @router.post("/inspect")
    async def inspect(
        request: Request,
        layout: Annotated[Measures, Depends(measures)],
        view: View,
    ) -> Json:
        return await run_in_threadpool(inspect_map, await posted_map(request, layout), view)

    @router.post("/pair")
    async def pair(request: Request, slots: str) -> Json:
        """Volumes and EF of the maps of up to four view slots.

        `slots` is JSON: [{"name", "width", "height", "spacing"}, ...]; the body is their labels, one map after another.
        """
        layouts = _layouts(slots)
        size = sum(layout.width * layout.height for layout in layouts.values())
        body = await read_body(request, size, size, f"the labels of {len(layouts)} maps")
        maps: dict[str, LabelMap] = {}
        for name, layout in layouts.items():
            end = layout.width * layout.height
            maps[name], body = map_from(body[:end], layout), body[end:]
        return await run_in_threadpool(inspect_pair, maps)

    return router


def _layouts(told: str) -> dict[str, Measures]:
    """How the maps of the slots are laid out, by the slots' names; 422 where that is not told."""
    try:
        slots = [(slot["name"], slot["width"], slot["height"], slot["spacing"]) for slot in json.loads(told)]
    except (ValueError, TypeError, KeyError, RecursionError):
        slots = []
    for name, width, height, spacing in slots:
        if name not in SLOTS or type(width) is not int or type(height) is not int or not isinstance(spacing, str):
            slots = []
    if not slots:
        raise HTTPException(422, f"Expected name, width, height and spacing of maps for {', '.join(SLOTS)}.")
    return {name: measures(width, height, spacing) for name, width, height, spacing in slots}
