"""Sets from elsewhere: whatever is in their files, the answer is a sample or one line."""

from pathlib import Path

import numpy as np
import pytest

from echo_studio.dataset.export.formats import export_set, read_set
from echo_studio.dataset.split import Fractions
from echo_studio.errors import EchoStudioError
from tests.dataset.sets import random_samples, write_set

FILES = {"png": "*/record.json", "nnunet": "images*/*", "huggingface": "data/*", "webdataset": "*.tar", "dicom": "*/*"}
NEEDS = {"huggingface": "pyarrow", "dicom": "highdicom"}


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_give_one_line(name: str, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    out = tmp_path / "Dataset501_Echo"
    export_set(write_set(tmp_path / "in", random_samples(0, 1, shape=(16, 16))), name, out, Fractions(0, 0))
    rng = np.random.default_rng(0)
    refused = 0
    for path in sorted(out.glob(FILES[name])):
        whole = path.read_bytes()
        cut = [whole[:end] for end in (0, 1, len(whole) // 2, len(whole) - 1)]
        flipped = []
        for _ in range(12):
            content = bytearray(whole)
            content[int(rng.integers(len(content)))] ^= int(rng.integers(1, 256))
            flipped.append(bytes(content))
        for content in (*cut, *flipped):
            path.write_bytes(content)
            try:
                for listed in read_set(out):
                    listed.load()
            except EchoStudioError as error:
                refused += 1
                assert "\n" not in str(error)
        path.write_bytes(whole)
    assert refused >= 3
