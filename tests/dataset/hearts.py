"""Orders of small sets, for the tests of making them."""

import hashlib
import json
from pathlib import Path

from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.template import template
from echo_studio.dataset.build.manifest import SetRequest
from echo_studio.dataset.build.request import set_request
from echo_studio.dataset.sources.base_maps import base_maps


def map_folder(folder: Path) -> Path:
    """Two label maps whose names tell view and phase, and one that tells nothing, a twin of the first."""
    folder.mkdir()
    for name, source in (("a_4CH_ED", "4ch-ed"), ("b_2CH_ES", "2ch-es"), ("twin", "4ch-ed")):
        write_label_map(folder / f"{name}.png", template(source))
    return folder


def small_order(checkpoints: Path, **more: object) -> SetRequest:
    """Eight samples of four label maps, some with defects, by the generator `tiny`."""
    about = {"variations": 2, "seed": 5, "defects": {"septal": 0.3, "missing-atrium": 0.2}, **more}
    maps = base_maps(None, "4CH")[:4]
    return set_request(maps, ["tiny"], "heun", [2], checkpoints, "cpu", **about)


def sample_files(root: Path) -> dict[str, str]:
    """sha256 of every file of every sample."""
    paths = sorted(path for path in root.glob("*/*") if path.parent.name not in ("maps",))
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def assert_whole(root: Path, reference: Path) -> None:
    """The set is complete, no sample is twice in it, nothing is left over, and every byte is the reference's."""
    assert sample_files(root) == sample_files(reference)
    lines = [line for line in (root / "index.jsonl").read_bytes().splitlines() if line.endswith(b"}}")]
    ids = [name for line in lines for name in json.loads(line)["samples"]]
    assert len(ids) == len(set(ids)) == json.loads((root / "manifest.jsonl").read_text().splitlines()[0])["samples"]
    assert not list(root.glob(".*.tmp"))
