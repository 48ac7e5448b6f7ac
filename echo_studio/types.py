"""The few types that every layer shares. No torch here: `anatomy` and `web` import this module."""

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

LabelIds: TypeAlias = npt.NDArray[np.uint8]  # (h, w), ids of `camus+sector/2`
GrayImage: TypeAlias = npt.NDArray[np.uint8]  # (h, w), 0 black, 255 white
BoolMask: TypeAlias = npt.NDArray[np.bool_]  # (h, w)
FloatArray: TypeAlias = npt.NDArray[np.float64]
Spacing: TypeAlias = tuple[float, float]  # (y, x), mm a pixel
Json: TypeAlias = dict[str, Any]

View = Literal["2CH", "4CH"]
Phase = Literal["ED", "ES"]

# In class-index order: a network's embedding row is the position in the tuple.
VIEWS: tuple[View, ...] = ("2CH", "4CH")
PHASES: tuple[Phase, ...] = ("ED", "ES")
