"""Libraries that only some exports and clusters need: imported late; the error names the extra that brings them."""

import importlib
from typing import Any

from echo_studio.errors import OutputError, raised_as


def need(module: str, extra: str) -> Any:
    """The module, where it is installed.

    Raises:
        OutputError: it is not; the message names the extra.
    """
    with raised_as(
        OutputError,
        ImportError,
        expected=f"the library {module.partition('.')[0]} for this command",
        remedy=f'install it: pip install "echo-studio[{extra}]"',
    ):
        return importlib.import_module(module)
