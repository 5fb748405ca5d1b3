"""docs/languages.md adds a language step by step; here its steps are carried out to the letter."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.base import i18n
from mvfa_core.i18n import catalogues
from tests.app.base.translations import forget
from tests.house.translations import flaws

ROOT = Path(__file__).parents[2]
STEPS = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8").partition("## Adding a language")[2]


def page() -> None:
    """A page of one text."""
    import streamlit as st

    from app.base import i18n
    from app.base.i18n import _

    i18n.begin()
    st.title(_("Pictures"))
    st.caption(_("Model"))


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_the_steps_of_the_document_add_a_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = re.search(r"^ +(make words NEW=(\w+))$", STEPS, re.M)
    message, translation = re.findall(r'^ +msg(?:id|str) "(.*)"$', STEPS, re.M)
    assert begin is not None
    code, folder = begin[2], tmp_path / "languages"
    folder.mkdir()
    # the tools that run this test, and a folder of the test's own; nothing is installed
    bin_ = Path(sys.executable).parent
    places = [f"BIN={bin_}", f"VENV={tmp_path}", f"WORDS={folder}", "-o", f"{tmp_path}/.runtime-ready"]
    done = subprocess.run([*begin[1].split(), *places], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    file = folder / f"{code}.po"
    begun = file.read_text(encoding="utf-8")
    empty = f'msgid "{message}"\nmsgstr ""\n'
    assert begun.count("\n\n" + empty) == 1
    file.write_text(begun.replace("\n\n" + empty, f'\n\nmsgid "{message}"\nmsgstr "{translation}"\n'), encoding="utf-8")

    monkeypatch.setenv(catalogues.MORE, str(folder))
    forget()
    try:
        app = AppTest.from_function(page)
        app.query_params["lang"] = code
        app.run()
        assert app.title[0].value == translation and app.caption[0].value == "Model"  # what is missing is English
        assert i18n.languages()[code].name == "Esperanto"
        left = flaws(catalogues.read(file))
        assert f"missing: {message!r}" not in left and len(left) > 1000
        assert all(flaw.startswith("missing: ") for flaw in left)
    finally:
        forget()
