"""Precision: bfloat16 is taken only where it is quicker; what was asked for is what runs and what the record says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from echo_studio.errors import RequestError
from echo_studio.generate import precision
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.precision import arithmetic, quickest
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.sampling import Precision
from tests.generate.test_generator import heart
from tests.generate.tiny import grain_checkpoints

Pretend = Callable[[bool, float], None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """A processor that says that it has bfloat16, or not, and is so many times quicker with it."""

    def make(has_it: bool, gain: float) -> None:
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_it)
        monkeypatch.setattr(precision, "seconds", lambda kind: gain if kind == "float32" else 1.0)

    quickest.cache_clear()
    yield make
    quickest.cache_clear()


@pytest.mark.parametrize(
    ("has_it", "gain", "taken"), [(True, 2.0, "bfloat16"), (True, 1.1, "float32"), (False, 2.0, "float32")]
)
def test_bfloat16_is_taken_where_it_gains(has_it: bool, gain: float, taken: Precision, pretend: Pretend) -> None:
    pretend(has_it, gain)
    assert quickest("cpu") == taken
    pretend(not has_it, 3 - gain)
    assert quickest("cpu") == taken, "one answer a run of the program"


def test_a_timing_is_a_positive_number_in_both() -> None:
    assert precision.seconds("float32") > 0
    assert precision.seconds("bfloat16") > 0


def test_networks_run_in_what_was_chosen() -> None:
    layer = torch.nn.Conv2d(1, 1, 1)
    for chosen, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with torch.inference_mode(), arithmetic("cpu", chosen):  # type: ignore[arg-type]
            assert layer(torch.zeros(1, 1, 2, 2)).dtype == kind
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize("name", ["tiny", "grainy"])
def test_a_frame_in_bfloat16_is_nearly_that_in_float32_and_its_record_says_so(name: str, tmp_path: Path) -> None:
    generator = load_generator(name, grain_checkpoints(tmp_path))
    exact, near = (generator(heart(), seed=1, precision=chosen) for chosen in ("float32", "bfloat16"))  # type: ignore[arg-type]
    assert near.record.to_json()["precision"] == "bfloat16"
    assert exact.record.to_json()["precision"] == "float32"
    again = generator.generate_batch([_as_recorded(near)])[0]
    assert np.array_equal(again.image, near.image), "a record brings its frame back"
    apart = np.abs(near.image.astype(int) - exact.image.astype(int))
    assert apart.any()
    assert apart.mean() < 4
    with pytest.raises(RequestError, match="share all but"):
        generator.generate_batch([_as_recorded(exact), _as_recorded(near)])


def _as_recorded(made: Generated) -> GenerationRequest:
    record = made.record
    return GenerationRequest(heart(), record.sampling, record.view, record.phase, record.seed)
