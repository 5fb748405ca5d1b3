"""What the catalogues lack: messages that are missing, that nobody says any more, or whose fields do not match.

`python -m tests.house.translations` prints them and fails if there are any; `make lint` runs it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

from mvfa_core.i18n import catalogues

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "NC_": ((1, "c"), 2)}
"""As `make words` gives them to `pybabel extract`."""
SOURCES = ("app", "mvfa_core", "pages")


@cache
def template() -> Catalog:
    """All messages that stand in the sources."""
    catalogue = Catalog()
    for folder in SOURCES:
        for found in extract_from_dir(ROOT / folder, [("**.py", "python")], keywords=KEYWORDS):
            file, line, message, _comments, context = found
            catalogue.add(message, locations=[(f"{folder}/{file}", line)], context=context)
    return catalogue


def flaws(catalogue: Catalog) -> list[str]:
    """What is wrong with a translation, a sentence each; empty when it is complete."""
    return list(_flaws(catalogue))


def _flaws(catalogue: Catalog) -> Iterator[str]:
    for message in template():
        if not message.id:
            continue
        there = catalogue.get(message.id, message.context)
        if there is None or not _said(there) or there.fuzzy:
            yield f"missing: {_name(message)}"
        elif isinstance(there.id, tuple | list) != isinstance(message.id, tuple | list):
            yield f"one form where there are several, or the other way round: {_name(message)}"
        elif not catalogues.fitting(there):
            yield f"other fields in braces than the English: {_name(message)}"
    for message in catalogue:
        if message.id and template().get(message.id, message.context) is None:
            yield f"nobody says this any more: {_name(message)}"


def _said(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(isinstance(form, str) and form for form in forms)


def _name(message: Message) -> str:
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return f"{text!r}" + (f" ({message.context})" if message.context else "")


def main() -> int:
    """One line for every flaw of every language that comes with the project."""
    found = [f"{file.name}: {flaw}" for file in sorted(catalogues.FOLDER.glob("*.po"))
             for flaw in flaws(catalogues.read(file))]  # fmt: skip
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
