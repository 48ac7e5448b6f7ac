"""What a denoiser in pixels is shown: whole frames, or crops of them with their own labels."""

import torch

from echo_studio.data.augment import GeometricRanges
from echo_studio.generate.codec import PixelCodec
from echo_studio.train.samples.clean import PixelSamples
from echo_studio.train.samples.frames import Frames

STILL = GeometricRanges(rotation_deg=0.0, translation=0.0, scale=(1.0, 1.0), shear_deg=0.0)


def samples(crop: int) -> PixelSamples:
    """Four frames whose grey level at each pixel tells the label there."""
    torch.manual_seed(0)
    ids = torch.randint(0, 5, (4, 64, 64), dtype=torch.uint8)
    frames = Frames(image=ids * 50, ids=ids, view=torch.tensor([0, 1, 0, 1]), phase=torch.tensor([0, 0, 1, 1]))
    return PixelSamples(frames, PixelCodec(), STILL, crop)


def test_a_crop_shows_the_labels_of_its_own_place() -> None:
    clean, condition = samples(crop=32).batch(torch.tensor([3, 0, 1]))
    assert clean.shape == (3, 1, 32, 32)
    assert condition.one_hot.shape == (3, 5, 32, 32)
    told = ((clean[:, 0] + 1) * 127.5 / 50).round()
    assert torch.equal(told, condition.one_hot.argmax(1).float())
    assert condition.view.tolist() == [1, 0, 1]
    assert condition.phase.tolist() == [1, 0, 0]


def test_crops_differ_from_draw_to_draw_and_come_back_with_the_seed() -> None:
    source, index = samples(crop=32), torch.arange(4)
    torch.manual_seed(5)
    first, second = source.batch(index)[0], source.batch(index)[0]
    torch.manual_seed(5)
    assert torch.equal(first, source.batch(index)[0])
    assert not torch.equal(first, second)


def test_whole_frames_without_a_crop() -> None:
    clean, _ = samples(crop=0).batch(torch.tensor([2]))
    assert clean.shape == (1, 1, 64, 64)
