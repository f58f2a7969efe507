"""How the cost of reading a text grows with its length: a ratio within one process, since seconds differ between machines."""

import time
from collections.abc import Callable

LINEAR = 24
"""More times the CPU than this, for eight times the text, is no noise: 8 is linear, 64 is quadratic."""
LEAST_S = 0.05
"""What takes less counts as this much: so little may be anything's."""


def growth(read: Callable[[str], object], text: str) -> float:
    """Return how many times the CPU of its last eighth a text takes."""
    costs = []
    for part in (text[-(len(text) // 8) :], text):
        began = time.process_time()
        read(part)
        costs.append(max(time.process_time() - began, LEAST_S))
    return costs[1] / costs[0]
