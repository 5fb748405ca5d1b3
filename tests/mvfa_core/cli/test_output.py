"""What the commands share in printing."""

from __future__ import annotations

import re

import pytest

from mvfa_core.cli.output import BYTES, bars


def test_one_bar_for_each_thing(capsys: pytest.CaptureFixture[str]) -> None:
    show = bars(quiet=False)
    for what in ("decoding train", "decoding val"):
        for done in range(0, 101, 10):
            show(what, done, 100)
    told = capsys.readouterr().err
    assert len(re.findall(r"decoding \w+: +0%", told)) == 2
    assert len(re.findall(r"decoding \w+: 100%", told)) == 2
    assert "\x1b[A" not in told, "two bars were open at once"


def test_bars_count_in_the_unit_of_the_thing(capsys: pytest.CaptureFixture[str]) -> None:
    show = bars(quiet=False, unit=lambda what: BYTES)
    show("fetching", 0, 2 * 1024**2)
    show("fetching", 2 * 1024**2, 2 * 1024**2)
    assert "2.00M/2.00M" in capsys.readouterr().err


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    bars(quiet=True)("decoding", 5, 5)
    assert capsys.readouterr().err == ""
