"""Follow a run that is being trained: each look reads only what is new, however long the run is."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from typing import Any

import psutil

from mvfa_core.training.downsample import DownsampledCurve, Point
from mvfa_core.training.event_log import GAP
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, Status

CURVES = {
    "step": ("loss", "loss_global", "loss_local", "train_accuracy"),
    "validation": ("accuracy",),
    GAP: ("accuracy",),
}
"""The fields that make curves, by the event that tells them."""


class FollowedRun(Run):
    """A run whose `status` and `curves` cost the same after a million events as after ten.

    `catch_up` reads on from where it ended and keeps thinned curves and the newest event of every kind. A run that
    goes on rewrites its events from a checkpoint on: then the last line that was read no longer stands where it
    stood, and everything is read anew. Threads may share one object.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run.path)
        self._lock = threading.Lock()
        self._recipe: tuple[int, Recipe] | None = None
        self._forget()

    def _forget(self) -> None:
        self._offset = 0
        self._last_line = b""
        self._newest: dict[str, dict[str, Any]] = {}
        self._curves = {name: DownsampledCurve() for names in CURVES.values() for name in names}
        self._best: Point | None = None

    def recipe(self) -> Recipe:
        """What was asked for, read again only when the file has changed."""
        try:
            stamp_ns = (self.path / "recipe.json").stat().st_mtime_ns
        except OSError as error:
            raise RunError(f"{self.id}: no run there (recipe.json is missing)") from error
        if self._recipe is None or self._recipe[0] != stamp_ns:
            self._recipe = stamp_ns, super().recipe()
        return self._recipe[1]

    def catch_up(self) -> None:
        """Read what the run has told since the last time."""
        with self._lock:
            if not self._stands():
                self._forget()
            events, end = super().events(self._offset)
            for event in events:
                self._take(event)
            if end > self._offset:
                self._offset, self._last_line = end, self._line_before(end)

    def _stands(self) -> bool:
        return self._last_line == self._line_before(self._offset, len(self._last_line))

    def _line_before(self, offset: int, length: int = 4_096) -> bytes:
        """The last line before an offset, or so many bytes of it; none where there is no such file."""
        length = min(length, offset)
        try:
            with (self.path / "metrics.jsonl").open("rb") as file:
                file.seek(offset - length)
                return file.read(length).rpartition(b"\n")[0].rpartition(b"\n")[2] + b"\n" if length else b""
        except OSError:
            return b""

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        self._newest.pop(kind, None)  # the dict's order is that of the events
        self._newest[kind] = event
        for name in CURVES.get(kind, ()):
            if name in event:  # a curve has a gap where its value is no number; one without any number is no curve
                value = event[name] if _is_number(event[name]) else math.nan
                self._curves[name].add(event["step"], event.get("time_s", 0.0), value)
        if kind == "validation" and _is_number(event.get("accuracy")):
            self._keep_best(event)

    def _keep_best(self, event: dict[str, Any]) -> None:
        if self._best is None or event["accuracy"] > self._best.value:
            self._best = Point(0, event["step"], event.get("time_s", 0.0), event["accuracy"])

    def recent(self) -> list[dict]:
        """The newest event of every kind, oldest first, as of the last look."""
        with self._lock:
            return list(self._newest.values())

    def newest(self, kind: str) -> dict[str, Any]:
        """The newest event of a kind, start, step, validation or end; empty while there is none."""
        with self._lock:
            return self._newest.get(kind, {})

    def best(self) -> Point | None:
        """The best validation so far, the first of equals; None where the test side is watched, which chooses none."""
        return None if self.newest("start").get("watched") == "test" else self._best

    def memory_bytes(self) -> int | None:
        """The memory of the device that the training takes: what the run tells, or on the CPU that of its process."""
        told = self.newest("step").get("memory_bytes")
        if told is None and self.newest("start").get("device") == "cpu" and (process := self.process()):
            with suppress(psutil.Error):
                return int(process.memory_info().rss)
        return told

    def curves(self) -> dict[str, list[Point]]:
        """The thinned curves by field; those without any number are left out."""
        with self._lock:
            found = {name: curve.points() for name, curve in self._curves.items()}
        return {name: points for name, points in found.items() if any(not math.isnan(one.value) for one in points)}

    def status(self) -> Status:
        """Where the run stands, as of now."""
        self.catch_up()
        return super().status()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
