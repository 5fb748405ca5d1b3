"""The log of a run: one JSON event a line, only ever added to, and sound after every way in which a line can tear."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from mvfa_core.files import parse_json, replace_text

TAIL = 2**14
"""Bytes at the end that nearly always hold a validation and a step."""
LARGEST = 1e15
_LOSSES = ("loss", "loss_global", "loss_local", "train_accuracy")
GAP = "gap"
"""The event in place of a validation whose accuracy is no number."""
ENDINGS = ("finished", "stopped", "paused", "diverged", "failed")
_NEEDED = {"validation": ("accuracy",), "end": ("reason",)}
_NUMBERS = (
    "accuracy", "lr", "steps_per_s", "time_s", "n", "train_n",
    "val_n", "parameters", "memory_bytes",
)  # fmt: skip


class EventLog:
    """A file of events. Making the object touches nothing on disk."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def append(self, event: dict) -> None:
        """Add one line. A torn one before it, which a killed process or a full disk has left, goes: it would swallow
        the new one, and no reader has passed it yet."""
        line = (json.dumps(event) + "\n").encode()
        with self.file.open("a+b") as file:
            _cut_torn_line(file)
            file.write(line)

    def read(self, offset: int = 0) -> tuple[list[dict], int]:
        """The events from a byte offset on, and the offset to ask from next. A half-written last line waits; a line
        that a stray hand has spoilt is passed over."""
        if not self.file.is_file():
            return [], 0
        with self.file.open("rb") as opened:
            opened.seek(offset)
            whole = opened.read()
        whole = whole[: whole.rfind(b"\n") + 1]
        return [event for line in whole.splitlines() if (event := _event(line))], offset + len(whole)

    def tail(self) -> list[dict]:
        """The last events, back to the newest step and the newest validation at least: all that a run's state follows
        from, without reading a long file from its start."""
        reach = TAIL
        while self.file.is_file():
            events, whole = self._last(reach)
            if whole or {"step", "validation"} <= {event["event"] for event in events}:
                return events
            reach *= 4
        return []

    def _last(self, reach: int) -> tuple[list[dict], bool]:
        """The events in the last so many bytes, and whether that is all of them."""
        with self.file.open("rb") as opened:
            start = max(0, opened.seek(0, os.SEEK_END) - reach)
            opened.seek(start)
            lines = opened.read().splitlines(keepends=True)
        # the first may be half a line, and a torn last one waits
        kept = [line for line in lines[1 if start else 0 :] if line.endswith(b"\n")]
        return [event for line in kept if (event := _event(line))], start == 0

    def keep(self, events: Sequence[dict]) -> None:
        """Forget all but these events, and a torn last line."""
        text = "".join(json.dumps(event) + "\n" for event in events)
        # left alone where nothing changes: a full disk has no room for a second copy
        if self.file.is_file() and self.file.read_bytes() != text.encode():
            replace_text(self.file, text)

    def sync(self) -> None:
        """Wait until the disk has the lines."""
        if self.file.is_file():
            with self.file.open("rb+") as file:
                os.fsync(file.fileno())


def _cut_torn_line(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(size - 1)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)


def _event(line: bytes) -> dict | None:
    """The event of one line, or None if it holds none."""
    try:
        event = parse_json(line)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    return event if is_sound(event) else _gap(event)


def _gap(event: dict) -> dict | None:
    """A validation whose accuracy is no finite number, as an event of its own that only curves look at; else None."""
    accuracy = event.get("accuracy", 0)
    if event.get("event") != "validation" or not (accuracy is None or _is_gap(accuracy)):
        return None
    gap = {**event, "event": GAP, "accuracy": math.nan}
    return gap if is_sound({**gap, "accuracy": None}) else None


def is_sound(event: dict) -> bool:
    """Whether an event is one that the engine could have told: readers rely on its numbers, and anybody can write into
    the file."""
    kind, step = event.get("event"), event.get("step")
    if not isinstance(kind, str) or not isinstance(step, int) or not 0 <= step < LARGEST:
        return False
    if any(event.get(name) is None for name in _NEEDED.get(kind, ())):
        return False
    if kind == "end":
        return event["reason"] in ENDINGS and isinstance(event.get("message", ""), str)
    numbers = [event[name] for name in _NUMBERS if event.get(name) is not None]
    losses = [event[name] for name in _LOSSES if event.get(name) is not None]  # no finite number is a gap of a curve
    return all(isinstance(n, int | float) and -LARGEST < n < LARGEST for n in numbers) and all(
        isinstance(n, int | float) and (_is_gap(n) or -LARGEST < n < LARGEST) for n in losses
    )


def _is_gap(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
