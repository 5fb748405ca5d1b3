"""A curve of any length in a bounded number of points, made point by point."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from mvfa_core.checks import expect

MOST_POINTS = 500


class Point(NamedTuple):
    """The `place`-th value of a curve, counted from 0; a value that is no finite number is NaN: a gap."""

    place: int
    step: int
    time_s: float
    value: float


class _Stretch(NamedTuple):
    """Neighbouring points, of which two are kept: the lowest and the highest, or a gap and the highest beside it."""

    size: int
    low: Point
    high: Point
    gap: Point | None = None

    def with_(self, other: _Stretch) -> _Stretch:
        # No number compares with NaN: what is a number is kept before what is none.
        low = self.low if self.low.value <= other.low.value or math.isnan(other.low.value) else other.low
        high = self.high if self.high.value >= other.high.value or math.isnan(other.high.value) else other.high
        return _Stretch(self.size + other.size, low, high, self.gap or other.gap)

    def kept(self) -> tuple[Point, Point]:
        return self.gap or self.low, self.high


class DownsampledCurve:
    """Keeps both ends, and the lowest and highest point of every stretch, or a gap in place of the lowest.

    All stretches hold the same number of points, a power of two; it doubles whenever there would be too many of them,
    so adding costs the same however long the curve is.

    Raises:
        ValueError: fewer than 6 points to keep: two ends and two stretches.
    """

    def __init__(self, most: int = MOST_POINTS) -> None:
        expect(most >= 6, "most", "at least 6", most)
        self._stretches: list[_Stretch] = []
        self._most = most // 2 - 1
        self._width = 1
        self._first: Point | None = None
        self._last: Point | None = None

    def add(self, step: int, time_s: float, value: float) -> None:
        """The next value of the curve; what is no finite number is a gap."""
        number = value if math.isfinite(value) else math.nan
        point = Point(0 if self._last is None else self._last.place + 1, step, time_s, number)
        self._first, self._last = self._first or point, point
        fresh = _Stretch(1, point, point, point if math.isnan(number) else None)
        if self._stretches and self._stretches[-1].size < self._width:
            self._stretches[-1] = self._stretches[-1].with_(fresh)
        else:
            self._stretches.append(fresh)
        if len(self._stretches) > self._most:
            self._halve()

    def _halve(self) -> None:
        pairs = [one.with_(two) for one, two in list(pairwise(self._stretches))[::2]]
        odd = self._stretches[-1:] if len(self._stretches) % 2 else []
        self._stretches, self._width = pairs + odd, 2 * self._width

    def points(self) -> list[Point]:
        """What is kept, in order."""
        if self._first is None or self._last is None:
            return []
        kept = {point.place: point for one in self._stretches for point in one.kept()}
        kept |= {point.place: point for point in (self._first, self._last)}
        return [kept[place] for place in sorted(kept)]

    def __len__(self) -> int:
        """How many values were added."""
        return 0 if self._last is None else self._last.place + 1
