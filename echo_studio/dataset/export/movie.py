"""The clips of a set as MP4 or GIF, for people: neither has a place for labels.

training/ID.mp4     the description stands in the file's own comment and in samples.jsonl
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.movie import gif_bytes, mp4_bytes
from echo_studio.dataset.sample import SetSample
from echo_studio.dataset.split import Split


def write_mp4(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with H.264 videos; frames are refused before, see `export.check_kind`."""
    _write(folder, samples, ".mp4", mp4_bytes)


def write_gif(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with GIFs that loop; frames are refused before, see `export.check_kind`."""
    _write(folder, samples, ".gif", gif_bytes)


def _write(
    folder: Path, samples: Iterable[tuple[Split, SetSample]], suffix: str, encode: Callable[[Clip], bytes]
) -> None:
    for split, sample in samples:
        assert sample.fps is not None  # a clip
        place = folder / split
        place.mkdir(exist_ok=True)
        clip = Clip(sample.image, sample.fps, spacing_mm=sample.spacing_mm, record=sample.to_json())
        (place / f"{sample.id}{suffix}").write_bytes(encode(clip))
