"""The frames of MP4 and AVI recordings, by ffmpeg. Runs in the decoder's process.

ffmpeg is called by hand here, unlike where clips are written (`clips.movie`): imageio's reader gives RGB and not the
recording's own luminance, rounds the pace to two digits, and does not tell a truncated file from a whole one.
"""

import subprocess
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import numpy as np

from echo_studio.data.decoding.decoded import MAX_SIDE, FrameStack, Recording, working_size
from echo_studio.errors import ImageError

DEMUXERS = {"mp4": "mov", "avi": "avi"}
LINE = 1024  # a header line of YUV4MPEG2 is shorter


def read(path: Path, kind: str) -> Recording:
    """The frames of an MP4 or QuickTime file ("mp4") or an AVI file ("avi"); sound is left out.

    Raises:
        ImageError: damaged or truncated, no picture in it, too large.
    """
    stack = FrameStack()
    # -fps_mode passthrough: each stored frame once, none repeated to fill a clock.
    arguments = ["-fps_mode", "passthrough", "-pix_fmt", "gray", "-strict", "-1", "-f", "yuv4mpegpipe", "-"]
    with subprocess.Popen(
        _command(path, kind, arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as ffmpeg:
        assert ffmpeg.stdout is not None
        try:
            seconds = _frames(ffmpeg.stdout, stack)
        finally:
            if stack.full or ffmpeg.stdout.read(1):
                ffmpeg.kill()
        if not stack.full and ffmpeg.wait() != 0:
            raise _damaged(kind, f"damage after {len(stack.frames)} frames")
    if not stack.frames:
        raise _damaged(kind, "no picture")
    total = max(len(stack.frames), _count(path, kind)) if stack.full else len(stack.frames)
    return Recording(stack.as_uint8(), None, seconds if total > 1 else None, total)


def _command(path: Path, kind: str, output: list[str]) -> list[str]:
    # The demuxer is fixed and only local files are opened: a playlist or an address inside is never followed.
    # -max_pixels before any buffer is made; "V" leaves cover pictures out; -xerror: a truncated file is an error.
    return [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "quiet", "-xerror", "-threads", "2"),
        *("-protocol_whitelist", "file", "-max_pixels", str(MAX_SIDE * MAX_SIDE), "-f", DEMUXERS[kind]),
        *("-i", f"file:{path}", "-map", "0:V:0", *output),
    ]


def _frames(stream: IO[bytes], stack: FrameStack) -> float | None:
    """Fill the stack from YUV4MPEG2 with one grey plane; returns the seconds between two frames."""
    words = stream.readline(LINE).decode("ascii", "replace").split()
    if words[:1] != ["YUV4MPEG2"]:
        return None
    fields = {word[0]: word[1:] for word in words[1:]}
    width, height = int(fields["W"]), int(fields["H"])
    working_size(height, width)
    while not stack.full and stream.readline(LINE).startswith(b"FRAME"):
        content = stream.read(width * height)
        if len(content) < width * height:
            break
        stack.add(np.frombuffer(content, np.uint8).reshape(height, width))
    frames, _, seconds = fields.get("F", "0:0").partition(":")
    return int(seconds) / int(frames) if int(frames) > 0 and int(seconds) > 0 else None


def _count(path: Path, kind: str) -> int:
    """Frames in the file, counted without decoding them; 0 where ffmpeg does not get to its end."""
    progress = subprocess.run(
        _command(path, kind, ["-c", "copy", "-progress", "-", "-f", "null", "-"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    ).stdout.decode("ascii", "replace")
    counts = [line.removeprefix("frame=") for line in progress.splitlines() if line.startswith("frame=")]
    return int(counts[-1]) if counts and counts[-1].isdigit() else 0


def _damaged(kind: str, what: str) -> ImageError:
    return ImageError(
        expected=f"a whole {kind.upper()} recording", got=what, remedy="export or copy it again, as MP4 with H.264"
    )
