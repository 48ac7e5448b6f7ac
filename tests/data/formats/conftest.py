"""Recordings are decoded in the tests' own process here too."""

from tests.data.decoding.conftest import _decode_here, decoder_process

__all__ = ["_decode_here", "decoder_process"]
