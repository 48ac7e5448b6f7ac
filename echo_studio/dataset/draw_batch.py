"""Make the samples of a batch: label map, deformation, defect, frame. A function of the manifest's lines alone."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from echo_studio.anatomy.defects import apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.variation import VariationRanges, random_variation
from echo_studio.dataset.manifest import How, Item
from echo_studio.dataset.sample import SetSample
from echo_studio.errors import CheckpointError, LabelMapError, RequestError
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.types import Json

__all__ = ["Maker", "heart_of", "loaded", "ranges_from"]

UNKNOWN_LICENCE = "not stated"


@dataclass(frozen=True)
class Maker:
    """Makes the samples of one manifest.

    Attributes:
        header: of the manifest.
        base: its label map of a number.
        checkpoints: where generators lie; None for the bundled ones and the person's own.
    """

    header: Json
    base: Callable[[int], LabelMap]
    checkpoints: Path | None = None
    device: str = "cpu"

    def make(self, items: Sequence[Item]) -> tuple[list[SetSample], dict[str, str]]:
        """The samples of one batch, and why others cannot be made, by id.

        Args:
            items: all of one way to make frames; they are computed together.

        Raises:
            CheckpointError: the generator is not the one that the manifest names.
            EchoStudioError: a label map or weights cannot be read.
        """
        how = How(**self.header["generators"][items[0].how])
        generator = loaded(how.generator, self.checkpoints, self.device)
        weights = {generator.card.name: generator.card.sha256, **generator.card.needs}
        if weights != how.checkpoints:
            raise CheckpointError(
                expected=f"{how.generator} with the weights that the manifest names", got="others", remedy="restore it"
            )
        requests: list[tuple[Item, GenerationRequest]] = []
        set_aside: dict[str, str] = {}
        for item in items:
            base = self.base(item.map)
            try:
                requests.append((item, self._request(how, item, heart_of(base, item, ranges_from(self.header)))))
            except (LabelMapError, RequestError) as error:
                set_aside[item.id] = str(error)
        made = generator.generate_batch([request for _, request in requests]) if requests else []
        samples = [
            self._sample(how, item, request.label_map, frame)
            for (item, request), frame in zip(requests, made, strict=True)
        ]
        return samples, set_aside

    def _request(self, how: How, item: Item, heart: LabelMap) -> GenerationRequest:
        about = self.header["maps"][item.map]
        return GenerationRequest(
            heart, about["view"], about["phase"], how.generator, how.solver, how.nfe, seed=item.seed
        )

    def _sample(self, how: How, item: Item, heart: LabelMap, frame: Generated) -> SetSample:
        about = self.header["maps"][item.map]
        anatomy = {
            "map": about["name"],
            "map_sha256": about["sha256"],
            "variation": item.variation,
            "ranges": self.header["ranges"],
            "defect": item.defect,
        }
        record = {**frame.record.to_json(), "anatomy": anatomy}
        return SetSample(
            id=item.id,
            base=about["base"],
            view=about["view"],
            phase=about["phase"],
            spacing_mm=heart.spacing_mm,
            licence=how.licence or UNKNOWN_LICENCE,
            tags=(f"defect {item.defect['name']}",) if item.defect else (),
            record=json.loads(json.dumps(record)),  # tuples as lists, as they come back
            image=frame.image,
            ids=heart.ids,
        )


def heart_of(base: LabelMap, item: Item, ranges: VariationRanges) -> LabelMap:
    """The label map of a sample: the base deformed, then damaged.

    Raises:
        LabelMapError: the deformed heart lacks what the defect needs.
        RequestError: the defect does not fit the heart.
    """
    heart = base if item.variation is None else random_variation(base, item.variation, ranges)
    return apply_defect(heart, item.defect["name"], item.defect["values"]) if item.defect else heart


def ranges_from(header: Json) -> VariationRanges:
    """The ranges of deformations that a manifest names."""
    drawn = dict(header["ranges"])
    translation, scale = (tuple(drawn.pop(key)) for key in ("translation", "scale"))
    return VariationRanges(translation=translation, scale=scale, **drawn)


@lru_cache(maxsize=1)
def loaded(name: str, checkpoints: Path | None, device: str) -> Generator:
    """A generator that stays loaded until another one is asked for."""
    return load_generator(name, checkpoints, device)
