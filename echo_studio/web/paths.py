"""Paths of the studio, which a proxy may serve below a prefix (`echo-studio app --root-path`)."""

from collections.abc import Mapping
from typing import Any

PREFIX = "/studio"  # of every route of ours


def route_path(scope: Mapping[str, Any]) -> str:
    """The path of an ASGI request without the prefix."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if path == root or path.startswith(f"{root}/"):
        path = path[len(root) :]
    return path or "/"


def outer_path(scope: Mapping[str, Any], path: str) -> str:
    """A path of the studio as browsers see it."""
    return f"{scope.get('root_path', '')}{path}"
