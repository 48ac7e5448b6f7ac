"""What the page asks a set to be made of: label maps, deformations, defects, generators, seeds."""

from collections.abc import Mapping
from typing import Any, Protocol

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.shape.variation import SIDE
from echo_studio.dataset.build.manifest import BaseMap, SetRequest
from echo_studio.dataset.sources.base_maps import base_maps
from echo_studio.errors import DataError, RequestError
from echo_studio.studio.sessions import Session
from echo_studio.studio.sets.uploaded_maps import UploadedMaps
from echo_studio.types import PHASES, VIEWS, View

__all__ = ["Orders", "read_order"]

MAX_IN_PAGE = 200_000
MOST_NAMES = 64


class Orders(Protocol):
    """What makes an order of names; see `studio.set_maker.SetMaker`."""

    def order(
        self,
        maps: Any,
        generators: Any,
        solver: str,
        budgets: Any,
        ranges: Any,
        **how_many: Any,
    ) -> SetRequest: ...


def read_order(session: Session, told: Mapping[str, Any], uploaded_maps: UploadedMaps, orders: Orders) -> SetRequest:
    """The order of a page.

    Args:
        told: `maps` (canvas, slots, bundled or files), `revision`, `view` and `phase` of the canvas; `map_view` and
            `map_phase` of files, "" for what their names tell; `generators`, `solver`, `nfe` (a list); `variations`,
            `seeds`, `seed`; `ranges`, `defects` and `ef`.

    Raises:
        EchoStudioError: something in it is impossible.
    """
    maps = _maps(session, told, uploaded_maps)
    generators, budgets = told.get("generators"), told.get("nfe", [])
    for what, values, kind in (("generators", generators, str), ("NFE", budgets, int)):
        if not isinstance(values, list) or len(values) > MOST_NAMES or not all(type(one) is kind for one in values):
            raise _wrong(f"a list of {what}", values)
    counts = {name: told.get(name) for name in ("variations", "seeds", "seed")}
    for name, value in counts.items():
        if type(value) is not int:
            raise _wrong(f"a whole number of {name}", value)
    order = orders.order(
        maps,
        generators,
        str(told.get("solver", ""))[:MOST_NAMES],
        budgets,
        _numbers(told, "ranges", list),
        variations=counts["variations"],
        repeats=counts["seeds"],
        seed=counts["seed"],
        defects=_numbers(told, "defects", float),
        ef=_pair(told.get("ef")),
    )
    if order.count > MAX_IN_PAGE:
        raise RequestError(
            expected=f"at most {MAX_IN_PAGE:,} samples from the page",
            got=f"{order.count:,}",
            remedy="take fewer, or use `echo-studio synthesise`",
        )
    return order


def _maps(session: Session, told: Mapping[str, Any], uploaded_maps: UploadedMaps) -> tuple[BaseMap, ...]:
    kind = told.get("maps")
    view, phase = told.get("map_view") or None, told.get("map_phase") or None
    if view not in (None, *VIEWS) or phase not in (None, *PHASES):
        raise _wrong(f"{' or '.join(VIEWS)}, {' or '.join(PHASES)}", (view, phase))
    if kind == "bundled":
        return base_maps(None, view, phase)
    if kind == "files":
        if not uploaded_maps.names(session.token):
            raise DataError(expected="label maps", got="none sent yet", remedy="choose files first")
        return base_maps(uploaded_maps.of(session.token), view, phase)
    if kind == "slots":
        kept = session.project.slots()
        if not kept:
            raise DataError(
                expected="kept views", got="none", remedy="keep the canvas as 4CH-ED or another in the Edit tab"
            )
        return tuple(_slot(name, label_map) for name, label_map in kept.items())
    canvas = session.at(told["revision"]) if type(told.get("revision")) is int else None
    if kind != "canvas" or canvas is None:
        raise RequestError(
            expected="the label map that is on the canvas", got="one of another revision", remedy="press it again"
        )
    shown_view, shown_phase = told.get("view"), told.get("phase")
    if shown_view not in VIEWS or shown_phase not in PHASES:
        raise _wrong(f"{' or '.join(VIEWS)}, {' or '.join(PHASES)}", (shown_view, shown_phase))
    return (BaseMap("canvas", "canvas", shown_view, shown_phase, canvas.resized(SIDE, SIDE)),)


def _slot(name: str, label_map: LabelMap) -> BaseMap:
    """A kept view, whose name is such as 4CH-ED."""
    view: View = "2CH" if name.startswith("2CH") else "4CH"
    return BaseMap(name, name, view, "ES" if name.endswith("ES") else "ED", label_map.resized(SIDE, SIDE))


def _numbers(told: Mapping[str, Any], name: str, kind: type) -> dict[str, Any]:
    given = told.get(name, {})
    if not isinstance(given, dict) or len(given) > MOST_NAMES:
        raise _wrong(f"{name} by name", given)
    for value in given.values():
        values = value if kind is list and isinstance(value, list) else [value]
        if (kind is list and not isinstance(value, list)) or not all(_number(one) for one in values):
            raise _wrong(f"numbers as {name}", given)
    return dict(given)


def _pair(told: object) -> tuple[float, float] | None:
    if told is None:
        return None
    if isinstance(told, list) and len(told) == 2 and all(_number(one) for one in told):
        return told[0], told[1]
    raise _wrong("ejection fractions as [least, greatest]", told)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _wrong(expected: str, got: object) -> RequestError:
    return RequestError(expected=expected, got=f"{got!r}"[:80], remedy="mend it in the form")
