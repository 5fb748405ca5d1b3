"""Shares of a count are exact; only a softmax is never 0 or 1."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from app.base.wording import wording
from app.features.evaluate import findings_words
from app.features.maps import localisation_words
from app.features.training import words
from mvfa_core.percent import of_count

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(7, 7, "100"), (0, 7, "0"), (2, 3, "66.7"), (1, 2, "50.0"), (9_999, 10_000, "99.99"), (1, 10_000, "0.01"),
     (1999, 2000, "99.95"), (1, 10**9, "0.0000001")],
)  # fmt: skip
def test_a_share_of_a_count(part: int, whole: int, said: str) -> None:
    assert of_count(part / whole) == said
    assert wording.share(part / whole) == f"{said}{SPACE}%" == findings_words.share(part, whole)


def test_a_softmax_is_never_all_or_nothing() -> None:
    assert wording.percent(1.0) == f"> 99.9{SPACE}%"
    assert wording.percent(0.0) == f"< 0.1{SPACE}%"


def test_what_the_app_says_of_counts_and_of_confidences() -> None:
    assert findings_words.headline(7, 7, 0).count(f"100{SPACE}%") == 1
    assert findings_words.headline(7, 7, 0).count(f" 0{SPACE}%") == 1
    assert findings_words.sure(1.0, 1.0) == f"> 99.9{SPACE}%, 100{SPACE}% of views"
    assert findings_words.sure(1.0, 199 / 200).endswith(f"99.5{SPACE}% of views")
    assert words.accuracy(1.0).endswith(f" 100{SPACE}%")
    assert words.best(0.0, 5) == f"0{SPACE}% at 5"
    assert localisation_words.figure("iou", 0.0) == f"0{SPACE}%"
    assert localisation_words.figure("energy", 1.0) == f"100{SPACE}%"
    assert localisation_words.figure("insertion", 1.0) == f"> 99.9{SPACE}%"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_browser_says_the_same(repo_root: Path) -> None:
    source = (repo_root / "app/ui/components/tables.js").read_text().partition("export function share")[2]
    function = "function share" + source.partition("\n}\n")[0] + "\n}"
    values = [0, 1, 0.5, 2 / 3, 0.9999, 0.0001, 0.9995]
    script = f"{function}\nconsole.log({values}.map(share).join(' '))"
    told = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [of_count(value) for value in values]
