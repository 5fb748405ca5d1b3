"""Every language that comes with the project is complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from mvfa_core.i18n import catalogues
from tests.house.translations import flaws, main, template

FILES = sorted(catalogues.FOLDER.glob("*.po"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_language_is_complete(file: Path) -> None:
    assert flaws(catalogues.read(file)) == []


def test_the_check_prints_what_is_wrong(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main() == 0 and capsys.readouterr().out == ""
    monkeypatch.setattr(catalogues, "read", lambda file: Catalog(locale=file.stem))
    assert main() == 1 and "zh.po: missing: 'Pictures'" in capsys.readouterr().out


def test_all_kinds_of_messages_are_extracted() -> None:
    assert template().get("Pictures") and template().get("Pictures", "number") and template().get("star", "class")
    assert template()["{n} panel"].id == ("{n} panel", "{n} panels")
    assert template().get("Figure 5: CAM beside AdaCAM")  # marked in the library, translated where it is shown
