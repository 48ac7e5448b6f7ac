"""A clip as MP4 or GIF: what players and browsers show. Neither has a place for labels."""

import io
import tempfile
from pathlib import Path

import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
from PIL import Image

from echo_studio.data.clips.clip import Clip
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import OutputError

QUALITY = "14"  # x264's constant rate factor: speckle survives, a 24-frame clip of 256 x 256 takes about 300 KB


def mp4_bytes(clip: Clip) -> bytes:
    """The clip as H.264 in MP4, playable in every browser; odd sides get one black row or column more.

    The notice stands in the `comment`, the record in the `description`.

    Raises:
        OutputError: ffmpeg fails, which a full temporary folder can cause.
    """
    options = [
        # Colour at half the resolution needs even sides; it is what browsers play.
        *("-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"),
        *("-preset", "medium", "-crf", QUALITY, "-threads", "2", "-movflags", "+faststart"),
        # Bit-exact: no date and no version, so that the same clip gives the same bytes.
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"),
        *("-metadata", f"comment={NOTICE}", "-metadata", f"description={clip.note_text}"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        try:
            iio.imwrite(
                path,
                list(clip.frames),
                plugin="FFMPEG",
                fps=round(clip.fps, 6),
                codec="libx264",
                pixelformat="yuv420p",
                macro_block_size=1,  # no resizing
                input_params=["-protocol_whitelist", "fd,pipe,file"],
                output_params=options,
            )
            # imageio does not look at ffmpeg's exit code.
            written, _ = imageio_ffmpeg.count_frames_and_secs(path)
        except (OSError, RuntimeError) as error:
            raise _failed("an encoder that ended early") from error
        if written != len(clip.frames):
            raise _failed(f"{written} of {len(clip.frames)} frames")
        return path.read_bytes()


def _failed(got: str) -> OutputError:
    return OutputError(
        expected="a clip that ffmpeg encodes",
        got=got,
        remedy="free space in the temporary folder or export another format",
    )


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
