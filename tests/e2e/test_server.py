"""What the server adds to every answer, and the two addresses of its own."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import plotly
import pytest


def get(server: Any, path: str) -> Any:
    return urllib.request.urlopen(server.url + path, timeout=10)


@pytest.mark.parametrize("path", ["/", "/train", "/components/board.js", "/_stcore/health"])
def test_every_answer_forbids_what_comes_from_outside(server: Any, path: str) -> None:
    with get(server, path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "http" not in policy and "*" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_plotly_comes_from_the_installed_package(server: Any) -> None:
    with get(server, f"/vendor/plotly.min.js?v={plotly.__version__}") as answer:
        assert answer.read() == (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nobody", "..%2fserver", "%2e%2e%2fmain", "board.js%00"])
def test_only_our_components_are_served(server: Any, name: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        get(server, f"/components/{name}.js")
    assert error.value.code in (400, 404)
