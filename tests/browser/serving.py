"""An application on a free port, for as long as a block runs."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from fastapi import FastAPI
from starlette.applications import Starlette

from echo_studio.studio.studio import Studio


def whole_app(studio: Studio) -> FastAPI:
    """The application with its page; built in a loop, because Gradio makes several where none runs and closes none."""
    from echo_studio.web.server import create_app

    async def built() -> FastAPI:
        return create_app(studio)

    with ThreadPoolExecutor(1) as pool:  # where Playwright's loop runs, a second one cannot
        return pool.submit(asyncio.run, built()).result()


@contextmanager
def serving(app: Starlette, port: int = 0, root_path: str = "") -> Iterator[str]:
    """Where the application answers; on a free port unless one is given. `root_path`: what a proxy takes off."""
    import uvicorn

    from echo_studio.web.launch import StudioServer

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = StudioServer(uvicorn.Config(app, log_level="warning", root_path=root_path), app.state.end_streams)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 120
    while not server.started:
        assert time.monotonic() < deadline, "the studio did not start within two minutes"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
