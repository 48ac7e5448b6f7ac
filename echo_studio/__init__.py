"""Echo Studio: paint a heart, see the echocardiogram that it would give.

    import echo_studio as es

    generator = es.load_generator("edm-l64")
    made = generator(es.template("4ch-ed"), view="4CH", phase="ED", seed=1)
    print(made.image.shape, made.record.to_json())

The names in `__all__` are public; everything else may change. A name is loaded when it is first used.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "CamusFolder",
    "EchoStudioError",
    "LabelMap",
    "apply_defect",
    "list_generators",
    "load_generator",
    "load_segmenter",
    "load_video_generator",
    "measure",
    "reshape",
    "template",
    "what_if",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module("echo_studio.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
