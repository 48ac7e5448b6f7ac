"""Recordings come out frame by frame, or are refused; nothing but the file itself is ever opened."""

import http.server
import subprocess
import threading
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from echo_studio.data.decoding.decoded import MAX_FRAMES
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.errors import EchoStudioError
from tests.conftest import echo_like

IMAGE, _ = echo_like(shape=(96, 80))


def write(path: Path, frames: np.ndarray, codec: str = "mpeg4", fps: int = 25) -> Path:
    """Grey frames (n, h, w) as a recording, without loss worth telling."""
    height, width = frames.shape[1:]
    writer = imageio_ffmpeg.write_frames(
        str(path), (width, height), pix_fmt_in="gray", codec=codec, fps=fps, quality=10, macro_block_size=1
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
    return path


def ffmpeg(*arguments: str | Path) -> None:
    """The program FFmpeg, another build than the library that is tested."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def refused(path: Path) -> str:
    with pytest.raises(EchoStudioError) as caught:
        read_recording(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.avi", "mpeg4"), ("a.avi", "mjpeg")]
)
def test_the_frames_of_a_recording_come_back_with_their_grey_and_pace(tmp_path: Path, name: str, codec: str) -> None:
    frames = np.stack([np.roll(IMAGE, 2 * k, axis=1) for k in range(6)])
    recording = read_recording(write(tmp_path / name, frames, codec))
    assert recording.frames.shape == frames.shape
    assert recording.total == 6
    assert recording.seconds_per_frame == pytest.approx(0.04)
    assert np.abs(recording.frames.astype(int) - frames).mean() < 6
    assert recording.spacing_mm is None


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx264"), ("a.webm", "libvpx"), ("a.wmv", "wmv2"), ("a.mpg", "mpeg2video"), ("a.ts", "libx264")],
)
def test_other_containers_are_read_too(tmp_path: Path, name: str, codec: str) -> None:
    frames = np.stack([np.roll(IMAGE, 2 * k, axis=1) for k in range(6)])
    ffmpeg("-i", write(tmp_path / "source.avi", frames), "-c:v", codec, "-b:v", "4M", tmp_path / name)
    recording = read_recording(tmp_path / name)
    assert recording.frames.shape == frames.shape
    assert recording.seconds_per_frame == pytest.approx(0.04, rel=0.02)
    assert np.abs(recording.frames.astype(int) - frames).mean() < 12


def test_the_pace_is_the_mean_of_the_timestamps_and_not_a_nominal_rate(tmp_path: Path) -> None:
    """Every second frame is left out of a second half: what a scanner's screen recorder writes."""
    frames = np.stack([np.roll(IMAGE, k, axis=1) for k in range(20)])
    source = write(tmp_path / "source.avi", frames)
    chosen = "select='lt(n,10)+not(mod(n,2))'"
    ffmpeg("-i", source, "-vf", chosen, "-fps_mode", "vfr", "-c:v", "libx264", tmp_path / "a.mp4")
    recording = read_recording(tmp_path / "a.mp4")
    assert recording.total == 15
    assert recording.seconds_per_frame == pytest.approx(18 * 0.04 / 14)


def test_pixels_that_are_not_square_become_square(tmp_path: Path) -> None:
    frames = np.stack([IMAGE] * 2)
    ffmpeg("-i", write(tmp_path / "source.avi", frames), "-vf", "setsar=3/2", "-c:v", "libx264", tmp_path / "a.mp4")
    assert read_recording(tmp_path / "a.mp4").frames.shape == (2, 96, 120)


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (270, 3)])
def test_a_turned_recording_comes_out_upright(tmp_path: Path, degrees: int, turns: int) -> None:
    frames = np.stack([IMAGE] * 2)
    plain = write(tmp_path / "plain.mp4", frames, "libx264")
    ffmpeg("-display_rotation", str(degrees), "-i", plain, "-c", "copy", tmp_path / "a.mp4")
    # Another program's own turning is what counts.
    ffmpeg("-i", tmp_path / "a.mp4", "-c:v", "ffv1", "-pix_fmt", "gray", tmp_path / "upright.avi")
    upright = read_recording(tmp_path / "upright.avi").frames
    frame = read_recording(tmp_path / "a.mp4").frames
    assert frame.shape == upright.shape
    assert np.abs(frame.astype(int) - upright).mean() < 3
    assert np.abs(frame[0].astype(int) - np.rot90(IMAGE, turns)).mean() < 6


