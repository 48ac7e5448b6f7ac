"""Downstream networks: the papers' shapes, the same weights from the same seed, one line where a package is missing."""

import importlib.util
import subprocess
import sys

import pytest
import torch

from echo_studio.errors import CheckpointError, RecipeError, UnknownNameError
from echo_studio.nets.downstream import CLASSIFIERS, SEGMENTERS, downstream_network

HAS_TORCHVISION = importlib.util.find_spec("torchvision") is not None


@pytest.mark.parametrize(("name", "side"), [*((name, 64) for name in SEGMENTERS), ("unet8", 128), ("unet8", 256)])
def test_segmenters_give_four_logits_a_pixel_at_any_side(name: str, side: int) -> None:
    network = downstream_network(name, side, 0)
    assert network(torch.zeros(2, 1, side, side)).shape == (2, 4, side, side)


def test_the_u_net_has_the_papers_eight_layers() -> None:
    convolutions = [m for m in downstream_network("unet8", 256, 0).modules() if isinstance(m, torch.nn.Conv2d)]
    assert [m.out_channels for m in convolutions[:8]] == [2, 4, 8, 16, 32, 64, 128, 256]


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_own_generator_alone() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    a, b, c = (torch.cat([p.flatten() for p in downstream_network("small", 64, s).parameters()]) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert torch.equal(torch.rand(1), wanted)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_tell_two_views(name: str) -> None:
    if name == "efficientnet-v2-s" and not HAS_TORCHVISION:
        with pytest.raises(CheckpointError, match=r"echo-studio\[paper\]"):
            downstream_network(name, 64, 0)
        return
    assert downstream_network(name, 64, 0)(torch.zeros(2, 1, 64, 64)).shape == (2, 2)


def test_other_names_and_sides_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unet8"):
        downstream_network("unet9", 128, 0)
    with pytest.raises(RecipeError, match="power of two"):
        downstream_network("unet8", 100, 0)


def test_a_program_that_builds_no_network_of_monai_does_not_load_it() -> None:
    names = "echo_studio.nets.segmenter, echo_studio.nets.downstream, echo_studio.generate.catalog"
    done = subprocess.run([sys.executable, "-c", f"import sys, {names}; sys.exit('monai' in sys.modules)"], check=False)
    assert done.returncode == 0
