"""A proxy as people put in front of a studio."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

HOPS = ("connection", "keep-alive", "transfer-encoding", "host", "content-length")


def proxy_of(upstream: str, prefix: str = "", holds: str = "") -> Starlette:
    """A proxy in front of a studio.

    Args:
        prefix: that it serves the studio under, and takes off.
        holds: a path whose answer it lets pass only once it has ended, as proxies do that buffer.
    """

    @asynccontextmanager
    async def connected(proxy: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=upstream, timeout=None) as client:
            proxy.state.client = client
            yield

    async def forward(request: Request) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in HOPS]
        path = request.url.path.removeprefix(prefix)
        url = path + (f"?{request.url.query}" if request.url.query else "")
        client = request.app.state.client
        sent = client.build_request(request.method, url, headers=headers, content=await request.body())
        reply = await client.send(sent, stream=True)
        kept = {name: value for name, value in reply.headers.items() if name not in HOPS}
        if path == holds:
            kept.pop("content-encoding", None)
            return Response(await reply.aread(), reply.status_code, kept)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for chunk in reply.aiter_raw():
                    yield chunk
            finally:
                await reply.aclose()

        return StreamingResponse(body(), reply.status_code, kept)

    routes = [Route(f"{prefix}/{{path:path}}", forward, methods=["GET", "HEAD", "POST", "PUT", "DELETE"])]
    proxy = Starlette(routes=routes, lifespan=connected)
    proxy.state.end_streams = lambda: None
    return proxy
