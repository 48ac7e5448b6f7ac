"""Files are decoded in the tests' own process, which spares each of some two hundred files a fresh interpreter."""

import warnings
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from echo_studio.data.decoding import recordings
from echo_studio.data.decoding.decoded import Decoded, receive, send
from echo_studio.data.decoding.decoder import decode


@pytest.fixture
def decoder_process() -> None:
    """Asked for by tests of the process itself: its answer, its limits of memory and time, its end."""


@pytest.fixture(autouse=True)
def _decode_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "decoder_process" in request.fixturenames:
        return
    # Readers set Pillow's limit for their process.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    monkeypatch.setattr(recordings, "decode_apart", _decode)


def _decode(path: Path, kind: str) -> Decoded:
    """What the decoder's process does and its parent reads, without the process; a crash would end the tests."""
    answer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        send(decode("recording", kind, path), answer)
    answer.seek(0)
    return receive(answer)
