"""A clip as MP4 or GIF: what players and browsers show. Neither has a place for labels."""

import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from echo_studio.data.clips.clip import Clip
from echo_studio.data.decoding.video_file import FAULTS, write
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import OutputError

QUALITY = "14"  # x264's constant rate factor: speckle survives, a 24-frame clip of 256 x 256 takes about 300 KB


def mp4_bytes(clip: Clip) -> bytes:
    """The clip as H.264 in MP4, playable in every browser; odd sides get one black row or column more.

    The notice stands in the `comment`, the record in the `description`.

    Raises:
        OutputError: ffmpeg fails, which a full temporary folder can cause.
    """
    # Colour at half the resolution needs even sides; it is what browsers play.
    even = np.pad(clip.frames, ((0, 0), *((0, side % 2) for side in clip.frames.shape[1:])))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        try:
            about = {"comment": NOTICE, "description": clip.note_text}
            write(path, even, clip.fps, {"preset": "medium", "crf": QUALITY}, about)
        except FAULTS as error:
            raise OutputError(
                expected="a clip that FFmpeg encodes",
                got="an encoder that ended early",
                remedy="free space in the temporary folder or export another format",
            ) from error
        return path.read_bytes()


def gif_bytes(clip: Clip) -> bytes:
    """The clip as a GIF that loops for ever, grey values exact; notice and record in its comment.

    GIF counts in hundredths of a second: frames are 1/100 s longer or shorter, the cycle keeps its length.
    Two equal frames in a row become one that is shown longer.
    """
    ends = np.rint(np.arange(len(clip.frames) + 1) * (100.0 / clip.fps)).astype(int)
    # Browsers slow a frame of under 2/100 s down to a tenth of a second.
    hundredths = np.maximum(2, np.diff(ends))
    pictures = [Image.fromarray(np.ascontiguousarray(frame)) for frame in clip.frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=[int(10 * length) for length in hundredths],
        loop=0,
        optimize=False,
        comment=f"{NOTICE}\n{clip.note_text}".encode(),
    )
    return buffer.getvalue()
