"""Python and JavaScript say the same of what a board is given; and what comes back from a page is held in bounds."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from app.base import link_locks, session
from app.ui import contract, live

RECORDS = [
    one for one in vars(contract).values() if dataclasses.is_dataclass(one) and one.__module__ == contract.__name__
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_same_fields_on_both_sides(repo_root: Path, record: type) -> None:
    source = (repo_root / "app" / "ui" / "components" / "contract.js").read_text(encoding="utf-8")
    written = re.search(rf"@typedef {{object}} {record.__name__}\b(.*?)\*/", source, re.DOTALL)
    assert written, f"contract.js has no {record.__name__}"
    names = re.findall(r"@property \{.*\} \[?(\w+)", written[1])
    assert names == [field.name for field in dataclasses.fields(record)]


def test_a_record_becomes_plain_values() -> None:
    panel = contract.LivePanel("cam", "map", "cam", {"title": "CAM"})
    made = contract.plain({"panels": (panel, {"id": "x", "px": (1.5, 2)})})
    assert made == {
        "panels": [
            {"id": "cam", "kind": "map", "draws": "cam", "words": {"title": "CAM"}},
            {"id": "x", "px": [1.5, 2]},
        ]
    }


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values: dict[str, Any] = {}
    monkeypatch.setattr(session, "put", values.__setitem__)
    monkeypatch.setattr(link_locks, "held", lambda name: name == session.SIZES)
    return values


def test_what_rests_is_kept_unless_a_link_holds_it(kept: dict[str, Any]) -> None:
    live._keep({"k": 12, "sizes": [3], "class_index": 1, "distinct": True, "moves": 4}, ("a", "b"))
    assert kept == {session.K: 12, session.CLASS: "b", session.DISTINCT: True, session.LIVE_ANSWERS: 4}


@pytest.mark.parametrize(
    "told",
    [
        None, "x", [], 7, {"k": "12"}, {"k": -1}, {"k": True}, {"sizes": "3"}, {"class_index": 2}, {"class_index": "b"},
        {"class_index": [1]}, {"distinct": 1}, {"moves": 1.5}, {"moves": 10**12},
    ],
)  # fmt: skip
def test_a_stranger_may_send_anything(kept: dict[str, Any], told: object) -> None:
    live._keep(told, ("a", "b"))
    assert set(kept.values()) <= {""}, "only the class, which is the predicted one where none is named"
