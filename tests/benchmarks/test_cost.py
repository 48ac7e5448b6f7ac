"""What recipes take: operations and memory counted without doing the work."""

from functools import cache

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import recipes as table
from benchmarks.cost import BYTES_A_PARAMETER, Cost, cost_of
from benchmarks.untrained import TRAINING, recipe_files, recipes
from benchmarks.workload import Workload, codec_of
from echo_studio.train.recipe import Recipe

BESIDE = recipes(TRAINING)


def small(kind: str, network: dict[str, object], **changes: object) -> Recipe:
    budget, optimiser = {"images": 8, "batch": 2, "ema_images": 8}, {"learning_rate": 1e-3}
    about = {"name": "small", "title": "", "description": "", "paper": "", "kind": kind, "resolution": 32}
    return Recipe(**{**about, "network": network, "budget": budget, "optimiser": optimiser, **changes})  # type: ignore[arg-type]


SMALL = {
    "edm": small("edm", {"widths": [8, 16], "blocks": 1, "attention_levels": [1], "mask_channels": 4}),
    "gamma-vae": small("gamma-vae", {"channels": [4, 8], "blocks": 1}, loss={"crop": 16}),
    "segmenter": small("segmenter", {"channels": [4, 8, 16], "residual_units": 1}),
    "cyclegan": small("cyclegan", {"widths": [8, 8], "blocks": 1, "patch": 2, "fine_channels": 4}),
}


@cache
def counted(kind: str) -> Cost:
    return cost_of(SMALL[kind], {})


@pytest.mark.parametrize("kind", SMALL)
def test_counted_operations_are_those_of_the_work_itself(kind: str) -> None:
    cost, work = counted(kind), Workload.of(SMALL[kind], {})
    assert cost.parameters == work.parameters == sum(p.numel() for p in work.network.parameters())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        work.call(1, work.prepare(1))
    assert cost.call_flop + cost.prepare_flop == counter.get_total_flops()
    with FlopCounterMode(display=False) as counter:
        work.train(1).backward()
    assert cost.train_flop == counter.get_total_flops()


def test_what_the_backward_pass_keeps_is_counted() -> None:
    cost, work = counted("edm"), Workload.of(SMALL["edm"], {})
    own = {p.untyped_storage().data_ptr() for p in work.network.parameters()}

    def kept(batch: int) -> int:
        found: dict[int, torch.Tensor] = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.untyped_storage().data_ptr() not in own:
                found[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            work.train(batch)
        return sum(tensor.untyped_storage().nbytes() for tensor in found.values())

    assert cost.image_bytes == pytest.approx(kept(2) - kept(1), rel=0.05)
    assert cost.fixed_bytes >= cost.parameters * BYTES_A_PARAMETER


def test_half_precision_keeps_less() -> None:
    whole = counted("edm")
    half = cost_of(SMALL["edm"].model_copy(update={"precision": "bfloat16"}), {})
    assert half.image_bytes < 0.8 * whole.image_bytes
    assert half.call_flop == whole.call_flop


def test_an_encoder_that_is_not_trained_costs_no_backward_pass() -> None:
    frozen = SMALL["gamma-vae"].model_copy(update={"loss": {"crop": 16, "decoder_only": True}})
    assert cost_of(frozen, {}).train_flop < counted("gamma-vae").train_flop


def test_the_papers_networks_are_counted_without_their_weights() -> None:
    papers = recipes(TRAINING / "papers")
    with torch.device("meta"):
        parameters = Workload.of(papers["edm-l64-paper"], papers).parameters
    assert 330e6 < parameters < 390e6  # 359 to 382 million in the released code


def test_a_latent_recipe_works_at_the_size_of_its_codec_s_latents() -> None:
    assert codec_of(BESIDE["edm-256"], BESIDE) is None
    papers = recipes(TRAINING / "papers")
    assert codec_of(papers["gamma-vae-64-paper"], papers) is None, "its segmenter is a judge and no codec"
    assert codec_of(papers["edm-l64-paper"], papers) == papers["gamma-vae-64-paper"]
    with torch.device("meta"):
        assert Workload.of(BESIDE["edm-l64"], BESIDE).side == 64
        assert Workload.of(BESIDE["edm-l128"], BESIDE).side == 128
        assert Workload.of(BESIDE["sdm"], BESIDE).side == 256


def test_a_line_is_measured_or_computed_and_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    recipe = SMALL["edm"]
    cost = counted("edm")
    measured = table.speed_of(recipe, {}, rounds=1, batch=2)
    assert min(measured.train, measured.call) > 0
    rate = table.Speed(train=10.0 * cost.train_flop, call=4.0 * cost.call_flop)
    path = next(iter(recipe_files(TRAINING))).relative_to(TRAINING)
    lines = [table.line_of(recipe, path, cost, measured, rate), table.line_of(recipe, path, cost, None, rate)]
    assert "~" not in "".join(lines[0])
    assert lines[1][-3:] == ["~10", "~0.0", "~4"]
    assert table.line_of(recipe, path, cost, None, None)[-3:] == ["", "", ""]
    table.print_table(lines, markdown=True)
    assert capsys.readouterr().out.splitlines()[1] == "|" + "---|" * len(table.COLUMNS)
    table.print_table(lines, markdown=False)
    assert len(capsys.readouterr().out.splitlines()) == 3
