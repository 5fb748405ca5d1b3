"""The texts on figures and in captions, a JSON table a language in `labels/`: another language is one file more."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from mvfa_core.checks import expect_choice
from mvfa_core.data.classes import IMAGENETTE_NAMES

FOLDER = Path(__file__).parent / "labels"


@cache
def languages() -> tuple[str, ...]:
    """The languages there are a table of, English first."""
    found = sorted(path.stem for path in FOLDER.glob("*.json"))
    return tuple(sorted(found, key=lambda name: (name != "en", name)))


@cache
def table(language: str) -> dict[str, str]:
    """The texts of a language by their names; what its table lacks is said in English.

    Raises:
        ValueError: no table of that language.
    """
    expect_choice(language, languages(), "language")
    english = _read("en")
    return english if language == "en" else {**english, **_read(language)}


def _read(language: str) -> dict[str, str]:
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def class_name(name: str, language: str) -> str:
    """A class of the drawn set in that language; any other name as it is, with ids in words and spaces for
    underscores."""
    return table(language).get(f"class {name}", IMAGENETTE_NAMES.get(name, name).replace("_", " "))
