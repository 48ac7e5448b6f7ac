"""The SPADE U-Net: what depends on the label map, what on the noise level, and nothing else."""

import torch
import torch.nn.functional as F
from torch import Tensor

from echo_studio.nets.segmenter import Segmenter, SegmenterConfig
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.unet_blocks import Spade, SpadeUNetConfig, group_count

CONFIG = SpadeUNetConfig(widths=(16, 32), blocks=1, attention_levels=(1,), head_channels=16, mask_channels=8)


def network() -> SpadeUNet:
    torch.manual_seed(0)
    net = SpadeUNet(CONFIG).eval()
    for parameter in net.parameters():  # zero-initialised convolutions would hide every dependence
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return net


def maps(count: int) -> Tensor:
    torch.manual_seed(1)
    return F.one_hot(torch.randint(0, 5, (count, 16, 16)), 5).permute(0, 3, 1, 2).float()


def classes(*values: int) -> Tensor:
    return torch.tensor(values)


def test_one_modulation_serves_every_noise_level() -> None:
    net = network()
    x, one_hot = torch.randn(1, 1, 16, 16), maps(1)
    prepared = net.prepare(one_hot, classes(0), classes(1))
    for level in (-1.5, 0.0, 1.0):
        fresh = net.prepare(one_hot, classes(0), classes(1))
        c_noise = torch.tensor([level])
        assert torch.equal(net(x, c_noise, prepared), net(x, c_noise, fresh))


def test_label_map_view_phase_and_noise_level_each_change_the_answer() -> None:
    net = network()
    x, one_hot = torch.randn(1, 1, 16, 16), maps(2)
    base = net(x, torch.zeros(1), net.prepare(one_hot[:1], classes(0), classes(0)))
    for changed in (
        net(x, torch.zeros(1), net.prepare(one_hot[1:], classes(0), classes(0))),
        net(x, torch.zeros(1), net.prepare(one_hot[:1], classes(1), classes(0))),
        net(x, torch.zeros(1), net.prepare(one_hot[:1], classes(0), classes(1))),
        net(x, torch.ones(1), net.prepare(one_hot[:1], classes(0), classes(0))),
    ):
        assert not torch.allclose(base, changed, atol=1e-4)


def test_a_sample_alone_is_what_it_is_in_a_batch() -> None:
    net = network()
    x, one_hot, levels = torch.randn(3, 1, 16, 16), maps(3), torch.tensor([-1.0, 0.0, 1.0])
    together = net(x, levels, net.prepare(one_hot, classes(0, 1, 0), classes(1, 0, 1)))
    alone = net(x[1:2], levels[1:2], net.prepare(one_hot[1:2], classes(1), classes(0)))
    torch.testing.assert_close(together[1:2], alone, atol=1e-5, rtol=1e-4)


def test_a_new_network_starts_at_zero() -> None:
    net = SpadeUNet(CONFIG)
    prepared = net.prepare(maps(1), classes(0), classes(0))
    assert not net(torch.randn(1, 1, 16, 16), torch.zeros(1), prepared).any()


def test_spade_keeps_what_is_constant_within_a_label() -> None:
    # MONAI's block normalises gamma and beta too, which removes exactly this.
    spade = Spade(8, 5)
    torch.nn.init.zeros_(spade.gamma_beta.weight)
    torch.nn.init.ones_(spade.gamma_beta.bias)
    gamma, beta = spade.modulation(torch.ones(1, 5, 4, 4))
    assert (gamma == 1).all()
    assert (beta == 1).all()
    assert not [name for name, _ in spade.named_parameters() if "norm" in name]


def test_groups_divide_the_channels() -> None:
    for channels in (8, 24, 48, 96, 128, 144, 768):
        assert channels % group_count(channels) == 0
        assert group_count(channels) <= 32


def test_segmenter_features_are_one_a_level() -> None:
    net = Segmenter(SegmenterConfig(channels=(4, 8, 16), residual_units=1)).eval()
    features = net.features(torch.zeros(1, 1, 32, 32))
    assert [tuple(f.shape[1:]) for f in features] == [(4, 16, 16), (8, 8, 8)]
    assert net(torch.zeros(1, 1, 32, 32)).shape == (1, 4, 32, 32)
