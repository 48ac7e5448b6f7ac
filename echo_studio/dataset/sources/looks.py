"""Looks of real frames, for sets that are drawn with the grain of one's own scanner: numbers, and no pixels."""

from pathlib import Path

from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.folder import files_in
from echo_studio.errors import DataError, EchoStudioError, RequestError
from echo_studio.generate.catalog import catalog
from echo_studio.generate.sampling import Look

MOST = 1000  # files of a folder


def looks_of(path: Path, generators: list[str], checkpoints: Path | None) -> tuple[Look, ...]:
    """The look of a frame, or of the first frame of every recording in a folder; what is no picture is passed over.

    Args:
        generators: that draw with these looks.

    Raises:
        RequestError: a generator whose grain cannot be chosen.
        DataError: a folder without any echo frame.
        ImageError: the file cannot be read, or shows no sector.
    """
    known = catalog(checkpoints)
    with_look = known.with_look()
    plain = [name for name in generators if name.removeprefix("beat-") not in with_look]
    if plain:
        raise RequestError(
            expected="generators whose grain can be chosen, for a look",
            got=", ".join(plain),
            remedy=f"choose {' or '.join(sorted(with_look)) or 'one with a grain decoder'}",
        )
    model = known.load(generators[0].removeprefix("beat-"))
    if not path.is_dir():
        return (model.look_of(read_recording(path).frames[0]),)
    looks = []
    for file in list(files_in(path))[:MOST]:
        try:
            looks.append(model.look_of(read_recording(file).frames[0]))
        except EchoStudioError:
            continue
    if not looks:
        raise DataError(
            expected=f"echo frames or recordings in {path.name}, for their look",
            got="no file with a lit sector",
            remedy="give a frame, or a folder of frames",
        )
    return tuple(looks)
