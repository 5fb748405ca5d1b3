"""Shares in per cent. A share of a count is exact: all of it is 100, none is 0, and nothing else reads so."""

from __future__ import annotations

MOST_DIGITS = 12


def of_count(share: float, digits: int = 1) -> str:
    """A share of a count, from 0 to 1, as a number in per cent: 7 of 7 is "100", 0 of 7 is "0", 2 of 3 is "66.7".

    Where rounding would make all or nothing of what is neither, more digits are shown: 9,999 of 10,000 is "99.99". What
    is no share, from a stranger's file perhaps, is shown as it is.
    """
    if share in (0, 1):
        return f"{100 * share:.0f}"
    texts = (f"{100 * share:.{count}f}" for count in range(digits, MOST_DIGITS + 1))
    return next((text for text in texts if float(text) not in (0, 100)), f"{100 * share:g}")
