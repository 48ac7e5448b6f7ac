"""People at the studio without a browser: they speak the page's own protocol and keep the map as the page does."""

import collections
import json
import random
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

PASSWORD = "a password for trials"
TOKEN = "X-Studio-Session"
PATIENCE = 300.0  # seconds for one answer on a machine that does other things


@dataclass
class Tally:
    """What happened; shared by all sessions."""

    edits: int = 0
    frames: int = 0
    lost: int = 0
    errors: list[str] = field(default_factory=list)
    refusals: collections.Counter[str] = field(default_factory=collections.Counter)
    waits: dict[str, list[float]] = field(default_factory=lambda: collections.defaultdict(list))
    by_user: collections.Counter[str] = field(default_factory=collections.Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def waited(self, what: str, started: float) -> None:
        with self.lock:
            self.waits[what].append(time.perf_counter() - started)


class Person:
    """A session over HTTP: it holds the map, as the page does, and sends every change in order."""

    def __init__(self, address: str, name: str, tally: Tally, seed: int) -> None:
        self.name, self.tally = name, tally
        self.random = random.Random(seed)
        self.http = httpx.Client(base_url=address, timeout=PATIENCE)
        self.states: list[bytes] = []
        self.revision = self.position = 0
        self.event_id = ""  # of the last event of a job

    def enter(self) -> None:
        started = time.perf_counter()
        reply = self.http.post("/login", data={"name": self.name, "password": PASSWORD})
        assert reply.status_code == 303, f"login {reply.status_code}"
        self.tally.waited("login", started)
        token = self.ask("POST", f"/studio/sessions?project=new&user={self.name}").json()["token"]
        self.http.headers[TOKEN] = token
        told, ids = server_copy(self.http)
        self.width, self.height, self.sector = told["width"], told["height"], told["sector"]
        self.revision, self.position, self.states = told["revision"], told["position"], [ids]

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """An answer; 503 is told to the caller, everything else that is not well is an error."""
        reply = self.http.request(method, path, **options)  # type: ignore[arg-type]
        if reply.status_code >= 400 and reply.status_code != 503:
            raise RuntimeError(f"{method} {path.split('?', maxsplit=1)[0]}: {reply.status_code} {reply.text[:200]}")
        return reply

    def edit(self) -> None:
        """Paint a disc, or sometimes take the last one back."""
        undo = self.position > 1 and self.random.random() < 0.2
        if undo:
            op, self.position = b"", self.position - 1
            ids = self.states[self.position]
        else:
            place = [self.random.uniform(0.3, 0.7) * side for side in (self.height, self.width)]
            y, x = np.ogrid[: self.height, : self.width]
            disc = (y - place[0]) ** 2 + (x - place[1]) ** 2 < self.random.uniform(3, 12) ** 2
            canvas = np.frombuffer(self.states[self.position], np.uint8).reshape(self.height, self.width).copy()
            canvas[disc] = self.random.choice((1, 2, 3))
            ids, op = canvas.tobytes(), b'{"tool": "brush"}'
            self.position += 1
            self.states[self.position :] = [ids]
        self.revision += 1
        query = f"revision={self.revision}&position={self.position}&width={self.width}&height={self.height}"
        started = time.perf_counter()
        self.ask("PUT", f"/studio/label-map?{query}", content=ids + self.sector + op)
        self.tally.waited("edit saved", started)
        with self.tally.lock:
            self.tally.edits += 1

    def generate(self, generator: str) -> None:
        order = {"revision": self.revision, "live": self.random.random() < 0.5, "view": "4CH", "phase": "ED"}
        order |= {"generator": generator, "solver": "euler", "nfe": 1, "seed": self.random.randrange(1000)}
        started = time.perf_counter()
        reply = self.ask("POST", "/studio/jobs", json=order)
        if reply.status_code == 503:
            with self.tally.lock:
                self.tally.refusals[reply.json()["detail"]] += 1
            return
        told = reply.json()
        while told["state"] in ("waiting", "running"):
            told = self.news(told)
        if told["state"] != "done":
            raise RuntimeError(f"a job ended {told['state']}: {told['message']}")
        frame = self.ask("GET", f"/studio/jobs/{told['job']}/frame").content
        assert frame.startswith(b"\x89PNG"), "no frame"
        self.tally.waited("frame seen", started)
        with self.tally.lock:
            self.tally.frames += 1
            self.tally.by_user[self.name] += 1

    def news(self, told: dict[str, Any]) -> dict[str, Any]:
        """A newer state of a job, or the same one where nothing has happened for a while."""
        text = self.ask("GET", "/studio/events?once=true", headers={"Last-Event-ID": self.event_id}).text
        for event_id, data in re.findall(r"^id: (.+)\nevent: job\ndata: (.+)$", text, re.MULTILINE):
            self.event_id, state = event_id, json.loads(data)
            if state["number"] == told["number"]:
                told = state
        return told

    def live_until(self, end: float, generator: str) -> None:
        while time.monotonic() < end:
            for _ in range(self.random.randint(1, 3)):
                self.edit()
            self.generate(generator)
            time.sleep(self.random.uniform(0, 0.5))

    def check(self) -> None:
        """The server's copy, read anew, is the map that this session drew."""
        told, ids = server_copy(self.http)
        if ids != self.states[self.position] or told["revision"] != self.revision:
            with self.tally.lock:
                self.tally.lost += 1


def server_copy(http: httpx.Client) -> tuple[dict[str, object], bytes]:
    """Size, revision and position of the project's canvas, and its labels."""
    reply = http.get("/studio/project/history")
    reply.raise_for_status()
    length = int.from_bytes(reply.content[:4], "little")
    told, data = json.loads(reply.content[4 : 4 + length]), reply.content[4 + length :]
    page = told["pages"][told["states"][told["position"] - told["base"]]]
    size = page["width"] * page["height"]
    sector = data[page["sector"] : page["sector"] + size]
    known = {"width": page["width"], "height": page["height"], "sector": sector}
    return {**known, "revision": told["revision"], "position": told["position"]}, data[page["ids"] : page["ids"] + size]


def run_person(person: Person, ready: threading.Barrier, seconds: float, generator: str) -> None:
    try:
        person.enter()
    except Exception as error:
        person.tally.errors.append(f"{person.name}: {type(error).__name__}: {error}")
        ready.abort()
        return
    try:
        ready.wait(PATIENCE)
        person.live_until(time.monotonic() + seconds, generator)
        person.check()
    except Exception as error:
        person.tally.errors.append(f"{person.name}: {type(error).__name__}: {error}")
