"""The Python examples of README.md and docs/ run as they stand, and use public names alone."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
EXAMPLES = [
    pytest.param(block, id=f"{path.relative_to(ROOT)}-{number}")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md")))
    for number, block in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")))
]


def test_there_is_an_example() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not re.search(r"echo_studio\.\w", example), "only public names"
    exec(compile(example, "example", "exec"), {})
