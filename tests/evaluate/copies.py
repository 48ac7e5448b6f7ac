"""Planted copies of a frame: shifted, with noise."""

import cv2
import numpy as np

from echo_studio.types import GrayImage


def planted(image: GrayImage, dx: int, dy: int, seed: int, decibel: float = 20.0) -> GrayImage:
    """The image moved by (dx, dy) pixels with white noise everywhere, so many dB below its mean power."""
    noise = np.sqrt(np.mean(image.astype(np.float64) ** 2) / 10 ** (decibel / 10))
    moved = cv2.warpAffine(image, np.array([[1, 0, dx], [0, 1, dy]], np.float32), image.shape[::-1])
    grey = moved + np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(grey.round(), 0, 255).astype(np.uint8)


SHIFTS = ((3, 0), (0, 3), (-3, 0), (0, -3), (3, 3), (-3, 3), (3, -3), (-3, -3), (2, 2), (3, 0))
