"""Following a run: reading on gives what reading all over gives, and costs no more however long the run is."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from mvfa_core.training.downsample import DownsampledCurve
from mvfa_core.training.event_log import GAP
from mvfa_core.training.follow import CURVES, FollowedRun
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run


def naive(values: list[float], most: int) -> set[int]:
    """Places of both ends and of the extremes of equal stretches, from the whole curve at once."""
    width = 1
    while -(-len(values) // width) > most // 2 - 1:
        width *= 2
    kept = {0, len(values) - 1} if values else set()
    for start in range(0, len(values), width):
        places = range(start, min(start + width, len(values)))
        kept |= {min(places, key=values.__getitem__), max(places, key=values.__getitem__)}
    return kept


@pytest.mark.parametrize("count", [0, 1, 2, 249, 250, 499, 500, 501, 7_777])
def test_thinning_step_by_step_is_thinning_at_once(count: int) -> None:
    draw = random.Random(count)
    values = [draw.choice((draw.random(), 0.5)) for _ in range(count)]  # with ties
    curve = DownsampledCurve()
    for place, value in enumerate(values):
        curve.add(10 * place, place / 4, value)
    points = curve.points()
    assert len(points) <= 500 and len(curve) == count
    assert {point.place for point in points} == naive(values, 500)
    assert all(p == (p.place, 10 * p.place, p.place / 4, values[p.place]) for p in points)
    assert [p.place for p in points] == sorted({p.place for p in points})


def test_a_spike_is_never_lost() -> None:
    curve = DownsampledCurve(most=20)
    for place in range(9_000):
        curve.add(place, 0.0, 1e6 if place == 4_321 else float(place % 7))
    assert len(curve.points()) <= 20
    assert max(curve.points(), key=lambda point: point.value).step == 4_321


def test_a_gap_stays_a_gap_however_long_the_curve_is() -> None:
    curve = DownsampledCurve(most=20)
    for place in range(9_000):
        curve.add(place, 0.0, math.nan if place == 4_321 else float(place % 7))
    points = curve.points()
    assert len(points) <= 20 and [one.step for one in points if math.isnan(one.value)] == [4_321]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_a_gap(run: Run, bad: float | None) -> None:
    """And nothing else that a run says: where it stands, its best, and whether it has learned enough."""
    for number in (10, 20, 30):
        run.append(step(number, bad if number == 20 else 1.0))  # type: ignore[arg-type]
        run.append(validation(number, bad if number == 20 else 0.5))  # type: ignore[arg-type]
    followed = FollowedRun(run)
    assert as_if_new(followed, run) and followed.best().step == 10  # type: ignore[union-attr]
    assert run.validations() == [(10, 0.5), (30, 0.5)]
    for name in ("loss", "accuracy"):
        points = followed.curves()[name]
        assert [one.step for one in points] == [10, 20, 30]
        assert [math.isnan(one.value) for one in points] == [False, True, False]
    assert "loss_local" not in followed.curves(), "without any number there is no curve"


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match=r"most: expected at least 6, got 5"):
        DownsampledCurve(most=5)


def step(number: int, loss: float = 1.0) -> dict:
    losses = {"loss": loss, "loss_global": 0.5, "loss_local": float("nan"), "train_accuracy": 0.25}
    return {"event": "step", "step": number, **losses, "lr": 1e-3, "steps_per_s": 4.0, "time_s": number / 4}


def validation(number: int, accuracy: float) -> dict:
    return {"event": "validation", "step": number, "accuracy": accuracy, "n": 8, "time_s": number / 4}


START = {"event": "start", "step": 0, "time_s": 0.0, "device": "cpu", "classes": ["a"], "train_n": 8, "val_n": 8}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "one")
    made.create(quick())
    made.append(START)
    return made


def as_if_new(followed: FollowedRun, run: Run) -> bool:
    """Whether it says the same as one that reads everything now, and as the run itself."""
    fresh = FollowedRun(run)
    same = followed.status() == fresh.status() == run.status()
    return same and followed.curves() == fresh.curves() and followed.best() == fresh.best()


def test_reading_on_is_reading_all(run: Run) -> None:
    followed = FollowedRun(run)
    assert followed.curves() == {} and as_if_new(followed, run)
    for number in range(10, 60, 10):
        run.append(step(number, 100 / number))
        if number % 20 == 0:
            run.append(validation(number, 0.5 if number == 20 else 0.25))
        assert as_if_new(followed, run)
    told = run.events()[0]
    for kind, names in CURVES.items():
        for name in names:
            if kind == GAP:
                continue
            values = [(e["step"], e[name]) for e in told if e["event"] == kind and e[name] == e[name]]
            assert [(p.step, p.value) for p in followed.curves().get(name, [])] == values
    assert followed.best().step == 20 and followed.newest("start")["device"] == "cpu"
    run.end(50, "stopped")
    assert followed.status().state == "stopped" and as_if_new(followed, run)


def test_a_run_that_goes_on_from_a_checkpoint_is_read_anew(run: Run) -> None:
    followed = FollowedRun(run)
    for number in (10, 20, 30):
        run.append(step(number, 9.0))
    run.end(30, "stopped")
    assert len(followed.curves()) == 0 and followed.status().step == 30
    # as `claim` and going on from step 20 leave it: shorter first, then longer than what was read
    run.cut_events_after(20)
    assert as_if_new(followed, run) and followed.status().step == 20
    for number in range(30, 130, 10):
        run.append(step(number, 1.0))
    assert as_if_new(followed, run)
    assert [p.value for p in followed.curves()["loss"]] == [9.0, 9.0] + [1.0] * 10


def test_a_rewritten_log_of_the_same_length_is_noticed(run: Run) -> None:
    run.append(step(10, 1.0))
    followed = FollowedRun(run)
    followed.catch_up()
    log = run.path / "metrics.jsonl"
    log.write_text(log.read_text().replace('"loss": 1.0', '"loss": 2.0'))
    followed.catch_up()
    assert [p.value for p in followed.curves()["loss"]] == [2.0]


def test_a_half_written_line_waits(run: Run) -> None:
    followed = FollowedRun(run)
    with (run.path / "metrics.jsonl").open("a") as log:
        log.write('{"event": "step", "step": 10, "loss": 3.0')
    followed.catch_up()
    assert followed.curves() == {}
    with (run.path / "metrics.jsonl").open("a") as log:
        log.write(', "time_s": 1.0}\n')
    followed.catch_up()
    assert [p.value for p in followed.curves()["loss"]] == [3.0]


def test_a_look_reads_only_what_is_new(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10, 3_000, 10):
        run.append(step(number))
    followed = FollowedRun(run)
    followed.catch_up()
    asked: list[int] = []
    whole = Run.events
    monkeypatch.setattr(Run, "events", lambda self, offset=0: asked.append(offset) or whole(self, offset))
    size = (run.path / "metrics.jsonl").stat().st_size
    run.append(step(3_000))
    assert followed.status().step == 3_000
    assert asked == [size]
