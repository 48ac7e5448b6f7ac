"""Random variations of a label map: the papers' affine and elastic deformations by TorchIO, folds repaired.

TorchIO samples the parameters within the ranges (`RandomAffine`, `RandomElasticDeformation`), locks the borders of
the control grid, and builds the transforms of rotation, scale and translation and of the B-spline. As in the papers'
released script the map is an image of one slice, (1, 1, h, w), on which (10, 10, 4) control points are 10 along y and 4
along x, displacements (0, 30, 30) are 30 along y and x, and one border of control points is locked: TorchIO locks the
first two axes, so along y and not along x.

Ours are three things. TorchIO has no shear: it is sampled here and made before the rotation, as torchvision does.
Folds, of which TorchIO only warns, are repaired by less of the same displacement (`anatomy.shape.variation.unfolded`).
And every pixel is looked up once, by the rule of all warps (`anatomy.shape.warp`), so the sector stays and ends the
structures; the papers' script looks up twice, after the affine and after the elastic part.
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from echo_studio.anatomy.edits import apply
from echo_studio.anatomy.edits import parameters as read
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape import variation as before
from echo_studio.anatomy.shape.variation import PAPER, SIDE, VariationRanges, check_seed, unfolded
from echo_studio.anatomy.shape.warp import STRUCTURES, warp_labels
from echo_studio.errors import UnknownNameError
from echo_studio.types import BoolMask, FloatArray, Json

DEFORMATION = "torchio/1"
DEFORMATIONS = {None: "the code before TorchIO", DEFORMATION: "TorchIO's, as described above"}
CONTROL_POINTS = (10, 10, 4)
LOCKED_BORDERS = 1
_SAMPLING = threading.Lock()


@dataclass(frozen=True)
class Deformation:
    """One sample: what TorchIO's transforms and the shear are made of.

    Attributes:
        rotation_deg, shear_deg: degrees.
        scale: factor.
        translation: (x, y) as shares of the sides.
        control: (10, 10, 4, 3) displacements of the control points, in pixels of a map 256 wide.
    """

    rotation_deg: float
    shear_deg: float
    scale: float
    translation: tuple[float, float]
    control: FloatArray


def random_variation(
    label_map: LabelMap, seed: int, ranges: VariationRanges = PAPER, deformation: str | None = DEFORMATION
) -> LabelMap:
    """A random variation of a label map: its structures move, the sector stays and ends them.

    Args:
        seed: 0 or more; the same seed gives the same map, alone or among others.
        deformation: None for the deformation of edits and sets that name none.

    Raises:
        RequestError: a negative seed.
        UnknownNameError: another deformation.
    """
    if deformation not in DEFORMATIONS:
        raise UnknownNameError("deformation", f"{deformation}"[:40], [name for name in DEFORMATIONS if name])
    if deformation is None:
        return before.random_variation(label_map, seed, ranges)
    source, _ = source_points(sample(seed, ranges), label_map.shape)
    return warp_labels(label_map, source, STRUCTURES, sector_region(label_map), cut=True)


def apply_edit(label_map: LabelMap, op: read.Op, sector: BoolMask | None = None) -> LabelMap:
    """The label map after one operation of the edit log: `vary` by the deformation that it names, others by `anatomy`.

    Args:
        op: as `anatomy.edits.apply.apply_edit` has it; vary: seed, and deformation for every one but the first.

    Raises:
        EchoStudioError: as `anatomy.edits.apply.apply_edit`; UnknownNameError for another deformation.
    """
    if not (isinstance(op, Mapping) and op.get("tool") == "vary" and "deformation" in op):
        return apply.apply_edit(label_map, op, sector)
    seed, deformation = read.parameters(op, {"seed": apply.SEED, "deformation": read.name}, {})
    return random_variation(label_map, seed, deformation=deformation)


def ranges_to_json(ranges: VariationRanges, deformation: str | None) -> Json:
    """The ranges by name, and the control points of the deformation that samples from them."""
    points = before.CONTROL_POINTS if deformation is None else list(CONTROL_POINTS)
    return {**asdict(ranges), "control_points": points}


def sample(seed: int, ranges: VariationRanges = PAPER) -> Deformation:
    """Sample a deformation; the same seed and ranges give the same one.

    TorchIO samples from torch's global generator on the CPU, so this holds a lock and gives the generator its state
    back. That generator reads the lower 32 bits of a seed.

    Raises:
        RequestError: a negative seed.
    """
    import torch  # noqa: PLC0415  (heavy)
    import torchio  # noqa: PLC0415  (heavy)

    check_seed(seed)
    angle, (x, y) = ranges.rotation_deg, ranges.translation
    affine = torchio.RandomAffine(
        scales=ranges.scale,
        degrees=(-angle, angle, 0, 0, 0, 0),
        translation=(0, 0, -y, y, -x, x),
        isotropic=True,
    )
    elastic = torchio.RandomElasticDeformation(
        num_control_points=CONTROL_POINTS,
        max_displacement=(0, ranges.max_displacement, ranges.max_displacement),
        locked_borders=LOCKED_BORDERS,
    )
    with _SAMPLING, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        scales, degrees, shift = affine.get_params(affine.scales, affine.degrees, affine.translation, affine.isotropic)
        shear = affine.sample_uniform(-ranges.shear_deg, ranges.shear_deg)
        control = elastic.get_params(elastic.num_control_points, elastic.max_displacement, elastic.num_locked_borders)
    translation = (float(shift[2]), float(shift[1]))
    return Deformation(float(degrees[0]), float(shear), float(scales[0]), translation, control.astype(np.float64))


def source_points(deformation: Deformation, shape: tuple[int, int]) -> tuple[FloatArray, float]:
    """The point that each pixel shows.

    Returns:
        (h, w, 2) points (x, y) in pixels, and the amplitude of the elastic part after folds were repaired, 1 where
        nothing had to be.
    """
    import SimpleITK as sitk  # noqa: PLC0415  (heavy)
    import torch  # noqa: PLC0415  (heavy)
    import torchio  # noqa: PLC0415  (heavy)

    height, width = shape
    unit = SIDE / max(shape)  # size of a pixel where the longer side is 256, as in the papers
    image = torchio.LabelMap(
        tensor=torch.zeros(1, 1, height, width, dtype=torch.uint8), affine=np.diag([unit, unit, unit, 1])
    )
    x, y = deformation.translation
    scale = deformation.scale
    affine = torchio.Affine(
        scales=(scale, scale, scale),
        degrees=(deformation.rotation_deg, 0, 0),
        # TorchIO scales the translation too; torchvision, which the papers used, does not.
        translation=(0, y * height * unit / scale, x * width * unit / scale),
    ).get_affine_transform(image)
    # Displacements are shares of the sides, so that a map of another size is deformed alike.
    control = deformation.control * [1, height / max(shape), width / max(shape)]
    elastic = torchio.ElasticDeformation(control_points=control, max_displacement=tuple(np.abs(control).max((0, 1, 2))))
    reference = image.as_sitk(force_3d=True)
    spline = elastic.get_bspline_transform(reference)
    shear = math.tan(math.radians(deformation.shear_deg))

    def points(transform: sitk.Transform) -> FloatArray:
        field = sitk.TransformToDisplacementField(
            transform,
            sitk.sitkVectorFloat64,
            reference.GetSize(),
            reference.GetOrigin(),
            reference.GetSpacing(),
            reference.GetDirection(),
        )
        # (x, y, 1, 3) in the physical space of ITK, whose second axis points the other way.
        moved = sitk.GetArrayFromImage(field)[:, :, 0, :0:-1].swapaxes(0, 1) * [1, -1] / unit
        found = pixel_centres(shape) + moved
        found[..., 0] -= shear * (found[..., 1] - (height - 1) / 2)
        return found

    straight = points(affine)
    return unfolded(straight, points(sitk.CompositeTransform([affine, spline])) - straight)
