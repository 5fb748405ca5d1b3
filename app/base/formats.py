"""How names are shortened for the screen."""

from __future__ import annotations

MOST_LETTERS = 3


def initials(names: list[str]) -> dict[str, str]:
    """For every name its first letters, as few as tell it from the others, at most three."""
    short = {}
    for name in names:
        others = [other for other in names if other != name]
        cuts = (name[:n] for n in range(1, MOST_LETTERS + 1))
        short[name] = next((cut for cut in cuts if not any(o.startswith(cut) for o in others)), name[:MOST_LETTERS])
    return short
