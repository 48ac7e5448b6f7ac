"""The command line `echo-studio`: one small module a command, listed in `run.py`."""

from echo_studio.cli.run import main

__all__ = ["main"]
