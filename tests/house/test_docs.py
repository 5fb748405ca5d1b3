"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    missing = [target for target in targets if "://" not in target and not (document.parent / target).exists()]
    assert not missing, f"{document.name} points at {', '.join(missing)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_named_file_of_the_project_exists(document: Path) -> None:
    """Paths in code spans that start with a folder of the project."""
    spans = re.findall(r"`((?:app|mvfa_core|pages|assets|tests|docs)/[\w./-]+)`", document.read_text())
    missing = [span for span in spans if not (ROOT / span).exists()]
    assert not missing, f"{document.name} names {', '.join(missing)}"
