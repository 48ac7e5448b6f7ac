"""`echo-studio app`: start the studio."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_json


def app(
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anything but 127.0.0.1 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    projects: Annotated[
        Path | None, typer.Option(help="Folder of the projects; this person's data folder by default.")
    ] = None,
    auth: Annotated[
        Path | None,
        typer.Option(help="File of users who may log in, made by `echo-studio user add NAME --auth FILE`."),
    ] = None,
    root_path: Annotated[
        str, typer.Option(help="Prefix under which a proxy serves the studio, such as /echo; the proxy takes it off.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Start the studio and serve its page until Ctrl+C. Works without a network.

    \b
    Example:
      echo-studio app --port 7861
    """
    from echo_studio.web.launch import listen, serve

    if not as_json:
        serve(host, port, projects, auth, root_path)
        return
    listen(host, port).close()  # a taken port is refused before the address is announced
    print_json({"url": f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"})
    sys.stdout.flush()
    with contextlib.redirect_stdout(sys.stderr):
        serve(host, port, projects, auth, root_path)