@pytest.mark.usefixtures("decoder_process")
def test_black_and_white_keep_their_full_range(tmp_path: Path) -> None:
    frames = np.zeros((2, 64, 64), np.uint8)
    frames[:, :, 32:] = 255
    frame = read_recording(write(tmp_path / "a.mp4", frames, "libx264")).frames[1]
    assert frame[:, :28].max() <= 3
    assert frame[:, 36:].min() >= 252


def test_of_a_long_recording_the_first_frames_are_kept_and_all_are_told(tmp_path: Path) -> None:
    frames = np.zeros((MAX_FRAMES + 38, 64, 64), np.uint8)
    recording = read_recording(write(tmp_path / "a.mp4", frames))
    assert (len(recording.frames), recording.total, recording.shortened) == (MAX_FRAMES, MAX_FRAMES + 38, True)


def test_a_large_recording_is_reduced(tmp_path: Path) -> None:
    frames = np.full((2, 1100, 1400), 100, np.uint8)
    assert read_recording(write(tmp_path / "a.mp4", frames)).frames.shape == (2, 805, 1024)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avi", np.stack([IMAGE] * 3))
    assert len(read_recording(path.rename(tmp_path / "a.mp4")).frames) == 3


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_a_truncated_or_damaged_recording_is_refused(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (8, 96, 80)).astype(np.uint8)
    content = write(tmp_path / f"whole-{name}", noise).read_bytes()
    for length in (20, 200, len(content) // 2, len(content) * 9 // 10):
        (tmp_path / name).write_bytes(content[:length])
        refused(tmp_path / name)
    (tmp_path / name).write_bytes(content[:64] + bytes(len(content)))
    refused(tmp_path / name)


def test_random_damage_is_read_or_refused_but_never_crashes(tmp_path: Path) -> None:
    content = np.frombuffer(write(tmp_path / "a.mp4", np.stack([IMAGE] * 4)).read_bytes(), np.uint8)
    random = np.random.default_rng(2)
    for _ in range(5):
        flipped = content.copy()
        flipped[random.integers(8, len(content), 10)] = random.integers(0, 256, 10)
        (tmp_path / "b.mp4").write_bytes(flipped.tobytes())
        try:
            read_recording(tmp_path / "b.mp4")
        except EchoStudioError as error:
            assert "\n" not in str(error)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", tmp_path / "a.mp4")
    refused(tmp_path / "a.mp4")


def test_a_small_recording_is_refused(tmp_path: Path) -> None:
    assert "32x32" in refused(write(tmp_path / "a.mp4", np.zeros((2, 32, 32), np.uint8)))


@pytest.mark.usefixtures("decoder_process")
def test_a_recording_that_announces_a_huge_picture_is_refused(tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "a.avi", np.stack([IMAGE] * 2), "mjpeg").read_bytes())
    for place in (content.index(b"avih") + 8 + 32, content.index(b"strf") + 8 + 4):
        content[place : place + 8] = (60000).to_bytes(4, "little") * 2
    frame = content.index(b"\xff\xc0") + 5
    content[frame : frame + 4] = (60000).to_bytes(2, "big") * 2
    (tmp_path / "a.avi").write_bytes(content)
    refused(tmp_path / "a.avi")


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".dcm"])
def test_a_playlist_or_an_address_is_refused_and_nobody_is_asked(tmp_path: Path, suffix: str) -> None:
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    real = write(tmp_path / "real.mp4", np.stack([IMAGE] * 2))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/a.mp4"
        for text in (
            f"#EXTM3U\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n",
            f"#EXTM3U\n#EXTINF:1,\n{real}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{real}'\n",
            address,
            f'<?xml version="1.0"?><MPD><BaseURL>{address}</BaseURL></MPD>',
        ):
            (tmp_path / f"link{suffix}").write_text(text)
            assert "points to other files" in refused(tmp_path / f"link{suffix}")
        # Behind an MP4's first bytes too: the demuxer is fixed, so the text is never taken for a playlist.
        (tmp_path / f"link{suffix}").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(12) + f"\n#EXTM3U\n{address}\n".encode())
        refused(tmp_path / f"link{suffix}")
        server.shutdown()
    assert asked == []


def test_a_reference_to_another_file_inside_a_container_is_not_followed(tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "a.mov", np.stack([IMAGE] * 2)).read_bytes())
    place = content.index(b"url \0\0\0\x01")
    content[place : place + 8] = b"alis\0\0\0\0"  # "elsewhere" instead of "in this file"
    (tmp_path / "a.mov").write_bytes(content)
    try:
        recording = read_recording(tmp_path / "a.mov")
    except EchoStudioError:
        return
    assert np.abs(recording.frames[0].astype(int) - IMAGE).mean() < 6  # read from the file itself
