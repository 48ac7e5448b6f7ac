"""What a page sends as JSON, checked by pydantic, and how it becomes a request of the studio."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, TypeAdapter

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.inspect import SLOTS
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.dataset.build.manifest import SetRequest
from echo_studio.dataset.split import Fractions
from echo_studio.errors import RequestError
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import DRAWN, Look, Precision, Sampling
from echo_studio.generate.source import Source
from echo_studio.generate.video.real_beat import RealBeat
from echo_studio.generate.video.request import VideoRequest
from echo_studio.studio.compare.comparisons import Comparisons
from echo_studio.studio.compare.plan import AXES, Axis, Guide, Value, read_value
from echo_studio.studio.frames import FrameRequest
from echo_studio.studio.real_frames import RealFrame, RealLoop, needed
from echo_studio.studio.sessions import Session
from echo_studio.studio.sets.data_sets import DataSets
from echo_studio.studio.sets.maps import MapSource
from echo_studio.types import Json, Phase, View

PAGE = 200  # samples in one question
MAX_NUMBERS = 1_000_000
MAX_NUMBER = 2**31 - 1
MAX_FINDINGS = 32
MAX_NAMES = 64


def _no_bool(value: object) -> object:
    """JavaScript's true is no number; a number may come as text, because JavaScript's numbers end at 2^53."""
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Whole: TypeAlias = Annotated[int, BeforeValidator(_no_bool), Field(gt=-(2**64), lt=2**64)]
Number: TypeAlias = Annotated[float, BeforeValidator(_no_bool), Field(allow_inf_nan=False)]
NumberOrNone: TypeAlias = Annotated[Number | None, BeforeValidator(lambda value: None if value == "" else value)]
SampleNumber: TypeAlias = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class SamplingBody(BaseModel):
    """The generator, and what it is run with."""

    generator: str
    solver: str
    nfe: Whole
    seed: Whole
    guidance: Number = 0.0
    precision: Literal["auto"] | Precision = "auto"

    def sampling(self, quickest: Precision, schedule: str = "", look: Look = DRAWN) -> Sampling:
        """The sampling; `quickest` is the precision where none was chosen."""
        precision = quickest if self.precision == "auto" else self.precision
        return Sampling(self.generator, self.solver, self.nfe, self.guidance, schedule, precision, look)


class SourceBody(BaseModel):
    """What to keep of the real frame that the session edits."""

    keep: Number = 1.0
    whole_frame: bool = False
    every_frame: bool = False

    def source(self, real_frame: RealFrame | None) -> Source:
        if real_frame is None:
            raise RequestError(
                expected="the real frame that is edited", got="none in memory any more", remedy="open its file again"
            )
        return real_frame.source(self.keep, self.whole_frame)


class DraftBody(SamplingBody):
    """A draft of the map that comes before it."""

    view: View
    phase: Phase
    schedule: str = ""
    grain: NumberOrNone = None
    coarseness: NumberOrNone = None
    source: SourceBody | None = None

    def generation(
        self, label_map: LabelMap, quickest: Precision, real_frame: RealFrame | None = None
    ) -> GenerationRequest:
        sampling = self.sampling(quickest, self.schedule, Look(self.grain, self.coarseness))
        source = None if self.source is None else self.source.source(real_frame)
        return GenerationRequest(label_map, sampling, self.view, self.phase, self.seed, source)


class FrameBody(DraftBody):
    """A frame of the label map on the canvas."""

    revision: Whole
    live: bool = False
    drafted: bool = False
    intended: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=MAX_FINDINGS)] = []

    def request(self, label_map: LabelMap, quickest: Precision, real_frame: RealFrame | None = None) -> FrameRequest:
        generation = self.generation(label_map, quickest, real_frame)
        return FrameRequest(generation, self.revision, self.live, self.drafted, intended=tuple(self.intended))


class RevisionBody(BaseModel):
    """The map on the canvas."""

    revision: Whole


class DefectPlaceBody(BaseModel):
    """A defect that is dragged over the map that comes before it."""

    defect: str
    values: dict[str, Number | str] = {}
    point: tuple[Number, Number]
    view: View


class CycleBody(BaseModel):
    """A label cycle; the other settings of a video say nothing about it."""

    view: View
    motion: Json
    frames: Whole
    source: SourceBody | None = None

    def beat(self, real_loop: RealLoop | None) -> RealBeat | None:
        """The recording's own beat, where every frame of it is asked for."""
        return needed(real_loop).beat if self.source is not None and self.source.every_frame else None


class VideoBody(CycleBody, SamplingBody):
    """A video of the hearts that come before it."""

    start_step: Whole = 0
    grain: NumberOrNone = None
    coarseness: NumberOrNone = None

    def request(
        self,
        end_diastole: LabelMap,
        end_systole: LabelMap | None,
        quickest: Precision,
        real_frame: RealFrame | None = None,
        real_loop: RealLoop | None = None,
    ) -> VideoRequest:
        beat, source = self.beat(real_loop), None
        if self.source is not None:
            keep, whole = self.source.keep, self.source.whole_frame
            source = self.source.source(real_frame) if beat is None else beat.source(0, keep, whole)
        return VideoRequest(
            label_map=end_diastole,
            sampling=self.sampling(quickest, look=Look(self.grain, self.coarseness)),
            end_systole=end_systole,
            motion=Motion.from_json(self.motion),
            view=self.view,
            frames=self.frames,
            start_step=self.start_step,
            seed=self.seed,
            source=source,
            recording=beat,
        )


