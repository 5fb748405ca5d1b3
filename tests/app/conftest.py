"""What the tests of the pages share: the app in Streamlit's own test harness, and runs without training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.base import settings
from app.services import cache, visitor_files

TIMEOUT_S = 240


@pytest.fixture
def app(repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The whole app with a runs folder of its own, not yet run."""
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(settings, "_taken", [])
    cache.clear()
    visitor_files.end()
    st.cache_data.clear()
    st.cache_resource.clear()
    return AppTest.from_file(str(repo_root / "app" / "main.py"), default_timeout=TIMEOUT_S)


@pytest.fixture
def train_page(app: AppTest) -> Callable[[], AppTest]:
    """Opens the Train page; to be called once the run folders are there."""
    return lambda: app.run().switch_page("../pages/train.py").run()


@pytest.fixture
def shown(app: AppTest) -> Callable[[str], dict[str, Any]]:
    """shown("board_maps") -> the data that was sent to the component of that key."""

    def find(key: str) -> dict[str, Any]:
        for element in app.get("bidi_component"):
            if element.proto.id.endswith(f"-{key}"):
                return json.loads(element.proto.json)
        raise AssertionError(f"there is no component {key!r} on the page")

    return find
