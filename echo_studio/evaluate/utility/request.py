"""The request of a utility run: checked before any work starts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from echo_studio.anatomy.labels import SCHEMAS
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.errors import CheckpointError, DataError, RequestError, UnknownNameError
from echo_studio.evaluate.frames.distances import spread
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe
from echo_studio.evaluate.utility.sets import SetEntry, plan_label_set
from echo_studio.generate.catalog import catalog
from echo_studio.generate.checkpoint import ONE_CALL
from echo_studio.generate.sampling import Sampling, advised_sampling

TRAINING, VALIDATION = "training", "validation"
HELD_OUT = 20  # one training patient of so many chooses the point of the curve, where no split is free for that


@dataclass(frozen=True)
class Patients:
    """Who teaches, who chooses the point of the validation curve, and which frames are tested on."""

    learn: tuple[str, ...]
    choose: tuple[str, ...]
    test_ids: tuple[FrameId, ...]


@dataclass(frozen=True)
class UtilityRequest:
    """One utility run.

    Attributes:
        data: where label maps and real training frames come from.
        test: where the test frames come from; may be `data` or a folder of other people.
        maps: size of the synthetic set, held-out maps included.
        seeds: trainings of every network, each from another seed; figures are means over them.
        checkpoints: the folder of the generators; None means the bundled ones and the person's own.
        limit: test frames, evenly spread; 0 for all.
    """

    data: CamusFolder
    test: CamusFolder
    test_split: str
    samplings: tuple[Sampling, ...]
    checkpoints: Path | None
    maps: int
    segmenter: DownstreamRecipe
    classifier: DownstreamRecipe | None
    seeds: int
    set_seed: int
    limit: int
    work: Path
    workers: int
    device: str

    def entries(self) -> list[SetEntry]:
        """The deformed label maps. Raises as `plan_label_set` and `CamusFolder.split` do."""
        frame_ids = self.data.frame_ids([*self._listed(TRAINING), *self._chosen_split()])
        return plan_label_set(frame_ids, self.maps, self.set_seed)

    def patients(self, entries: Sequence[SetEntry]) -> Patients:
        """Who does what, of the patients of a set.

        Raises:
            DataError: a patient is in training and in the test, or there are too few.
        """
        tested = self.test.split(self.test_split)
        # Whole lists, not the few patients that a small set takes: a list that leaks would mislead the next run.
        _check_apart([*self._listed(TRAINING), *self._chosen_split()], tested, self.test_split)
        return patients_of(
            list(dict.fromkeys(entry.frame_id.patient for entry in entries)),
            self._chosen_split(),
            spread(self.test.frame_ids(tested), self.limit),
            self.test_split,
        )

    def _listed(self, split: str) -> list[str]:
        return list(dict.fromkeys(self.data.split(split)))

    def _chosen_split(self) -> list[str]:
        """The validation patients, where they are free: the papers' choice."""
        if self.data.split_path(VALIDATION) is None:
            return []
        listed = self._listed(VALIDATION)
        return [] if set(listed) & set(self.test.split(self.test_split)) else listed


def patients_of(
    set_patients: Sequence[str], validation: Sequence[str], test_ids: Sequence[FrameId], test_split: str
) -> Patients:
    """Split a set's patients into those who teach and those who choose.

    Args:
        set_patients: all of a set's.
        validation: those of them who choose; empty where some of the training patients have to.
        test_split: for messages.

    Raises:
        DataError: no test frame, or fewer than two patients to train on.
    """
    if not test_ids:
        raise DataError(
            expected="test frames with labels", got=f"none in the {test_split} split", remedy="check the folder"
        )
    choose = [patient for patient in set_patients if patient in set(validation)]
    if not choose and len(set_patients) > 1:
        count = max(1, len(set_patients) // HELD_OUT)
        choose = spread(set_patients, count) if count > 1 else [set_patients[-1]]
    learn = [patient for patient in set_patients if patient not in set(choose)]
    if not learn or not choose:
        raise DataError(
            expected="at least two patients: one to learn from, one to choose the best network by",
            got=str(len(set_patients)),
            remedy="take more --maps or a larger training split",
        )
    return Patients(tuple(learn), tuple(choose), tuple(test_ids))


def _check_apart(learners: Sequence[str], tested: Sequence[str], test_split: str) -> None:
    leaked = sorted(set(learners) & set(tested))
    if leaked:
        more = f" and {len(leaked) - 3} more" if len(leaked) > 3 else ""
        raise DataError(
            expected="test patients whom no network was trained on",
            got=f"{', '.join(leaked[:3])}{more} in training and in the {test_split} split",
            remedy="take them off one of the lists, or test on another split",
        )


def samplings(
    names: Sequence[str], solver: str, budgets: Sequence[int], checkpoints: Path | None
) -> Iterator[Sampling]:
    """How frames are made: every generator with every NFE; one-call generators once.

    Args:
        solver: empty for each generator's advised one.
        budgets: NFE; empty for the advised one.

    Raises:
        UnknownNameError: no such generator or solver.
        RequestError: an impossible NFE, or several where all generators need one call.
        CheckpointError: a generator that was trained with other labels.
    """
    known = catalog(checkpoints).generators()
    for name in names:
        if name not in known:
            raise UnknownNameError("generator", name, known)
        card = known[name].card
        assert card is not None
        if card.label_schema not in SCHEMAS:
            raise CheckpointError(
                expected=f"a generator of labels {' or '.join(SCHEMAS)}",
                got=f"{name}, which knows {card.label_schema or 'no labels'}",
                remedy="name another generator",
            )
        one_call = card.kind in ONE_CALL
        if one_call and len(names) == 1 and list(budgets) not in ([], [1]):
            raise RequestError(
                expected=f"--nfe 1, since {name} makes a frame in one call",
                got=f"--nfe {','.join(map(str, budgets))}",
                remedy="leave --nfe out",
            )
        chosen: Sequence[int | None] = [1] if one_call else budgets or [None]
        for nfe in chosen:
            yield advised_sampling(card, solver="" if one_call else solver, nfe=nfe, guidance=0)
