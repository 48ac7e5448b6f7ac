"""A clip as MP4 or GIF: what players and browsers show. Neither has a place for labels."""

import io
import subprocess
import tempfile
from pathlib import Path

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
    # Not through a pipe: MP4 is written back and forth.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        done = subprocess.run(
            _command(clip, path),
            input=np.ascontiguousarray(clip.frames).tobytes(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0 or not path.is_file():
            said = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise OutputError(
                expected="a clip that ffmpeg encodes",
                got=said[:160] or "an encoder that ended early",
                remedy="free space in the temporary folder or export another format",
            )
        return path.read_bytes()


def _command(clip: Clip, path: Path) -> list[str]:
    _, height, width = clip.frames.shape
    return [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe"),
        *("-f", "rawvideo", "-pix_fmt", "gray", "-video_size", f"{width}x{height}", "-framerate", f"{clip.fps:.6f}"),
        # Colour at half the resolution needs even sides; it is what browsers play.
        *("-i", "pipe:0", "-an", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "medium", "-crf", QUALITY, "-threads", "2", "-movflags", "+faststart"),
        # Bit-exact: no date and no version, so that the same clip gives the same bytes.
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"),
        *("-metadata", f"comment={NOTICE}", "-metadata", f"description={clip.note_text}"),
        *("-f", "mp4", f"file:{path}"),
    ]


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
