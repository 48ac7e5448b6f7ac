"""Draw docs/loops.webp and docs/m-modes.png: four generated heartbeats side by side, and each along a line.

    python training/video_sheet.py [--checkpoints FOLDER]

The line runs across both walls at the middle of the ventricle, where an M-mode shows how they move; two beats each.
"""

import argparse
import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

from echo_studio.anatomy.landmarks.points import heart_frame
from echo_studio.anatomy.motion.motion import Motion, RegionalMotion, usual_motion
from echo_studio.data.atomic import write_bytes
from echo_studio.data.template import template
from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.distances import Clip
from echo_studio.generate.sampling import advised_sampling
from echo_studio.generate.video.catalog import load_video_generator, video_generators
from echo_studio.generate.video.request import VideoRequest
from echo_studio.types import GrayImage, View

DOCS = Path(__file__).resolve().parent.parent / "docs"
FRAMES = 24
# Title, template, view, generator, motion, seed.
LOOPS: tuple[tuple[str, str, View, str, Motion, int], ...] = (
    ("video-spade, EF 60", "4ch-ed", "4CH", "video-spade", usual_motion(60), 1),
    ("video-spade, EF 25", "4ch-ed-dilated", "4CH", "video-spade", usual_motion(25), 2),
    (
        "video-spade, akinetic septum",
        "4ch-ed",
        "4CH",
        "video-spade",
        usual_motion(50, regional=(RegionalMotion("mid inferoseptal", "akinetic"),)),
        3,
    ),
    ("free-echo, EF 55", "2ch-ed", "2CH", "free-echo", usual_motion(55), 4),
)


Point = tuple[float, float]  # (x, y) in pixels, centres at whole numbers


def m_mode(clip: Clip, start: Point, end: Point) -> GrayImage:
    """The pixels of a line in every frame: uint8 (length, t), sampled a pixel apart between pixel centres.

    Args:
        clip: uint8 (t, h, w).
        start, end: (x, y) of the line's ends; `start` becomes the top row.

    Raises:
        RequestError: an end outside the frame, or ends less than a pixel apart.
    """
    height, width = clip.shape[1:]
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    # Written so that NaN fails too.
    if not all(0 <= x <= width - 1 and 0 <= y <= height - 1 for x, y in (start, end)) or not length >= 1:
        raise RequestError(
            expected=f"a line of a pixel or more between (0, 0) and ({width - 1}, {height - 1})",
            got=f"({x0:g}, {y0:g}) to ({x1:g}, {y1:g})",
            remedy="place it inside the frame",
        )
    samples = round(length) + 1
    line = [np.linspace(y0, y1, samples), np.linspace(x0, x1, samples)]
    columns = [map_coordinates(frame.astype(np.float64), line, order=1) for frame in clip]
    return np.asarray(np.rint(np.stack(columns, axis=1)).clip(0, 255), dtype=np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=Path)
    folder = parser.parse_args().checkpoints
    clips, strips = [], []
    for title, name, view, generator, motion, seed in LOOPS:
        entry = video_generators(folder)[generator]
        request = VideoRequest(
            template(name),
            advised_sampling(entry),
            motion=motion,
            view=view,
            frames=FRAMES,
            start_step=entry.advised_start_step,
            seed=seed,
        )
        made = load_video_generator(generator, folder).generate(request)
        print(f"{title}: {made.seconds:.1f} s, EF drawn {made.record.ef_drawn}")
        axis = heart_frame(request.label_map)
        ends = axis.plane.pixels(
            axis.points(np.array([0.5, 0.5]) * axis.length, np.array([-0.42, 0.42]) * axis.length)
        ).tolist()
        strip = m_mode(np.concatenate([made.clip, made.clip]), (ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]))
        shown = np.stack([cv2.line(frame.copy(), *_whole(ends), 255, 1, cv2.LINE_AA) for frame in made.clip])
        clips.append(np.stack([_titled(frame, title) for frame in shown]))
        strips.append(_titled(cv2.resize(strip, (256, 160), interpolation=cv2.INTER_LINEAR), title))
    first, *rest = [Image.fromarray(frame).convert("RGB") for frame in np.concatenate(clips, axis=2)]
    pace = round(60_000 / 70 / FRAMES)  # milliseconds a frame at 70 beats a minute
    first.save(DOCS / "loops.webp", save_all=True, append_images=rest, duration=pace, loop=0, quality=75)
    _, content = cv2.imencode(".png", np.concatenate(strips, axis=1))
    write_bytes(DOCS / "m-modes.png", content.tobytes())


def _whole(ends: list[list[float]]) -> list[tuple[int, int]]:
    return [(round(x), round(y)) for x, y in ends]


def _titled(image: GrayImage, title: str) -> GrayImage:
    head = np.zeros((22, image.shape[1]), np.uint8)
    cv2.putText(head, title, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 220, 1, cv2.LINE_AA)
    return np.concatenate([head, image])


if __name__ == "__main__":
    main()
