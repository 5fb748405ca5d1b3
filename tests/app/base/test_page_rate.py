"""How often a session may run a page: by a clock of the test's own."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.base import page_rate
from app.base.page_rate import MOST_KNOWN, Rate


def test_a_handful_at_once_and_then_a_few_a_second() -> None:
    now = [100.0]
    rate = Rate(at_once=3, per_s=2.0, clock=lambda: now[0])
    assert [rate.take("a") for _ in range(3)] == [0.0] * 3
    assert rate.take("a") == pytest.approx(0.5) and rate.take("a") == pytest.approx(0.5), "waiting costs nothing"
    assert rate.take("b") == 0.0, "another session has its own"
    now[0] += 0.5
    assert rate.take("a") == 0.0 and rate.take("a") == pytest.approx(0.5)
    now[0] += 60
    assert [rate.take("a") for _ in range(4)] == [0.0] * 3 + [pytest.approx(0.5)], "rest is saved up to a handful"


def test_sessions_that_have_rested_are_forgotten() -> None:
    now = [0.0]
    rate = Rate(at_once=1, per_s=1.0, clock=lambda: now[0])
    for k in range(MOST_KNOWN):
        rate.take(f"{k}")
    assert len(rate) == MOST_KNOWN
    now[0] = 1.5
    rate.take("new")
    assert len(rate) == 1


def test_every_run_of_a_page_counts_on_a_shared_server(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_rate, "PAGES", rate := Rate(at_once=100, per_s=1.0))
    app.run()
    assert len(rate) == 0, "who is alone may do as they like"
    monkeypatch.setenv("MVFA_SHARED", "1")
    app.run()
    assert not app.exception and len(rate) == 1
