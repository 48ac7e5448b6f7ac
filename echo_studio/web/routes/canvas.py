"""The label map on the canvas: the page is the truth, the server mirrors every settled change and computes edits."""

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.edits.apply import sector_after
from echo_studio.anatomy.edits.place import defect_at
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.inspect import inspect_map, inspect_pair
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.data.deform import apply_edit
from echo_studio.errors import EchoStudioError
from echo_studio.types import BoolMask, Json, View
from echo_studio.web.wire.bodies import SLOT_LAYOUTS, DefectPlaceBody
from echo_studio.web.wire.wire import (
    TAKEN,
    Layout,
    Mine,
    TheStudio,
    map_from,
    map_response,
    measures,
    posted_edit,
    posted_map,
    posted_settings,
    read_body,
    session_of,
)

router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token


@router.get("/catalog")
def catalog(studio: TheStudio) -> Json:
    return studio.catalog()


@router.get("/templates/{name}")
def template(studio: TheStudio, name: str) -> Response:
    label_map = studio.templates.read(name)
    return map_response(label_map, sector_region(label_map))


@router.put("/label-map")
async def mirror(request: Request, session: Mine, layout: Layout, revision: int, position: int) -> dict[str, int]:
    """A settled change: with an edit in the body a new step of the history, without one a move along it."""
    label_map, sector, op = await posted_edit(request, layout)
    if not session.writes:
        raise HTTPException(423, TAKEN)
    try:
        taken = await run_in_threadpool(session.update, revision, position, label_map, sector, op)
    except EchoStudioError as error:
        raise HTTPException(507, str(error)) from error  # the page keeps the change and sends it again
    if not taken:
        raise HTTPException(409, "A newer label map has arrived already.")
    return {"revision": revision}


@router.post("/edit")
async def edit(request: Request, layout: Layout) -> Response:
    """The page sends its map and gets a changed one back."""
    label_map, sector, op = await posted_edit(request, layout)

    def changed() -> tuple[LabelMap, BoolMask]:
        after = apply_edit(label_map, op)
        return after, sector_after(label_map, sector, after, op)

    return map_response(*await run_in_threadpool(changed))


@router.post("/defect-place")
async def defect_place(request: Request, layout: Layout) -> Json:
    """The parameters with which a defect lies at a point; the defect stands behind the labels, as JSON."""
    label_map, settings = await posted_settings(request, layout)
    wanted = DefectPlaceBody.model_validate(settings)
    return await run_in_threadpool(defect_at, label_map, wanted.defect, wanted.values, wanted.point, wanted.view)


@router.post("/handles")
async def handles(request: Request, layout: Layout) -> list[Json]:
    label_map = await posted_map(request, layout)
    found = await run_in_threadpool(automatic_handles, label_map)
    return [{"key": h.key, "structure": h.structure, "place": list(h.place)} for h in found]


@router.post("/inspect")
async def inspect(request: Request, layout: Layout, view: View) -> Json:
    return await run_in_threadpool(inspect_map, await posted_map(request, layout), view)


@router.post("/pair")
async def pair(request: Request, slots: str) -> Json:
    """Volumes and EF of the maps of up to four view slots.

    `slots` is JSON: [{"name", "width", "height", "spacing"}, ...]; the body is their labels, one map after another.
    """
    layouts = {slot.name: measures(slot.width, slot.height, slot.spacing) for slot in SLOT_LAYOUTS.validate_json(slots)}
    size = sum(layout.width * layout.height for layout in layouts.values())
    body = await read_body(request, size, size, f"the labels of {len(layouts)} maps")
    maps: dict[str, LabelMap] = {}
    for name, layout in layouts.items():
        end = layout.width * layout.height
        maps[name], body = map_from(body[:end], layout), body[end:]
    return await run_in_threadpool(inspect_pair, maps)
