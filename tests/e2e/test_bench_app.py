"""The app measured in small: what stays in the browser sends nothing, and no control runs a backbone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.bench import app as bench_app
from tests.bench import memory
from tests.bench.browser import PROBE, Change, Tab, facts, nearest
from tests.bench.served import Served, ServedError, served
from tests.e2e.conftest import Server


@pytest.mark.browser
@pytest.mark.soak
def test_every_control_in_small(server: Server, page: Page) -> None:
    """One round of each against the server of the journeys."""
    assert server.process
    app = Served(server.url, server.process.pid)
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.add_init_script(PROBE)
    rows = [bench_app._timed(one, app, Tab(page, app.url), 1, warm_up=0).to_json() for one in bench_app.CONTROLS]
    assert len(rows) == 12
    for row in rows:
        assert 0 < row["median_ms"] < 30_000
        assert (row["where"] == "browser") == (row["sent_bytes"] == row["received_bytes"] == 0), row
        assert row["passes"] <= (row["name"] == bench_app.PICTURE), row


@pytest.mark.browser
def test_a_visit_without_a_browser_explains_another_picture(server: Server) -> None:
    """The bare client gets the whole page, and the server passes one more picture through the backbone, once."""
    assert server.process
    app = Served(server.url, server.process.pid)
    before = app.passes()
    words = {"picture": "synthetic-val-1234"}
    assert memory.visit(app, words) > 10_000
    assert memory.visit(app, words) > 10_000
    assert app.passes() == before + 1
    assert 1 < app.vitals()["memory_mb"] < 65_536


def test_what_is_said_is_what_streamlit_reads() -> None:
    said = memory.field(11, memory.field(1, b"picture=" + b"x" * 300))
    assert BackMsg.FromString(said) == BackMsg(rerun_script={"query_string": "picture=" + "x" * 300})
    ended = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY, hash="h" * 200)
    assert list(memory.numbers(ended.SerializeToString())) == [1, 6]


def test_ranks() -> None:
    assert nearest([5, 1, 3], 0.5) == 3
    assert nearest(list(range(1, 21)), 0.95) == 19
    assert nearest([7], 0.95) == 7
    early, late = Change(10, None, 1, 2, 3, None, None, None), Change(20, 50, 1, 4, 3, 1, 2, 30)
    assert facts([early, late])["max_ms"] == 20
    assert facts([early, late], whole=True) | {"count": 2} == {
        "count": 2, "median_ms": 10, "p95_ms": 50, "min_ms": 10, "max_ms": 50,
        "sent_bytes": 1, "received_bytes": 2, "messages": 3,
    }  # fmt: skip


def test_no_app_here(tmp_path: Path) -> None:
    with pytest.raises(ServedError, match=r"expected the project's folder, with app/main\.py"), served(tmp_path):
        pass
