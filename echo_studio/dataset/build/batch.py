"""Make the samples of a batch: label map, deformation, defect, frame or clip. A function of the manifest's lines alone.

A sample with an ejection fraction begins with a heart at end diastole: a clip is its beat, a frame its end systole.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.measure.sizes import ejection_fraction, lv_discs
from echo_studio.anatomy.motion.motion import end_systole, usual_motion
from echo_studio.anatomy.shape.variation import VariationRanges
from echo_studio.data.deform import random_variation
from echo_studio.dataset.build.manifest import Item, SetSampling
from echo_studio.dataset.sample import SetSample
from echo_studio.errors import CheckpointError, LabelMapError, RequestError
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.generate.video.generator import VideoGenerator
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from echo_studio.types import Json, LabelIds, Phase, View

UNKNOWN_LICENCE = "not stated"


@dataclass(frozen=True)
class SampleRenderer:
    """Makes the samples of one manifest.

    Attributes:
        header: of the manifest.
        base: its label map of a number.
        checkpoints: the folder of the generators; None means the bundled ones and the person's own.
    """

    header: Json
    base: Callable[[int], LabelMap]
    checkpoints: Path | None = None
    device: str = "cpu"

    def make(self, items: Sequence[Item]) -> tuple[list[SetSample], dict[str, str]]:
        """The samples of one batch, and why others cannot be made, by id.

        Args:
            items: all of one sampling; they are computed together.

        Raises:
            CheckpointError: the generator is not the one that the manifest names.
            EchoStudioError: a label map or weights cannot be read.
        """
        chosen = SetSampling.from_json(self.header["generators"][items[0].how])
        generator = loaded(chosen.sampling.generator, chosen.clip is not None, self.checkpoints, self.device)
        weights = generator.entry.weights if isinstance(generator, VideoGenerator) else generator.card.weights
        if weights != chosen.sampling.weights:
            raise CheckpointError(
                expected=f"{chosen.sampling.generator} with the weights that the manifest names",
                got="others",
                remedy="restore it",
            )
        hearts: list[tuple[Item, LabelMap]] = []
        set_aside: dict[str, str] = {}
        for item in items:
            base = self.base(item.map)
            try:
                hearts.append((item, deformed_map(base, item, self.header)))
            except (LabelMapError, RequestError) as error:
                set_aside[item.id] = str(error)
        if isinstance(generator, VideoGenerator):
            return self._clips(chosen, generator, hearts, set_aside)
        return self._frames(chosen, generator, hearts, set_aside)

    def _frames(
        self, chosen: SetSampling, generator: Generator, hearts: list[tuple[Item, LabelMap]], set_aside: dict[str, str]
    ) -> tuple[list[SetSample], dict[str, str]]:
        shown: list[tuple[Item, GenerationRequest, float | None]] = []
        for item, heart in hearts:
            about = self.header["maps"][item.map]
            try:
                now, ef = (heart, None) if item.ef is None else contracted(heart, item.ef, about["view"])
                phase: Phase = about["phase"] if item.ef is None else "ES"
                request = GenerationRequest(now, item.sampling(chosen.sampling), about["view"], phase, item.seed)
                shown.append((item, request, ef))
            except (LabelMapError, RequestError) as error:
                set_aside[item.id] = str(error)
        # A batch of the generator shares its sampling; samples of other looks come after it.
        shown.sort(key=lambda one: repr(one[0].look))
        made: list[Generated] = []
        for _, alike in groupby(shown, key=lambda one: one[0].look):
            made += generator.generate_batch([request for _, request, _ in alike])
        samples = [
            self._sample(chosen, item, frame, frame.image, request.label_map.ids, ef)
            for (item, request, ef), frame in zip(shown, made, strict=True)
        ]
        return samples, set_aside

    def _clips(
        self,
        chosen: SetSampling,
        generator: VideoGenerator,
        hearts: list[tuple[Item, LabelMap]],
        set_aside: dict[str, str],
    ) -> tuple[list[SetSample], dict[str, str]]:
        samples = []
        for item, heart in hearts:
            try:
                made = generator.generate(clip_request(chosen, item, heart, self.header["maps"][item.map]["view"]))
            except (LabelMapError, RequestError) as error:  # this heart has no such beat
                set_aside[item.id] = str(error)
                continue
            samples.append(self._sample(chosen, item, made, made.clip, made.cycle.ids, made.record.ef_drawn))
        return samples, set_aside

    def _sample(
        self,
        chosen: SetSampling,
        item: Item,
        made: Generated | GeneratedVideo,
        image: npt.NDArray[np.uint8],
        ids: LabelIds,
        ef_drawn: float | None,
    ) -> SetSample:
        about = self.header["maps"][item.map]
        anatomy: Json = {
            "map": about["name"],
            "map_sha256": about["sha256"],
            "variation": item.variation,
            "ranges": self.header["ranges"],
            "defect": item.defect,
        }
        if item.variation is not None and "deformation" in self.header:
            anatomy["deformation"] = self.header["deformation"]
        if item.ef is not None:
            anatomy |= {"ef": item.ef, "ef_drawn": ef_drawn}
        record = {**made.record.to_json(), "anatomy": anatomy}
        return SetSample(
            id=item.id,
            base=about["base"],
            view=about["view"],
            phase=None if chosen.clip else "ES" if item.ef is not None else about["phase"],
            fps=chosen.clip.fps if chosen.clip else None,
            spacing_mm=self.base(item.map).spacing_mm,
            licence=chosen.licence or UNKNOWN_LICENCE,
            tags=(f"defect {item.defect['name']}",) if item.defect else (),
            record=json.loads(json.dumps(record)),  # tuples as lists, as they come back
            image=image,
            ids=ids,
        )


def deformed_map(base: LabelMap, item: Item, header: Json) -> LabelMap:
    """The label map of a sample, of a beating one at end diastole: the base deformed, then damaged.

    Args:
        header: of the manifest, with the `ranges` and the `deformation` that its samples are made with.

    Raises:
        LabelMapError: the deformed heart lacks what the defect needs, or a ventricle that could eject.
        RequestError: the defect does not fit the heart.
    """
    heart = base
    if item.variation is not None:
        heart = random_variation(base, item.variation, _ranges_from(header), header.get("deformation"))
    if item.defect:
        heart = apply_defect(heart, item.defect["name"], item.defect["values"], header["schema"])
    if item.ef is not None and not (heart.ids == LV_CAVITY).any():
        raise LabelMapError(
            expected=f"a ventricle (label {LV_CAVITY}) that ejects", got="none", remedy="leave this map or defect out"
        )
    return heart


def contracted(heart: LabelMap, ef: float, view: View) -> tuple[LabelMap, float | None]:
    """The heart at end systole, and the EF in percent as it is measured on the two maps.

    Raises:
        LabelMapError, RequestError: it cannot have this EF; see `anatomy.motion.motion.end_systole`.
    """
    systole = end_systole(heart, usual_motion(ef), view)
    full, left = lv_discs(heart), lv_discs(systole)
    return systole, ejection_fraction(full.volume, left.volume) if full and left else None


def clip_request(chosen: SetSampling, item: Item, heart: LabelMap, view: View) -> VideoRequest:
    """The request for the beat of a heart."""
    assert chosen.clip is not None
    assert item.ef is not None  # `SetRequest` refuses clips without
    return VideoRequest(
        heart,
        item.sampling(chosen.sampling),
        None,
        usual_motion(item.ef, chosen.clip.heart_rate),
        view,
        chosen.clip.frames,
        chosen.clip.start_step,
        item.seed,
    )


def _ranges_from(header: Json) -> VariationRanges:
    ranges = {key: value for key, value in header["ranges"].items() if key != "control_points"}
    translation, scale = (tuple(ranges.pop(key)) for key in ("translation", "scale"))
    return VariationRanges(translation=translation, scale=scale, **ranges)


@lru_cache(maxsize=1)
def loaded(name: str, clips: bool, checkpoints: Path | None, device: str) -> Generator | VideoGenerator:
    """A generator of frames or of clips that stays loaded until another one is needed."""
    return (load_video_generator if clips else load_generator)(name, checkpoints, device)
