"""Video by PyAV, which is FFmpeg as a library: all reading and writing of video in the package goes through here.

`read` runs in the decoder's process.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from echo_studio.data.decoding.decoded import FrameStack, Recording, square, working_size
from echo_studio.data.decoding.file_kind import KINDS
from echo_studio.errors import ImageError

# The demuxer is fixed and only local files are opened: a playlist or an address inside is never followed.
DEMUXERS = {"mp4": "mov"}
LOCAL = {"protocol_whitelist": "file"}
FAULTS = (av.FFmpegError, OSError)


def read(path: Path, kind: str) -> Recording:
    """The frames of a video, each stored one once, turned and with square pixels as the file says; no sound.

    The pace is the mean of the timestamps: a nominal rate says little where frames come when they are ready.

    Raises:
        ImageError: damaged or truncated, no picture in it, too large.
    """
    stack = FrameStack()
    times: list[float | None] = []
    with av.open(str(path), format=DEMUXERS.get(kind, kind), container_options=LOCAL) as container:
        pictures = [one for one in container.streams.video if not one.disposition & av.stream.Disposition.attached_pic]
        if not pictures:
            raise _damaged(kind, "no picture")
        stream = pictures[0]
        working_size(stream.codec_context.height, stream.codec_context.width)  # before any buffer is made
        stream.codec_context.thread_count = 2
        count = 0
        try:
            for packet in container.demux(stream):
                count += packet.size > 0
                for frame in packet.decode() if not stack.full else ():
                    if frame.is_corrupt:
                        raise _damaged(kind, f"damage after {len(stack.frames)} frames")
                    if not stack.full:
                        stack.add(_gray(frame, stream))
                        times.append(frame.time)
        except FAULTS as error:
            raise _damaged(kind, f"damage after {len(stack.frames)} frames") from error
        announced = stream.frames
    if not stack.frames:
        raise _damaged(kind, "no picture")
    if not stack.full and len(stack.frames) < announced:
        raise _damaged(kind, f"{len(stack.frames)} of {announced} frames")
    total = max(len(stack.frames), announced, count) if stack.full else len(stack.frames)
    return Recording(stack.as_uint8(), None, _pace(times), total)


def _gray(frame: Any, stream: Any) -> npt.NDArray[np.uint8]:
    gray = frame.reformat(format="gray", src_color_range=frame.color_range, dst_color_range=2).to_ndarray()
    aspect = stream.sample_aspect_ratio
    return np.rot90(square(gray, float(aspect) if aspect else 1.0), round(frame.rotation / 90) % 4)


def _pace(times: list[float | None]) -> float | None:
    """Mean seconds from one frame to the next."""
    known = [time for time in times if time is not None]
    if len(known) < 2 or len(known) < len(times) or known[-1] <= known[0]:
        return None
    return (known[-1] - known[0]) / (len(known) - 1)


def write(
    path: Path, frames: npt.NDArray[np.uint8], fps: float, options: Mapping[str, str], metadata: Mapping[str, str]
) -> None:
    """Write grey frames (t, h, w) with even sides as H.264 in MP4, the form that every browser plays.

    Args:
        options: of the encoder.
        metadata: kept in the file.

    Raises:
        av.FFmpegError, OSError: FFmpeg fails.
    """
    # Bit-exact: no date and no version, so that the same clip gives the same bytes.
    exact = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", container_options=exact) as container:
        container.metadata.update(metadata)
        stream: Any = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1_000_000))
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:], "yuv420p"
        stream.codec_context.options = {"threads": "2", "flags": "+bitexact", **options}
        for gray in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(gray), format="gray")))
        container.mux(stream.encode(None))


def _damaged(kind: str, what: str) -> ImageError:
    return ImageError(
        expected=f"a whole {KINDS[kind]} recording", got=what, remedy="export or copy it again, as MP4 with H.264"
    )
