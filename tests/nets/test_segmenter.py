"""The judge: labels at the frame's size, features for distances, and no part in any training."""

import re
from pathlib import Path

import torch

import echo_studio
from echo_studio.nets.segmenter import Judge, JudgeConfig, Segmenter, SegmenterConfig


def test_logits_have_the_frames_size_and_features_halve_it_at_every_level() -> None:
    judge = Judge(JudgeConfig(filters=(4, 8, 16))).eval()
    image = torch.randn(2, 1, 64, 32)
    with torch.no_grad():
        assert judge(image).shape == (2, 4, 64, 32)
        assert [tuple(h.shape[1:]) for h in judge.features(image)] == [(4, 32, 16), (8, 16, 8), (16, 8, 4)]


def test_the_judge_is_another_architecture_than_the_segmenter() -> None:
    ours, theirs = Judge(JudgeConfig()), Segmenter(SegmenterConfig())
    kinds = [{type(module).__name__ for module in net.modules()} for net in (ours, theirs)]
    assert "ResidualUnit" in kinds[1] - kinds[0]
    assert {tuple(p.shape) for p in ours.parameters()} != {tuple(p.shape) for p in theirs.parameters()}


def test_no_training_uses_the_judge() -> None:
    """Only the builder of networks and the recipe's kind know of it below the measures."""
    package = Path(echo_studio.__file__).parent
    for path in [*(package / "train").rglob("*.py"), *(package / "diffusion").rglob("*.py")]:
        assert not re.search(r"checkpoints / \"judge\"|Judge\b", path.read_text("utf-8")), path
    for path in (package.parent / "training").rglob("*.toml"):
        needs = re.search(r"^needs = (.*)$", path.read_text("utf-8"), re.MULTILINE)
        assert needs is None or "judge" not in needs[1], path
