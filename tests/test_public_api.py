"""`import echo_studio` is enough: what is public, what it costs to import, and what each name does."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import echo_studio as es

PUBLIC = {
    "CamusFolder",
    "EchoStudioError",
    "LabelMap",
    "apply_defect",
    "list_generators",
    "load_generator",
    "load_segmenter",
    "load_video_generator",
    "measure",
    "reshape",
    "template",
    "what_if",
}


def test_the_public_names_are_listed_and_can_be_loaded() -> None:
    assert set(es.__all__) == PUBLIC
    assert set(dir(es)) >= PUBLIC
    for name in PUBLIC:
        assert callable(getattr(es, name))
        assert getattr(es, name).__doc__
    with pytest.raises(AttributeError, match="load_generator"):
        _ = es.load_generators  # type: ignore[attr-defined]


def test_importing_the_package_imports_no_torch() -> None:
    program = (
        "import sys, echo_studio as es; heavy = {'torch', 'numpy', 'cv2', 'pydantic'} & sys.modules.keys(); "
        "assert not heavy, heavy; es.measure(es.template('4ch-ed')); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


def test_a_label_map_comes_back_from_its_file(tmp_path: Path) -> None:
    ids = np.full((16, 24), 4, np.uint8)
    for name, spacing in (("map.png", (0.5, 0.25)), ("map.nii.gz", None)):
        es.LabelMap(ids, spacing).write(tmp_path / name)
        back = es.LabelMap.read(str(tmp_path / name))
        assert (back.shape, back.spacing_mm) == ((16, 24), spacing)
        assert isinstance(back, es.LabelMap)
        assert back == es.LabelMap(ids, spacing)


def test_hearts_are_broken_reshaped_and_measured() -> None:
    heart = es.template("4ch-ed")
    broken = es.apply_defect(heart, "septal", width_mm=9)
    grown = es.reshape(heart, lv_size=1.2)
    for other in (broken, grown):
        assert isinstance(other, es.LabelMap)
        assert other != heart
    assert es.measure(grown, view="4CH").to_json() != es.measure(heart, view="4CH").to_json()


@pytest.mark.parametrize(
    ("call", "choice"),
    [
        (lambda: es.template("5ch"), "4ch-ed"),
        (lambda: es.load_generator("edm"), "edm-l64"),
        (lambda: es.load_video_generator("edm-l64"), "video-spade"),
        (lambda: es.apply_defect(es.template("4ch-ed"), "sept"), "septal"),
        (lambda: es.reshape(es.template("4ch-ed"), size=2), "lv_size"),
    ],
)
def test_a_wrong_name_lists_the_choices(call, choice: str) -> None:
    with pytest.raises(es.EchoStudioError, match=choice):
        call()


def test_generators_are_listed_with_their_advice() -> None:
    known = es.list_generators()
    assert known["edm-l64"].makes == "frame"
    assert known["free-echo"].makes == "video"
    assert all(one.advised_nfe >= 1 for one in known.values())


def test_a_frame_is_made_as_the_card_advises_and_segmented() -> None:
    generator, heart = es.load_generator("draft-l64"), es.template("4ch-ed")
    made, again = generator(heart, view="4CH", phase="ED", seed=2), generator(heart, seed=2)
    assert (made.image.dtype, made.image.shape) == (np.uint8, heart.shape)
    assert np.array_equal(made.image, again.image)
    record = made.record.to_json()
    assert (record["generator"], record["nfe"]) == ("draft-l64", generator.card.advised_nfe)
    with pytest.raises(es.EchoStudioError, match="one call"):
        generator(heart, nfe=2)
    found = es.load_segmenter()(made.image, heart.spacing_mm)
    assert (found.shape, found.spacing_mm) == (heart.shape, heart.spacing_mm)
    assert (found.ids == 1).any()
