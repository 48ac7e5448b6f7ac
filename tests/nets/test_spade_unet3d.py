"""The network of clips: time is a circle, frames are free in number, and new looks along time change nothing."""

import pytest
import torch
from torch import Tensor

from echo_studio.nets.spade_unet3d import ClipBlock, Guide, SpadeUNet3d, SpadeUNet3dConfig


def network(guide: Guide = "spade", *, awake: bool = True) -> SpadeUNet3d:
    torch.manual_seed(0)
    config = SpadeUNet3dConfig(guide, (1,), 1, (8, 16), 1, (1,), 8, 4)
    made = SpadeUNet3d(config).eval()
    if awake:
        for parameter in made.parameters():
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.1)
    return made


def clip(frames: int = 6, b: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """x, one-hot maps and frame times."""
    torch.manual_seed(1)
    ids = torch.randint(0, 5, (b, frames, 8, 8))
    one_hot = torch.nn.functional.one_hot(ids, 5).permute(0, 4, 1, 2, 3).float()
    time = (torch.arange(frames) / frames).expand(b, -1)
    return torch.randn(b, 1, frames, 8, 8), one_hot, time


@torch.no_grad()
def answer(made: SpadeUNet3d, x: Tensor, one_hot: Tensor, time: Tensor) -> Tensor:
    b = len(x)
    view = torch.zeros(b, dtype=torch.long)
    return made(x, torch.linspace(-0.5, 0.5, b), made.prepare(one_hot, view, view, time))


@pytest.mark.parametrize("guide", ["spade", "concat", "none"])
def test_a_heartbeat_that_begins_later_is_the_same_heartbeat(guide: Guide) -> None:
    made, (x, one_hot, time) = network(guide), clip()
    turned = answer(made, x.roll(2, 2), one_hot.roll(2, 2), time.roll(2, 1))
    assert torch.allclose(turned, answer(made, x, one_hot, time).roll(2, 2), atol=1e-5)


@pytest.mark.parametrize("guide", ["spade", "concat", "none"])
def test_a_clip_alone_is_the_clip_in_a_batch(guide: Guide) -> None:
    made, (x, one_hot, time) = network(guide), clip()
    view = torch.zeros(2, dtype=torch.long)
    noise = torch.tensor([0.1, 0.1])
    with torch.no_grad():
        both = made(x, noise, made.prepare(one_hot, view, view, time))
        alone = made(x[1:], noise[1:], made.prepare(one_hot[1:], view[1:], view[1:], time[1:]))
    assert torch.allclose(both[1:], alone, atol=1e-5)


def test_labels_guide_a_network_that_sees_them_and_no_other() -> None:
    x, one_hot, time = clip()
    other = one_hot.flip(1)
    for guide, sees in (("spade", True), ("concat", True), ("none", False)):
        made = network(guide)  # type: ignore[arg-type]
        assert torch.equal(answer(made, x, one_hot, time), answer(made, x, other, time)) != sees


def test_frames_know_of_each_other_and_of_their_time() -> None:
    made, (x, one_hot, time) = network(), clip()
    before = answer(made, x, one_hot, time)
    changed = x.clone()
    changed[:, :, 0] += 1
    assert not torch.allclose(answer(made, changed, one_hot, time)[:, :, 3], before[:, :, 3], atol=1e-4)
    assert not torch.allclose(answer(made, x, one_hot, time + 0.3), before, atol=1e-4)


def test_untrained_looks_along_time_change_nothing() -> None:
    made, (x, one_hot, time) = network(awake=False), clip()
    torch.nn.init.normal_(made.head.weight)
    before = answer(made, x, one_hot, time)
    for module in made.modules():
        if isinstance(module, ClipBlock):
            module.along.forward = lambda h, frames: h  # type: ignore[method-assign, assignment]
    assert torch.equal(answer(made, x, one_hot, time), before)


@pytest.mark.parametrize("frames", [1, 5, 24])
def test_any_number_of_frames(frames: int) -> None:
    x, one_hot, time = clip(frames, 1)
    assert answer(network(), x, one_hot, time).shape == x.shape