class AxisBody(BaseModel):
    """Rows or columns of a comparison; values are text, as people write them."""

    name: str
    values: list[str] = []

    def axis(self, guides: list[Guide]) -> Axis:
        if self.name == "label_map":
            return Axis(self.name, tuple(guide.name for guide in guides))
        return Axis.read(self.name, self.values)


class MapBody(BaseModel):
    """A label map of a comparison: canvas, template or slot."""

    kind: str
    name: str = ""


class ComparisonBody(BaseModel):
    """A comparison. It is given back to the page as it came, so that a reload shows its settings."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    rows: AxisBody
    columns: AxisBody
    fixed: dict[str, str]
    maps: list[MapBody]
    revision: Whole
    view: View
    phase: Phase

    def guides(self, session: Session, comparisons: Comparisons) -> list[Guide]:
        return [
            Guide("Canvas", session.require(self.revision, "press Run again"), self.view, self.phase)
            if one.kind == "canvas"
            else comparisons.guide(session, one.kind, one.name)
            for one in self.maps
        ]

    def fixed_values(self) -> dict[str, Value]:
        """By axis, without fields that are empty."""
        return {name: read_value(name, text) for name, text in self.fixed.items() if name in AXES and text.strip()}


class SetBody(BaseModel):
    """A set: its label maps, deformations, defects, generators and seeds."""

    model_config = ConfigDict(strict=True)

    name: str
    maps: Literal["canvas", "slots", "bundled", "files"]
    revision: int = -1
    view: View
    phase: Phase
    map_view: View | Literal[""] = ""
    map_phase: Phase | Literal[""] = ""
    generators: Annotated[list[str], Field(max_length=MAX_NAMES)]
    solver: Annotated[str, Field(max_length=MAX_NAMES)] = ""
    nfe: Annotated[list[int], Field(max_length=MAX_NAMES)] = []
    variations: int
    seeds: int
    seed: int
    ranges: Annotated[dict[str, list[Number]], Field(max_length=MAX_NAMES)] = {}
    defects: Annotated[dict[str, Number], Field(max_length=MAX_NAMES)] = {}
    ef: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    workers: int = 1

    def request(self, session: Session, sets: DataSets) -> SetRequest:
        source = MapSource(
            self.maps, self.revision, self.view, self.phase, self.map_view or None, self.map_phase or None
        )
        return sets.request(
            session,
            source,
            self.generators,
            self.solver,
            self.nfe,
            self.ranges,
            variations=self.variations,
            repeats=self.seeds,
            seed=self.seed,
            defects=self.defects,
            ef=(self.ef[0], self.ef[1]) if self.ef else None,
        )


class ExportBody(BaseModel):
    """An export: shares of the label maps that are held back, and the seed that deals them."""

    model_config = ConfigDict(strict=True)

    format: str
    out: str
    only: str
    validation: Number
    testing: Number
    seed: int

    def fractions(self) -> Fractions:
        return Fractions(self.validation, self.testing)


class NumbersBody(BaseModel):
    """Some samples of a set."""

    model_config = ConfigDict(strict=True)

    numbers: Annotated[list[SampleNumber], Field(max_length=PAGE)]
    outlined: bool = False


class ReviewBody(BaseModel):
    """What a reviewer does to samples; the name counts only if nobody is logged in."""

    model_config = ConfigDict(strict=True)

    numbers: Annotated[list[SampleNumber], Field(max_length=MAX_NUMBERS)]
    reviewer: str = ""


class DecideBody(ReviewBody):
    """Keep, reject, leave undecided or give a reason; None leaves what is there."""

    verdict: str | None = None
    reason: str | None = None


class TagBody(ReviewBody):
    """Give or take a tag."""

    tag: str
    on: StrictBool = True


class SlotLayout(BaseModel):
    """How the label map of a view slot is laid out."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(pattern=f"^({'|'.join(SLOTS)})$")]
    width: int
    height: int
    spacing: str


SLOT_LAYOUTS: TypeAdapter[list[SlotLayout]] = TypeAdapter(Annotated[list[SlotLayout], Field(min_length=1)])


# What a field has to be, by pydantic's type of the error; others are said in pydantic's words.
EXPECTED = {
    "missing": "a value",
    "json_invalid": "JSON",
    "literal_error": "{expected}",
    "list_type": "a list",
    "string_type": "text",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "a name of the form {pattern}",
    "too_long": "at most {max_length} values",
    "too_short": "at least {min_length} values",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number from {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number up to {le}",
    "value_error": "{error}",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a JSON object"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
}


def validation_message(errors: list[Any]) -> str:
    """One line on the first of pydantic's errors: what was expected, what came, what to do."""
    first = errors[0]
    kind, given = first["type"], first["input"]
    expected = EXPECTED[kind].format(**first.get("ctx", {})) if kind in EXPECTED else first["msg"]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path", "header"))
    # A part may be a name that the page made up.
    name = "".join(sign for sign in place[:60] if sign.isprintable()).replace("_", " ").replace("nfe", "NFE")
    where = f" as {name}" if name and kind != "json_invalid" else ""
    got = "none" if kind == "missing" else "an empty field" if given == "" else f"{given!r}"[:60]
    return f"expected {expected}{where}, got {got}; change it and send it again"
