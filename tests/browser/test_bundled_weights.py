"""The program as a new user starts it: `python app.py`, bundled weights, a heart painted and generated."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.data.formats.label_file import read_label_map
from tests.browser.brush import ZIGZAG, drag, ids_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
NFE = 4


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a studio in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    projects = tmp_path_factory.mktemp("projects")
    arguments = ["--port", address.rsplit(":", 1)[1], "--projects", str(projects)]
    server = subprocess.Popen([sys.executable, "app.py", *arguments], cwd=ROOT)
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60):
                break
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "app.py stopped before it served a page"
            assert time.monotonic() < deadline, "no page after two minutes"
            time.sleep(0.2)
    yield address
    server.terminate()
    server.wait(20)


def test_a_painted_heart_becomes_the_frame_that_python_makes_of_it(chromium, studio: str, tmp_path: Path) -> None:
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.request import GenerationRequest
    from echo_studio.generate.sampling import Sampling

    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if "127.0.0.1" not in request.url else None)
    page.goto(studio)
    page.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
    before = ids_of(page)
    page.keyboard.press("2")
    drag(page, ZIGZAG)
    painted = ids_of(page)
    assert not np.array_equal(before, painted)
    page.locator("#live").uncheck()
    field = page.locator("#nfe")
    field.fill(str(NFE))
    field.blur()
    page.locator("#generate").click()
    page.wait_for_function(  # a live frame of the advised NFE may have been there before
        f"() => document.querySelector('[data-part=facts]').textContent.includes('{NFE} NFE')"
    )
    page.wait_for_function("() => document.querySelector('[data-part=state]').textContent.includes('Done in')")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download everything as ZIP").click()
    zipfile.ZipFile(caught.value.path()).extractall(tmp_path)
    context.close()
    label_map = read_label_map(tmp_path / "label_map.png")
    assert np.array_equal(label_map.ids, painted)
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["label_map_sha256"] == label_map.digest
    sampling = Sampling(record["generator"], record["solver"], record["nfe"])
    assert (sampling.generator, sampling.nfe) == ("edm-l64", NFE)
    request = GenerationRequest(label_map, sampling, record["view"], record["phase"], record["seed"])
    image = load_generator("edm-l64").generate(request).image
    shown = np.asarray(Image.open(tmp_path / "frame.png"))
    # Another process may sum in another order: one grey level.
    assert np.abs(shown.astype(int) - image.astype(int)).max() <= 1
    assert elsewhere == []


@pytest.mark.slow
def test_real_frames_that_are_opened_are_labelled_well(chromium, studio: str, camus_root: Path, tmp_path: Path) -> None:
    from echo_studio.anatomy.label_map import dice
    from echo_studio.data.datasets.camus import CamusFolder

    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{studio}/?project=new")
    page.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
    page.locator("#live").uncheck()
    scores = []
    data = CamusFolder(camus_root)
    for frame in map(data.read, data.frame_ids(data.split("validation")[::5])):
        Image.fromarray(frame.image).save(tmp_path / "frame.png")
        before = page.evaluate("window.echoStudio.document.revision")
        page.locator("#file").set_input_files(tmp_path / "frame.png")
        page.wait_for_function("before => window.echoStudio.document.revision > before", arg=before)
        scores.append(dice(ids_of(page) == 1, frame.label_map.ids == 1))
    context.close()
    assert np.mean(scores) >= 0.88, scores
