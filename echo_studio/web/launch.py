"""Starts the studio: `echo-studio app` and `python app.py` come here."""

import gc
import os
import socket
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path

import uvicorn

from echo_studio.errors import RequestError
from echo_studio.studio.users.users import Users

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEFAULT_PORT = 7860

NO_LOGIN = (
    "Warning: everyone who can reach this address can use the studio; start it with --auth FILE to ask for a login."
)
NO_TLS = "Passwords and pictures cross the network as they are; put a proxy with TLS in front of the studio."

# Nothing leaves the machine. Gradio and the hub client read these when they are imported.
OFFLINE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    # Gradio also sums up every event in memory for a dashboard that is off; never do so.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**31),
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def serve(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    projects: Path | None = None,
    auth: Path | None = None,
    root_path: str = "",
) -> None:
    """Serve the studio on the bundled checkpoints until it is stopped.

    Args:
        auth: a file of users (`studio.users.users`): nobody gets in without a login, and each has own projects.
        root_path: the prefix under which a proxy serves the studio, such as "/echo"; the proxy takes it off.

    Raises:
        DataError: `auth` is no file of users.
        RequestError: the port is taken or the address is not this machine's.
        OutputError: the folder of the projects cannot be written.
        CheckpointError: the bundled checkpoints are missing or altered.
    """
    users = Users(auth) if auth is not None else None
    if users is not None:
        users.hashes()  # a wrong file is refused before anything is loaded
    listener = listen(host, port)
    stay_offline(os.environ)
    # The browser shares the cores: threads that spin while they wait made two programs side by side twice as slow.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Only now, because Gradio decides about analytics while it is imported.
    from echo_studio.project.library import Library, default_root  # noqa: PLC0415
    from echo_studio.studio.engine.engine import Engine  # noqa: PLC0415
    from echo_studio.studio.studio import Studio  # noqa: PLC0415
    from echo_studio.web.server import create_app  # noqa: PLC0415

    library = Library(projects or default_root())
    library.prepare()
    app = create_app(Studio(Engine(), library), users)
    # What was loaded by now stays: to search it for garbage stops every thread for half a second, in mid-drag too.
    gc.collect()
    gc.freeze()
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"Echo Studio: http://{shown}:{listener.getsockname()[1]}  (Ctrl+C stops it)\n")
    if line := warning(host, login=users is not None):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", access_log=False, root_path=root_path.rstrip("/"))
    StudioServer(config, app.state.end_streams).run(sockets=[listener])


class StudioServer(uvicorn.Server):
    """Ends the streams of open pages before it stops: else it would wait until the pages are closed."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def warning(host: str, *, login: bool) -> str:
    """A line on what others can do who reach this address; "" where nobody else does."""
    if host in LOOPBACK:
        return ""
    return NO_TLS if login else NO_LOGIN


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address, before anything slow is loaded: a taken port is refused at once.

    Raises:
        RequestError: the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sends at once (TCP_NODELAY): else a body waits 40 ms for the client's ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # On Windows this option would let two programs share the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise RequestError(
            expected="an address and a port that are free",
            got=f"{host}:{port} ({getattr(error, 'strerror', None) or error})",
            remedy="choose another with --host or --port",
        ) from error
    return listener


def stay_offline(environment: MutableMapping[str, str]) -> None:
    """Turn telemetry off, and keep proxies away from the page's own address."""
    environment.update(OFFLINE)
    for name in ("NO_PROXY", "no_proxy"):
        known = [entry for entry in environment.get(name, "").split(",") if entry]
        environment[name] = ",".join(dict.fromkeys([*known, *LOOPBACK]))
