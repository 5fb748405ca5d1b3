"""From the numbers of a picture, whatever their kind and range, to 0-255."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mvfa_core.pictures import NOT_FINITE, STRETCHED, Note

_BLOCK = 2**20
"""Values that are turned at a time, so that what is needed on the way stays small."""
_WHOLE = (8, 16, 32, 64)
_INTEGERS = tuple(float(2**bits - 1) for bits in (8, 10, 12, 14, 16, 32, 64))
_FLOATS = (1.0, 255.0, 65535.0)


class Levels:
    """The lowest and the highest of the values that were seen, and what black and white are of them.

    kind: "u" unsigned, "i" signed, "f" floating-point. bits: of one value, as the file says. told: the highest value
    that the file says is possible. nodata: the value that stands for none.
    """

    def __init__(self, kind: str, bits: int, *, told: float | None = None, nodata: float | None = None) -> None:
        self.kind, self.bits, self.told, self.nodata = kind, bits, told, nodata
        self.low, self.high, self.holes = np.inf, -np.inf, 0

    def see(self, values: np.ndarray) -> None:
        """Take note of the values of one part of the picture."""
        flat = values.reshape(-1)
        for part in (flat[i : i + _BLOCK] for i in range(0, flat.size, _BLOCK)):
            there = part if self.kind != "f" and self.nodata is None else part[self.there(part)]
            self.holes += part.size - there.size
            if there.size:
                self.low, self.high = min(self.low, float(there.min())), max(self.high, float(there.max()))

    def there(self, values: np.ndarray) -> np.ndarray:
        """Where the values are numbers."""
        good = np.isfinite(values)
        return good if self.nodata is None or np.isnan(self.nodata) else good & (values != self.nodata)

    def span(self) -> tuple[float, float]:
        """(black, white): 0 and what the file says of its highest value, unless all would be nearly black; else 0 and
        the smallest usual highest value, unless the brightest value is less than a quarter of it; else the lowest and
        the highest value there are.

        Usual for integers are 8, 10, 12, 14 and 16 bits and all that the type holds; for floating-point
        numbers 1, 255 and 65535.
        """
        low, high = (self.low, self.high) if self.low <= self.high else (0.0, 0.0)
        full = self._full()
        told = self.told if self.told or full is None or self.bits in _WHOLE else full
        if told and low >= 0 and told / 16 <= high <= told:
            return 0.0, told
        usual = _FLOATS if full is None else sorted({*(top for top in _INTEGERS if top < full), full})
        top = next((top for top in usual if high <= top), None)
        if low < 0 or top is None or 0 < high < top / 4:
            return (low, high) if low < high or high <= 0 else (0.0, high)
        return 0.0, top

    def notes(self) -> tuple[Note, ...]:
        """What there is to say about it."""
        low, high = self.span()
        full = self._full()
        plain = _FLOATS if full is None else (full,) if self.kind == "u" and self.bits in _WHOLE else ()
        is_plain = low == high or (low == 0 and high in plain)
        said = () if is_plain else (Note(STRETCHED, {"low": low, "high": high}),)
        return (*said, *([Note(NOT_FINITE, {"count": self.holes})] if self.holes else ()))

    def eight_bit(self, values: np.ndarray) -> np.ndarray:
        """uint8 of the same shape; what is not finite is black."""
        low, high = self.span()
        out = np.zeros(values.shape, np.uint8)
        flat, into = values.reshape(-1), out.reshape(-1)
        half = 0.5 if not np.isfinite(high - low) else 1.0  # the ends of float64 lie further apart than it reaches
        across = (high * half - low * half) or 1.0
        for start in range(0, flat.size, _BLOCK):
            part = flat[start : start + _BLOCK]
            scaled = (np.where(self.there(part), part, low).astype(np.float64) * half - low * half) / across
            into[start : start + _BLOCK] = np.rint(np.clip(scaled, 0, 1) * 255)
        return out

    def _full(self) -> float | None:
        """The highest value of the type; None for floating-point numbers."""
        return None if self.kind == "f" else float(2 ** (self.bits - (self.kind == "i")) - 1)


def levels_of(parts: Iterable[np.ndarray], dtype: np.dtype) -> Levels:
    """The levels of the parts of a picture whose values fill their type."""
    found = Levels("u" if dtype.kind == "b" else dtype.kind, dtype.itemsize * 8)
    for part in parts:
        found.see(part)
    return found
