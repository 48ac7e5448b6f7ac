"""What is found in a label map is found once: maps never change, and everybody asks for the same few things."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from echo_studio.anatomy.label_map import LabelMap

Found = TypeVar("Found")


def once(find: Callable[[LabelMap], Found]) -> Callable[[LabelMap], Found]:
    """A function of a label map alone whose answer the map keeps, as long as it lives; errors are not kept.

    Answers are shared: give back what nobody can change.
    """
    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def found(label_map: LabelMap) -> Found:
        if name not in label_map.findings:
            label_map.findings[name] = find(label_map)
        answer: Found = label_map.findings[name]
        return answer

    return found
