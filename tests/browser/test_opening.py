"""Opening files in the page: real frames that are labelled first, and files that are no use, told in words."""

import io
from pathlib import Path

import imageio.v3 as iio
import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.formats.label_file import write_label_map
from tests.browser.brush import ZIGZAG, drag, ids_of
from tests.browser.desk import put
from tests.studio.fakes import FakeEngine, blank, frame_request, heart, speckle

pytestmark = pytest.mark.browser
DRAWING = True


def echo(seed: int = 0) -> np.ndarray:
    """uint8 (256, 256), as a scanner's screen shows it: lit in the sector, black around it."""
    return np.maximum(speckle(frame_request(heart(), "4CH", "ED", "edm-l64", "heun", 1, seed), 1.0), heart().ids != 0)


def choose(page, path: Path) -> None:
    page.locator("#file").set_input_files(path)


def opened(page, before: int) -> None:
    page.wait_for_function("before => window.echoStudio.document.revision > before", arg=before)


def test_a_label_map_file_is_put_on_the_canvas_as_it_is(desk, tmp_path: Path) -> None:
    odd = LabelMap(np.kron(np.arange(5, dtype=np.uint8), np.ones((40, 17), np.uint8)), (0.3, 0.7))
    for name in ("map.png", "map.nii.gz"):
        put(desk, blank().ids)
        write_label_map(tmp_path / name, odd)
        before = desk.evaluate("window.echoStudio.document.revision")
        choose(desk, tmp_path / name)
        opened(desk, before)
        assert np.array_equal(ids_of(desk), odd.ids), name
        assert desk.evaluate("window.echoStudio.document.spacing") == "0.3,0.7"


def test_a_real_frame_is_labelled_and_lies_beneath_the_labels(page, engine: FakeEngine, tmp_path: Path) -> None:
    Image.fromarray(echo()).save(tmp_path / "frame.png")
    nib.save(nib.Nifti1Image(echo().T, np.diag([0.3, 0.4, 1, 1])), tmp_path / "frame.nii.gz")
    for name in ("frame.png", "frame.nii.gz"):
        before = page.evaluate("window.echoStudio.document.revision")
        choose(page, tmp_path / name)
        opened(page, before)
        page.wait_for_function("() => document.querySelector('[data-part=opacity]').value === '45'")
        assert np.array_equal(ids_of(page), engine.label_frame(echo()).ids)
        page.keyboard.press("1")
        drag(page, ZIGZAG)
        assert page.locator("[data-part=opacity]").input_value() == "45", "painting keeps the frame"
        if name == "frame.png":
            expert = tmp_path / "expert.png"
            write_label_map(expert, LabelMap(np.roll(engine.label_frame(echo()).ids, 3, axis=1), (0.5, 0.5)))
            before = page.evaluate("window.echoStudio.document.revision")
            choose(page, expert)
            opened(page, before)
            assert page.locator("[data-part=opacity]").input_value() == "45", "a label map of its size is the frame's"
            is_an_edit_of_the_frame(page)
        page.locator("#template").select_option("4ch-ed")
        page.wait_for_function("() => document.querySelector('[data-part=opacity]').value === '100'")
    page.evaluate("window.echoStudio.link.flush()")
    log = page.evaluate("window.echoStudio.link.json('/project/log')")
    frames = [entry["op"] for entry in log if entry["op"].get("what") == "frame"]
    assert frames == [{"tool": "open", "what": "frame"}] * 2, "neither name nor pixels reach the project"


def is_an_edit_of_the_frame(page) -> None:
    """The look is kept from the start; the page says so, compares with the real frame, and pins nothing of it."""
    edited = "() => { const { result } = window.echoStudio; return result.edited && result.facts && !result.stale; }"
    page.locator("#live").check()
    page.evaluate("window.echoStudio.generation.start(true)")
    page.wait_for_function(edited)
    assert page.get_by_role("heading", name="Edited real frame").is_visible()
    assert page.locator("#notice").inner_text() == "Edited real frame, personal data — not for diagnosis"
    assert page.locator("#pin").is_disabled()
    assert page.locator("[data-part=comparison]").input_value() == "original"
    page.get_by_label("Keep its look").uncheck()
    page.get_by_role("heading", name="Synthetic frame").wait_for()
    page.get_by_label("Keep its look").check()
    page.wait_for_function(edited)
    page.locator("#live").uncheck()


def test_a_frame_of_a_recording_is_chosen(desk, engine: FakeEngine, tmp_path: Path) -> None:
    frames = np.stack([echo(seed) for seed in range(6)])
    path = tmp_path / "loop.gif"
    iio.imwrite(path, frames, duration=40, loop=0)
    choose(desk, path)
    dialog = desk.get_by_role("dialog", name="Choose a frame")
    dialog.wait_for()
    desk.get_by_text("Frame 1 of 6").wait_for()
    for _ in range(3):
        desk.keyboard.press("ArrowRight")
    desk.get_by_text("Frame 4 of 6 · 0.12 s").wait_for()
    before = desk.evaluate("window.echoStudio.document.revision")
    dialog.get_by_role("button", name="Label this frame").click()
    opened(desk, before)
    assert np.array_equal(ids_of(desk), engine.label_frame(echo(3)).ids)


def test_a_file_can_be_dropped_on_the_page(desk, tmp_path: Path) -> None:
    page = desk
    put(page, blank().ids)
    before = page.evaluate("window.echoStudio.document.revision")
    write_label_map(tmp_path / "map.png", heart())
    content = list((tmp_path / "map.png").read_bytes())
    data = page.evaluate_handle(
        "content => { const data = new DataTransfer();"
        "data.items.add(new File([new Uint8Array(content)], 'map.png')); return data; }",
        content,
    )
    page.dispatch_event("[data-surface=edit]", "drop", {"dataTransfer": data})
    opened(page, before)
    assert np.array_equal(ids_of(page), heart().ids)


def bad_files() -> dict[str, bytes]:
    """One of each kind that goes wrong in practice and in malice; the decoders' own tests have many more of each."""
    packed = io.BytesIO()
    Image.fromarray(echo()).save(packed, "PNG")
    image = packed.getvalue()
    return {
        "empty.png": b"",
        "torn.png": image[: len(image) // 2],
        "letter.dcm": b"Dear colleague, please find attached",
        "playlist.mp4": b"#EXTM3U\n#EXTINF:10,\nhttp://example.org/a.ts\n",
        "malformed.echo": b"PK\x03\x04" + bytes(range(256)) * 4,
        "program.exe": b"MZ" + b"\x90" * 500,
    }


def test_every_useless_file_is_told_by_name_with_a_cure_and_the_drawing_stays(desk, tmp_path: Path) -> None:
    page = desk
    drag(page, ZIGZAG)
    drawn = ids_of(page)
    files = bad_files()
    page.expected_problem = "Failed to load resource"
    dialog = page.get_by_role("dialog", name="Problem")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        choose(page, tmp_path / name)
        dialog.wait_for()
        words = dialog.get_by_role("alert").inner_text()
        assert name in words, f"{name}: {words}"
        assert words.startswith("expected"), words
        assert ";" in words, f"no cure: {words}"
        assert "Traceback" not in words
        assert str(tmp_path) not in words
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
    assert np.array_equal(ids_of(page), drawn)
    drag(page, [(100, 150), (120, 170)])
    page.wait_for_function("() => document.querySelector('[data-part=save-state]').dataset.state === 'saved'")
