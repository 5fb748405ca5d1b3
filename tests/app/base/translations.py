"""What the tests of the languages share: all English messages, and a language made by rule, in which every message
stands in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from app.base import i18n
from mvfa_core.i18n import catalogues
from tests.house.translations import template

APP = Path(i18n.__file__).parents[1]
PAGES = APP.parent / "pages"
BRACKETS = "⟦{}⟧"
CODE = "eo"
"""Esperanto, which nobody has translated this app into; Babel knows its name and its plural."""


def messages(*, beside: str | None = None) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """Every message in the sources, its singular and plural where it has both, with its context.

    Args:
        beside: leave out those that stand in files of that folder alone.
    """
    for message in template():
        elsewhere = beside is None or any(not file.startswith(f"{beside}/") for file, _ in message.locations)
        if message.id and elsewhere:
            yield (message.id if isinstance(message.id, tuple) else (message.id,)), message.context


def bracketed(folder: Path, code: str = CODE) -> Path:
    """A language made by rule: the English, every message in brackets, so that what is forgotten stands outside."""
    catalogue = Catalog(locale=code)
    for forms, context in messages():
        said = tuple(BRACKETS.format(form) for form in forms)
        catalogue.add(forms if len(forms) > 1 else forms[0], said if len(forms) > 1 else said[0], context=context)
    return write(folder / f"{code}.po", catalogue)


def write(file: Path, catalogue: Catalog) -> Path:
    """The catalogue as a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        write_po(stream, catalogue)
    return file


def forget() -> None:
    """Read the files again when they are next asked for."""
    catalogues.languages.cache_clear()
    catalogues.translations.cache_clear()


def outside(text: str) -> str:
    """What of a text stands in no brackets."""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = less
    return text
