"""Libraries that only some exports and clusters need: imported late; the error names the extra that brings them."""

import importlib
from typing import Any

from echo_studio.errors import OutputError


def need(module: str, extra: str) -> Any:
    """The module, where it is installed.

    Raises:
        OutputError: it is not; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise OutputError(
            expected=f"the library {module.partition('.')[0]} for this command",
            got="none installed",
            remedy=f'install it: pip install "echo-studio[{extra}]"',
        ) from error
