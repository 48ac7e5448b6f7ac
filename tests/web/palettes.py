"""The label schema and the palettes of the page, read from its module."""

import json
import re
from typing import Any

from echo_studio.web.static_files import STATIC


def page_constants() -> dict[str, Any]:
    """{"LABELS": …, "PALETTES": …} of `common/labels.js`, whose values are JSON."""
    source = (STATIC / "common" / "labels.js").read_text(encoding="utf-8")
    return {
        name: json.loads(value)
        for name, value in re.findall(r"^export const (LABELS|PALETTES) = (.*?);$", source, re.M | re.S)
    }


def palette(name: str) -> list[tuple[int, int, int]]:
    """(r, g, b) for each label id, in order."""
    return [tuple(colour) for colour in page_constants()["PALETTES"][name]["colours"]]
