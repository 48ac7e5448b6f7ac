"""Affine maps of label maps by an inverse mapping in NumPy, which knows nothing of the studio's code, and drags."""

import numpy as np

from tests.browser.desk import to_screen

CAVITY, WALL, ATRIUM = 1, 2, 3


def edges(ids: np.ndarray, structures: list[int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of structures, in pixels from the map's corner."""
    y, x = np.nonzero(np.isin(ids, structures))
    return x.min(), y.min(), x.max() + 1, y.max() + 1


def looked_up(ids: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) what a forward matrix (3, 3) brings to every pixel of another map; 0 from beyond."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    back = np.linalg.inv(matrix) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    column, row = np.floor(back[:2] + 1e-6).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < ids.shape[1]) & (row < ids.shape[0])
    found = np.zeros(x.size, np.uint8)
    found[inside] = ids[row[inside], column[inside]]
    return found.reshape(shape)


def moved(ids: np.ndarray, structures: list[int], matrix: np.ndarray, locked: tuple[int, ...] = (0,)) -> np.ndarray:
    """uint8 (h, w) structures taken off, then put down where the matrix has them; sector: where ids is not 0."""
    shown = looked_up(np.where(np.isin(ids, structures), ids, 0), matrix, ids.shape)
    left = np.where(np.isin(ids, structures), 4, ids)
    stays = np.isin(ids, [label for label in locked if label not in structures])
    return np.where((shown > 0) & ~stays, shown, left)


def shift(dx: float, dy: float) -> np.ndarray:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], float)


def about(x: float, y: float, matrix: list[list[float]]) -> np.ndarray:
    """A 2 x 2 matrix about a point."""
    whole = np.eye(3)
    whole[:2, :2] = matrix
    return shift(x, y) @ whole @ shift(-x, -y)


def pull(page, start: tuple[float, float], *ways: tuple[float, float], shift_key: bool = False) -> np.ndarray:
    """Drag from a point of the map by way of others, relative to it; (2, 2) the first and the last as the page saw."""
    points = [start, *((start[0] + dx, start[1] + dy) for dx, dy in ways)]
    screen, seen = to_screen(page, points)
    page.mouse.move(*screen[0])
    page.mouse.down()
    if shift_key:
        page.keyboard.down("Shift")
    for point in screen[1:]:
        page.mouse.move(*point)
    page.mouse.up()
    if shift_key:
        page.keyboard.up("Shift")
    return np.array([seen[0], seen[-1]])


def whole(delta: np.ndarray) -> np.ndarray:
    return np.floor(delta + 0.5)


def pasted(ids: np.ndarray, source: np.ndarray, label: int, matrix: np.ndarray) -> np.ndarray:
    found = looked_up((source == label).astype(np.uint8), matrix, ids.shape)
    return np.where((found > 0) & (ids != 0), label, ids)
