"""Every page begins with one title and one sentence about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
def test_a_page_begins_with_its_title_and_what_it_is_about(app: AppTest, name: str) -> None:
    page = app.run().switch_page(f"../pages/{name}.py").run()
    assert not page.exception and len(page.title) == 1 and page.title[0].value
    assert name == "lesson" or page.caption[0].value
