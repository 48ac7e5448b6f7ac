"""What a card's kind says of a checkpoint."""

from echo_studio.diffusion.families import FAMILIES

VIDEO = "video-"  # before a family's name: the kind of a denoiser of clips
ONE_CALL = frozenset({"cyclegan", "distilled"})  # generators that make a frame in one call


def video_family(kind: str) -> str:
    """The diffusion family of a kind of video denoiser: `edm` of `video-edm`; other kinds as they are."""
    return kind.removeprefix(VIDEO)


def made_by(kind: str) -> str:
    """What a generator of a kind makes, as `Card.makes` says it: `frame`, `video`, or empty for a part of one."""
    if kind.startswith(VIDEO):
        return "video"
    return "frame" if kind in FAMILIES or kind in ONE_CALL else ""
