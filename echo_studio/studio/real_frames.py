"""Real frames and real loops that a page edits: in memory alone, for that page alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.borders import corrected
from echo_studio.data.decoding.decoded import Recording
from echo_studio.errors import RequestError
from echo_studio.generate.source import Source
from echo_studio.generate.video.real_beat import USUAL_FPS, RealBeat
from echo_studio.types import GrayImage


@dataclass(frozen=True)
class RealFrame:
    """A real frame: its pixels uint8 (h, w), what it itself shows, and which frame of its recording it is."""

    image: GrayImage
    label_map: LabelMap
    number: int = 0

    def source(self, keep: float = 1.0, whole_frame: bool = False) -> Source:
        """See `generate.source.Source`, also for what is raised."""
        return Source(self.image, self.label_map, keep, whole_frame)


@dataclass(frozen=True, eq=False)
class RealLoop:
    """Frames of a recording with what each shows, from the frame on at which its beat begins.

    Attributes:
        first: that frame.
        found: the label map of each frame from `first` on, as the labeller finds it.
        corrections: label maps that a person says are right, by frame of the recording.
    """

    recording: Recording
    first: int
    found: tuple[LabelMap, ...]
    corrections: Mapping[int, LabelMap] = field(default_factory=dict)

    def corrected(self, number: int, label_map: LabelMap) -> "RealLoop":
        """The loop after one frame more was corrected; frames that are no part of it change nothing."""
        if number not in self.numbers:
            return self
        return replace(self, corrections={**self.corrections, number: label_map})

    @property
    def source(self) -> Source:
        """Its first frame: by this one's origin what is kept of all of them is dropped."""
        return Source(self.recording.frames[self.first], self.found[0])

    @property
    def numbers(self) -> range:
        """Which frames of the recording are labelled."""
        return range(self.first, self.first + len(self.found))

    @cached_property
    def labels(self) -> list[LabelMap]:
        """Of each frame from `first` on, corrected."""
        right = {number - self.first: label_map for number, label_map in self.corrections.items()}
        return corrected(self.found, right, self.recording.seconds_per_frame or 1 / USUAL_FPS)

    @cached_property
    def beat(self) -> RealBeat:
        """The beat from `first` on.

        Raises:
            RequestError: no ventricle contracts from there on.
        """
        frames = self.recording.frames[self.first : self.first + len(self.found)]
        beat = RealBeat.of(frames, self.labels, self.recording.seconds_per_frame, 0)
        return replace(beat, first=self.first)


def needed(loop: RealLoop | None) -> RealLoop:
    """The loop; RequestError where its frames are not labelled."""
    if loop is None:
        raise RequestError(
            expected="a recording whose every frame is labelled",
            got="none in memory",
            remedy="open its file again, and switch every frame on again",
        )
    return loop
