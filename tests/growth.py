"""How the cost of reading a text grows with its length: a ratio within one process, since seconds differ between machines."""

import math
import time
from collections.abc import Callable

LINEAR = 24
"""More times the CPU than this, for eight times the text, is no noise: 8 is linear, 64 is quadratic."""
LEAST_S = 0.05
"""What takes less counts as this much: so little may be anything's."""


TIMES = 3
"""How often a text may seem to cost too much: once, a processor that others share may have been slow for it alone."""


def growth(read: Callable[[str], object], text: str) -> float:
    """Return how many times the CPU of its last eighth a text takes; the least of several times where it seems too much."""
    least = math.inf
    for _ in range(TIMES):
        eighth, whole = (_cost_s(read, part) for part in (text[-(len(text) // 8) :], text))
        least = min(least, whole / eighth)
        if least < LINEAR:
            break
    return least


def _cost_s(read: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    read(text)
    return max(time.process_time() - began, LEAST_S)
