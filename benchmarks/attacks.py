"""What an attacker would try on a studio with users; each try with whether it was refused."""

import gzip
import http.client
import io
import secrets
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

TOKEN = "X-Studio-Session"
COOKIE = "echo_studio_login"
MEBI = 1 << 20
SECRETS = ("root:", "scrypt$")  # of /etc/passwd, of the file of users
GET_PATHS = (
    *("/", "/config", "/theme.css", "/studio/catalog", "/studio/projects", "/studio/project", "/studio/project/copy"),
    *(
        "/studio/jobs/1",
        "/studio/jobs/1/frame",
        "/studio/results",
        "/studio/comparisons",
        "/studio/videos",
        "/studio/models",
    ),
    *("/gradio_api/queue/data?session_hash=a", "/gradio_api/heartbeat/a", "/gradio_api/info", "/gradio_api/app_id"),
    *("/assets/index.js", "/static/img/logo.svg", "/gradio_api/file=/etc/passwd", "/monitoring", "/manifest.json"),
)
POST_PATHS = (
    *("/studio/sessions?project=new", "/studio/leave", "/studio/jobs", "/studio/open", "/studio/projects/import"),
    *("/studio/models/import?card=2", "/studio/edit?width=8&height=8", "/studio/comparisons", "/logout"),
    *("/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/call/open_session", "/gradio_api/run/predict"),
)
TRAVERSALS = (
    *(
        "/studio/projects/..%2f..%2fusers.json/label-map",
        "/studio/slots/..%2f..%2fusers.json",
        "/assets/..%2f..%2f..%2fetc/passwd",
    ),
    *("/static/..%2f..%2f..%2f..%2f..%2fetc/passwd", "/svelte/..%2f..%2fetc/passwd", "/gradio_api/file=/etc/passwd"),
    *(
        "/gradio_api/file=..%2f..%2fusers.json",
        "/gradio_api/proxy=http://127.0.0.1/",
        "/studio/templates/..%2f..%2fusers.json",
    ),
    *("/studio/jobs/1/download/..%2f..%2fusers.json", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd"),
)


def attacks(address: str, password: str, projects: Path) -> list[tuple[str, bool]]:
    """(what was tried, whether it was refused). There have to be users `anna` and `ben` with this password."""
    stranger = httpx.Client(base_url=address, timeout=300)
    anna, ben = (_logged_in(address, name, password) for name in ("anna", "ben"))
    tries = (*_without_login(stranger), *_forged(address, anna, ben), *_others(anna, ben), *_traversal(ben))
    done = [(name, act()) for name, act in (*tries, *_bombs(ben))]
    users = projects / "users"
    strays = [path.name for path in users.rglob("*evil*")] + [path.name for path in projects.parent.glob("*evil*")]
    return [*done, ("a file outside its place after all that", not strays)]


def _logged_in(address: str, name: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=300)
    assert client.post("/login", data={"name": name, "password": password}).status_code == 303
    token = client.post("/studio/sessions", params={"project": "new", "user": name}).json()["token"]
    client.headers[TOKEN] = token
    return client


Try = tuple[str, Callable[[], bool]]


def _without_login(stranger: httpx.Client) -> Iterator[Try]:
    for method, paths in (("GET", GET_PATHS), ("POST", POST_PATHS), ("DELETE", ("/studio/projects/" + "a" * 22,))):
        for path in paths:
            yield (
                f"without a login: {method} {path}",
                lambda m=method, p=path: stranger.request(m, p).status_code == 401,
            )
    wrong = {"name": "anna", "password": "a wrong password"}
    yield "a wrong password", lambda: stranger.post("/login", data=wrong).status_code in (401, 429)


def _forged(address: str, anna: httpx.Client, ben: httpx.Client) -> Iterator[Try]:
    real, theirs = anna.cookies[COOKIE], anna.headers[TOKEN]
    for cookie in ("", "x", secrets.token_urlsafe(32), real[:-1], real + "a", real.swapcase(), "anna"):
        with httpx.Client(base_url=address, cookies={COOKIE: cookie}, headers={TOKEN: theirs}) as forged:
            refused = forged.get("/studio/project").status_code == 401
        yield f"a forged cookie with a real token ({cookie[:6]}…)", lambda refused=refused: refused
    for token in ("", "x", secrets.token_urlsafe(32), theirs[:-1], theirs.swapcase(), "../" + theirs):
        yield (
            f"a forged session token ({token[:6]}…)",
            lambda t=token: anna.get("/studio/project", headers={TOKEN: t}).status_code == 401,
        )
    for path in (
        "/studio/project",
        "/studio/project/history",
        "/studio/project/copy",
        "/studio/results",
        "/studio/catalog",
    ):
        yield (
            f"another user's token with one's own cookie: {path}",
            lambda p=path: ben.get(p, headers={TOKEN: theirs}).status_code == 401,
        )


def _others(anna: httpx.Client, ben: httpx.Client) -> Iterator[Try]:
    project = anna.get("/studio/project").json()["id"]
    order = {"revision": 0, "live": False, "view": "4CH", "phase": "ED", "generator": "draft-l64", "solver": "euler"}
    job = anna.post("/studio/jobs", json={**order, "nfe": 1, "seed": 0}).json()["job"]
    yield "another's project opened", lambda: _opened(ben, project) != project
    yield "another's project listed", lambda: project not in ben.get("/studio/projects").text
    for path in (f"/studio/projects/{project}/label-map", f"/studio/jobs/{job}", f"/studio/jobs/{job}/frame"):
        yield f"another's {path.split('/')[2]} by its id", lambda p=path: ben.get(p).status_code in (404, 422)
    yield (
        "another's project deleted",
        lambda: (
            ben.delete(f"/studio/projects/{project}").status_code == 422
            and anna.get("/studio/project").status_code == 200
        ),
    )
    yield (
        "another's session ended",
        lambda: (
            ben.post("/studio/leave", content=anna.headers[TOKEN]) is not None
            and anna.get("/studio/project").status_code == 200
        ),
    )
    for kind in ("jobs", "comparisons", "videos", "results"):
        yield (
            f"guessed ids of {kind}",
            lambda k=kind: all(
                ben.get(f"/studio/{k}/{number}{'/frame' if k == 'results' else ''}").status_code in (404, 405, 422)
                for number in range(1, 20)
            ),
        )


def _opened(client: httpx.Client, project: str) -> str:
    token = client.post("/studio/sessions", params={"project": project, "user": "ben"}).json()["token"]
    found = client.get("/studio/project", headers={TOKEN: token}).json()["id"]
    client.post("/studio/leave", content=token)
    return str(found)


def _traversal(ben: httpx.Client) -> Iterator[Try]:
    for path in TRAVERSALS:
        yield f"path traversal: {path}", lambda p=path: _gives_nothing(ben.get(p))
    for name in ("..%2f..%2fevil.png", "..%5c..%5cevil.png", "%2fetc%2fevil.png", "evil.png%00.txt"):
        for route in ("open", "projects/import"):
            yield (
                f"an upload to {route} named {name}",
                lambda r=route, n=name: (
                    ben.post(f"/studio/{r}", content=b"x" * 100, headers={"X-File-Name": n}).status_code == 422
                ),
            )


def _gives_nothing(reply: httpx.Response) -> bool:
    return reply.status_code in (400, 403, 404, 405, 422) and not any(word in reply.text for word in SECRETS)


def _bombs(ben: httpx.Client) -> Iterator[Try]:
    def sent(path: str, content: object, expected: int, name: str = "evil.png", **headers: str) -> bool:
        reply = ben.post(path, content=content, headers={"X-File-Name": name, **headers})  # type: ignore[arg-type]
        return reply.status_code == expected

    yield "600 MiB announced", lambda: _announced(ben, 600 * MEBI) == 413
    yield "70 MiB in pieces where 64 are the limit", lambda: sent("/studio/edit?width=8&height=8", _pieces(70), 413)
    yield "20 MiB of JSON", lambda: sent("/studio/jobs", b" " * 20 * MEBI, 413, **{"Content-Type": "application/json"})
    deep, as_json = b"[" * 100_000, {"Content-Type": "application/json"}
    yield "JSON a hundred thousand levels deep", lambda: sent("/studio/jobs", deep, 400, **as_json)
    yield "a PNG of 13000 x 13000 in a few KB", lambda: sent("/studio/open", _png(13_000), 422)
    yield "a NIfTI of 4 GB in half a megabyte", lambda: sent("/studio/open", _nifti(), 422, "evil.nii.gz")
    yield (
        "a zip of 300 MB in a third of a megabyte as a project",
        lambda: sent("/studio/projects/import", _zip(), 422, "evil.echo"),
    )
    yield "a file for Gradio's upload", lambda: sent("/gradio_api/upload", b"x" * MEBI, 404)


def _announced(ben: httpx.Client, size: int) -> int:
    """The status where so many bytes are announced and none are sent; httpx would not lie, so without it."""
    plain = http.client.HTTPConnection(ben.base_url.host, ben.base_url.port, timeout=300)
    plain.putrequest("POST", "/studio/open")
    told = {"Content-Length": str(size), "X-File-Name": "a.png", TOKEN: ben.headers[TOKEN]}
    for name, value in {**told, "Cookie": f"{COOKIE}={ben.cookies[COOKIE]}"}.items():
        plain.putheader(name, value)
    plain.endheaders()
    status = plain.getresponse().status
    plain.close()
    return status


def _pieces(mebibytes: int) -> Iterator[bytes]:
    for _ in range(mebibytes):
        yield b"\0" * MEBI


def _png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side + 1)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _nifti() -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 32_000, 32_000, 4, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 2, 8)
    struct.pack_into("<f", header, 108, 352.0)
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header) + bytes(64 * MEBI), 9)


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("project.sqlite", "w") as file:
        for _ in range(300):
            file.write(bytes(MEBI))
    return packed.getvalue()
