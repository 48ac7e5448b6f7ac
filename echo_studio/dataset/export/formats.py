"""Sets on their way out in the formats that others read, each written whole or not at all, and back in.

A set is read twice and never held: first the headers, of which a summary stays, to be split by label map, then a sample
at a time.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from echo_studio.data.atomic import filling_folder
from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.movie import gif_bytes, mp4_bytes
from echo_studio.dataset.curation.curated import Choose, chooser
from echo_studio.dataset.export.camus import read_camus, write_camus
from echo_studio.dataset.export.card import SampleSummary, card_json, card_markdown, summary_of
from echo_studio.dataset.export.dicom import read_dicom_set, write_dicom
from echo_studio.dataset.export.huggingface import SPLIT_NAMES, read_huggingface, write_huggingface
from echo_studio.dataset.export.nnunet import check_nnunet_name, read_nnunet, write_nnunet
from echo_studio.dataset.export.webdataset import read_webdataset, write_webdataset
from echo_studio.dataset.pairs import read_pairs, write_pairs
from echo_studio.dataset.sample import Listed, SetSample
from echo_studio.dataset.split import Fractions, Split, split_by_base
from echo_studio.errors import DataError, RequestError, UnknownNameError
from echo_studio.types import Json

Write = Callable[[Path, Iterable[tuple[Split, SetSample]]], None]


def _write_movies(
    folder: Path, samples: Iterable[tuple[Split, SetSample]], suffix: str, encode: Callable[[Clip], bytes]
) -> None:
    """Fill a folder with the clips of a set for people: MP4 and GIF have no place for labels.

    The description stands in the file's own comment and in samples.jsonl; frames are refused before, see `check_kind`.
    """
    for split, sample in samples:
        assert sample.fps is not None  # a clip
        place = folder / split
        place.mkdir(exist_ok=True)
        clip = Clip(sample.image, sample.fps, spacing_mm=sample.spacing_mm, record=sample.to_json())
        (place / f"{sample.id}{suffix}").write_bytes(encode(clip))


@dataclass(frozen=True)
class SetFormat:
    """One way to write a set.

    Attributes:
        title: for people.
        holds: `frames`, `clips`, `one` (either, not both) or `both`.
        write: fills an empty folder.
        read: the samples of such a folder; None where labels have no place in it.
        mark: a file pattern that only such a folder has.
    """

    title: str
    holds: str
    write: Write
    read: Callable[[Path], Iterator[Listed]] | None = None
    mark: str = ""


FORMATS: dict[str, SetFormat] = {
    "png": SetFormat("PNG pairs with JSON records", "both", write_pairs, read_pairs, "*/record.json"),
    "camus": SetFormat("CAMUS layout (NIfTI)", "frames", write_camus, read_camus, "patient*/patient*_gt.nii.gz"),
    "nnunet": SetFormat("nnU-Net v2 raw", "frames", write_nnunet, read_nnunet, "imagesT?/*_0000.nii.gz"),
    "huggingface": SetFormat(
        "Hugging Face datasets (Parquet)", "one", write_huggingface, read_huggingface, "data/*.parquet"
    ),
    "webdataset": SetFormat("WebDataset shards", "both", write_webdataset, read_webdataset, "*.tar"),
    "dicom": SetFormat("DICOM ultrasound and segmentation", "both", write_dicom, read_dicom_set, "*/*.seg*.dcm"),
    "mp4": SetFormat("MP4 videos", "clips", partial(_write_movies, suffix=".mp4", encode=mp4_bytes)),
    "gif": SetFormat("Animated GIFs", "clips", partial(_write_movies, suffix=".gif", encode=gif_bytes)),
}


def read_set(folder: Path) -> Iterator[Listed]:
    """The samples of a set in any format that holds label maps.

    Raises:
        DataError: no such format, or files that Echo Studio did not make.
    """
    for form in FORMATS.values():
        if form.read is not None and next(folder.glob(form.mark), None) is not None:
            return form.read(folder)
    raise DataError(
        expected=f"a set as {', '.join(name for name, form in FORMATS.items() if form.read)} in {folder}",
        got="none of them" if folder.is_dir() else "no such folder",
        remedy="give the folder that holds the samples' folders, ID/record.json",
    )


def export_set(
    source: Path,
    name: str,
    out: Path,
    fractions: Fractions,
    seed: int = 0,
    scores: Json | None = None,
    on_sample: Callable[[int, int], None] = lambda done, of: None,
    only: str = "all",
    include_real: bool = False,
) -> Json:
    """Write a set in another format, with its card.

    Beside the samples there are `README.md` and `card.json`, the card, and `samples.jsonl`, each sample's description
    and split.

    Args:
        source: a set in any format that holds label maps.
        name: a key of `FORMATS`.
        out: a new folder, or an empty one.
        fractions: of the label maps, to hold back for validation and testing.
        seed: of the split.
        scores: what was measured on the set, for the card; strict JSON.
        on_sample: called with (samples done, samples in all).
        only: of `curated.ONLY`: which samples of a set that was curated.
        include_real: write edited real frames too, which are personal data; the card then says so.

    Returns:
        The card.

    Raises:
        UnknownNameError: no such format.
        DataError, ImageError, LabelMapError: the set has a fault, is empty, has too few label maps for the split, or
            holds edited real frames without `include_real`.
        RequestError: frames for a format of clips, or the other way round.
        OutputError: a place that cannot be written, an extra that is missing. Nothing is left behind.
    """
    if name not in FORMATS:
        raise UnknownNameError("set format", name, FORMATS)
    if name == "nnunet":
        check_nnunet_name(out)
    choose = chooser(source, only)  # once: what is decided meanwhile is not in it
    summaries = [summary_of(listed.header) for listed in choose(read_set(source))]
    check_kind(name, summaries)
    if not include_real:
        check_synthetic(summaries)
    split_of = split_by_base([(one.id, one.base) for one in summaries], fractions, seed)
    card = card_json(summaries, split_of, name, scores or {})
    del summaries
    with filling_folder(out) as part:
        with (part / "samples.jsonl").open("w", encoding="utf-8") as lines:
            FORMATS[name].write(part, _placed(source, choose, split_of, on_sample, lines))
        (part / "README.md").write_text(card_markdown(card, _data_files(name, card)), encoding="utf-8")
        (part / "card.json").write_text(json.dumps(card, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return card


def check_synthetic(summaries: list[SampleSummary]) -> None:
    """Raise DataError where a sample is an edited real frame: none is counted as synthetic."""
    real = [one.id for one in summaries if one.real]
    if real:
        raise DataError(
            expected="synthetic samples alone",
            got=f"{len(real)} edited real frames, which are personal data: {', '.join(real[:3])}",
            remedy="take them out of the set, or say --include-real where their consent allows it",
        )


def check_kind(name: str, summaries: list[SampleSummary]) -> None:
    """Refuse what a format has no place for.

    Raises:
        DataError: no sample at all.
        RequestError: clips, or frames, or both together in a format that does not hold them.
    """
    if not summaries:
        raise DataError(expected="a set with samples", got="none", remedy="make some first")
    clips = sum(one.is_clip for one in summaries)
    given = "clips" if clips == len(summaries) else "frames" if clips == 0 else "both"
    fitting = [
        other
        for other, form in FORMATS.items()
        if form.holds in (given, "both") or (form.holds == "one" and given != "both")
    ]
    if name in fitting:
        return
    holds = FORMATS[name].holds
    raise RequestError(
        expected="frames or clips, not both, for " + name if holds == "one" else f"{holds} for {name}",
        got=f"a set of {'frames and clips' if given == 'both' else given}",
        remedy=f"choose one of: {', '.join(fitting)}",
    )


def _placed(
    source: Path,
    choose: Choose,
    split_of: dict[str, Split],
    on_sample: Callable[[int, int], None],
    lines: TextIO,
) -> Iterator[tuple[Split, SetSample]]:
    """Each sample with its split, and a line for it."""
    # A set may grow between the two readings.
    known = (listed for listed in choose(read_set(source)) if listed.header.id in split_of)
    for number, listed in enumerate(known):
        on_sample(number, len(split_of))
        split = split_of[listed.header.id]
        lines.write(json.dumps({"split": split, **listed.header.to_json()}, allow_nan=False) + "\n")
        yield split, listed.load()


def _data_files(name: str, card: Json) -> dict[str, str]:
    if name != "huggingface":
        return {}
    filled = [split for split, part in card["splits"].items() if part["samples"]]
    return {SPLIT_NAMES[split]: f"data/{SPLIT_NAMES[split]}-*.parquet" for split in filled}
