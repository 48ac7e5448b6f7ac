"""The papers' own features: Inception for FID (Heusel et al. 2017), R(2+1)D for FVD (Tran et al. 2018).

Both networks learned on photographs and films of daily life, so on grey ultrasound they are weak evidence. They need
the extra `paper` and weights that are not bundled; nothing is ever fetched.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.errors import CheckpointError, RequestError
from echo_studio.evaluate.frames.distances import Clip, Features

INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
R2PLUS1D = "r2plus1d_18-91a641e6.pth"
SOURCES = {
    INCEPTION: "github.com/toshas/torch-fidelity/releases",
    R2PLUS1D: "download.pytorch.org/models",
}
MODULES = {
    INCEPTION: "torch_fidelity.feature_extractor_inceptionv3",
    R2PLUS1D: "torchvision.models.video",
}
SIDE = 112  # of the frames that R(2+1)D was trained on
# Of the films that it was trained on, by colour (torchvision's documentation of R2Plus1D_18_Weights).
MEAN, DEVIATION = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)
MORE_THAN = 8  # frames that a clip needs
BATCH = 16


def present(name: str, folder: Path | None = None) -> bool:
    """Whether the weights of that name lie in the folder, torch's own by default."""
    return ((folder or _home()) / name).is_file()


def _home() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


class PaperFeatures:
    """Both networks, or one of them, loaded.

    Args:
        folder: where the weights lie; torch's own folder by default.
        names: of the weights to load.

    Raises:
        CheckpointError: a package or a file is missing, or a file is not what it should be.
    """

    def __init__(self, folder: Path | None = None, names: Sequence[str] = (INCEPTION, R2PLUS1D)) -> None:
        self.folder = folder or _home()
        for package in ("torch_fidelity", "torchvision"):
            if importlib.util.find_spec(package) is None:
                raise CheckpointError(
                    expected="the packages of FID and FVD",
                    got=f"no {package}",
                    remedy="install them with: pip install 'echo-studio[paper]'",
                )
        missing = [name for name in names if not (self.folder / name).is_file()]
        if missing:
            raise CheckpointError(
                expected=f"{' and '.join(missing)} in {self.folder}",
                got="no such file",
                remedy=f"put it there from {' and '.join(SOURCES[name] for name in missing)}, or leave FID and FVD out",
            )
        # Read as plain tensors first: torch-fidelity itself would unpickle whatever the file holds.
        states = {name: self._state(name) for name in names}
        modules = {name: importlib.import_module(MODULES[name]) for name in names}
        try:
            if INCEPTION in names:
                self._inception: nn.Module = modules[INCEPTION].FeatureExtractorInceptionV3(
                    "inception", ["2048"], feature_extractor_weights_path=str(self.folder / INCEPTION)
                )
            if R2PLUS1D in names:
                self._r2plus1d: nn.Module = modules[R2PLUS1D].r2plus1d_18(weights=None)
                self._r2plus1d.load_state_dict(states[R2PLUS1D])
                self._r2plus1d.fc = nn.Identity()
                self._r2plus1d.eval()
        except RuntimeError as error:
            raise CheckpointError(
                expected=f"the weights that {' and '.join(names)} were published with",
                got=str(error).splitlines()[0],
                remedy="fetch the files again",
            ) from error

    def _state(self, name: str) -> dict[str, Any]:
        try:
            state: dict[str, Any] = torch.load(self.folder / name, weights_only=True, map_location="cpu")
        except Exception as error:
            raise CheckpointError(
                expected=f"tensors alone in {name}", got=type(error).__name__, remedy="fetch the file again"
            ) from error
        return state

    @torch.inference_mode()
    def frames(self, clips: Sequence[Clip]) -> Features:
        """Inception's last pooled layer of every frame: float64 (frames of all clips, 2048)."""
        images = np.concatenate(list(clips))
        rows = []
        for k in range(0, len(images), BATCH):
            grey = torch.from_numpy(np.ascontiguousarray(images[k : k + BATCH]))
            rows.append(self._inception(grey[:, None].expand(-1, 3, -1, -1))[0].double().numpy())
        return np.concatenate(rows)

    @torch.inference_mode()
    def clips(self, clips: Sequence[Clip]) -> Features:
        """R(2+1)D's last pooled layer of every clip: float64 (clips, 512).

        Raises:
            RequestError: clips of 8 frames or fewer.
        """
        if min(len(clip) for clip in clips) <= MORE_THAN:
            raise RequestError(
                expected=f"clips of more than {MORE_THAN} frames for FVD",
                got=str(min(len(clip) for clip in clips)),
                remedy="make 16 or 24 frames",
            )
        return np.concatenate([self._r2plus1d(film(clip)).double().numpy() for clip in clips])


def film(clip: Clip) -> Tensor:
    """What R(2+1)D sees of a clip: float32 (1, 3, t, 112, 112) in its training films' units."""
    grey = F.interpolate(torch.from_numpy(clip)[:, None].float() / 255, size=(SIDE, SIDE), mode="bilinear")
    colour = grey.expand(-1, 3, -1, -1).transpose(0, 1)
    mean, deviation = (torch.tensor(values)[:, None, None, None] for values in (MEAN, DEVIATION))
    return ((colour - mean) / deviation)[None]
