"""Echo Studio: paint a heart, see the echocardiogram that it would give."""

__version__ = "0.1.0"
