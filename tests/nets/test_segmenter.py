"""The judge: labels at the frame's size, features for distances, and no part in any training."""

import ast
import tomllib
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


PACKAGE = Path(echo_studio.__file__).parent
TRAINING = PACKAGE.parent / "training"
SCORING = {"bundle.py", "contact_sheet.py"}  # scripts that score what was trained
KIND = {"train/recipe.py", "train/registry.py", "generate/build.py"}  # where the judge is one kind of network among all


def mentions(path: Path) -> set[str]:
    """Names, attributes and imported things of a script, and its strings."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name | ast.Attribute):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_no_training_and_no_generator_uses_the_judge() -> None:
    """Its kind can be trained and built; nothing that learns, generates or chooses loads it or reads its scores."""
    for folder in ("train", "diffusion", "generate"):
        for path in (PACKAGE / folder).rglob("*.py"):
            found = mentions(path)
            assert not any(name.startswith("echo_studio.evaluate") for name in found), path
            if path.relative_to(PACKAGE).as_posix() not in KIND:
                assert not found & {"Judge", "Scorers", "JUDGE", "judge"}, path
    for path in TRAINING.rglob("*.py"):
        if path.name not in SCORING:
            assert not mentions(path) & {"Judge", "Scorers", "JUDGE", "judge"}, path
    task = PACKAGE / "train" / "tasks" / "segmenter.py"
    assert "load_network" not in mentions(task), "the judge's own training starts from its seed"


def test_no_recipe_needs_the_judge_or_starts_from_it() -> None:
    recipes = list(TRAINING.rglob("*.toml"))
    assert any(tomllib.loads(path.read_text("utf-8")).get("kind") == "judge" for path in recipes)
    for path in recipes:
        recipe = tomllib.loads(path.read_text("utf-8"))
        own = {"name", "title", "description", "paper", "kind"}
        others = {key: value for key, value in recipe.items() if key not in own}
        assert "judge" not in str(others), path
