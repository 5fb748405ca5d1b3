"""The state of a run from the end of its log is what the whole log says, however long it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.training.event_log import TAIL, EventLog
from mvfa_core.training.runs import Run
from tests.mvfa_core.training.samples import TINY


class Watched(EventLog):
    """A journal that notes how far back it was read."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.reaches: list[int] = []

    def _last(self, reach: int) -> tuple[list[dict], bool]:
        self.reaches.append(reach)
        return super()._last(reach)


def log(file: Path, steps: int, every: int) -> Watched:
    """A log of so many steps with a validation after every so many of them."""
    lines = [{"event": "start", "step": 0}]
    for step in range(1, steps + 1):
        lines.append({"event": "step", "step": step, "loss": 1 / step, "steps_per_s": 2.0})
        lines += [{"event": "validation", "step": step, "accuracy": step / steps, "n": 8}] if step % every == 0 else []
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Watched(file)


def newest(events: list[dict]) -> dict[str, dict]:
    return {event["event"]: event for event in events if event["event"] != "start"}


@pytest.mark.parametrize("every", [1, 10, 1_999, 5_000])
def test_the_newest_of_every_kind(tmp_path: Path, every: int) -> None:
    journal = log(tmp_path / "metrics.jsonl", 2_000, every)
    whole = journal.read()[0]
    assert newest(journal.tail()) == newest(whole)
    assert journal.tail() == whole[-len(journal.tail()) :]


def test_a_long_log_is_not_read_from_its_start(tmp_path: Path) -> None:
    journal = log(tmp_path / "metrics.jsonl", 100_000, 100)
    assert journal.tail()[-1]["step"] == 100_000
    assert journal.reaches == [TAIL] and len(journal.tail()) < 500


def test_torn_and_spoilt_lines(tmp_path: Path) -> None:
    journal = log(tmp_path / "metrics.jsonl", 2, 1)
    with journal.file.open("a") as file:
        file.write('[[[ no event\n{"event": "step", "st')
    assert journal.tail() == journal.read()[0]
    assert EventLog(tmp_path / "none.jsonl").tail() == []
    (tmp_path / "empty.jsonl").touch()
    assert EventLog(tmp_path / "empty.jsonl").tail() == []


def test_status_of_a_long_run(tmp_path: Path) -> None:
    run = Run(tmp_path / "long")
    run.create(replace(TINY, steps=5_000))
    log(run.path / "metrics.jsonl", 5_000, 100)
    run.end(5_000, "finished", "done")
    status = run.status()
    assert (status.state, status.step, status.accuracy, status.message) == ("finished", 5_000, 1.0, "done")
