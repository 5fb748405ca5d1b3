"""What the tests of the languages share: all English texts, what a folder of translations lacks, and a language made by
rule, in which every text stands in brackets."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.base import i18n
from mvfa_core.analysis.other_methods import OTHER_MAPS
from mvfa_core.backbones import BACKBONES
from mvfa_core.experiments.formats import LEGEND, LEGEND_TWIN
from mvfa_core.experiments.plan import EXPERIMENTS
from mvfa_core.pictures import NOTES

WORDING = Path(i18n.__file__).parent / "wording"
APP = WORDING.parents[1]
PAGES = APP.parent / "pages"
MODULES = tuple(sorted(path.stem for path in WORDING.glob("wording*.py")))
BRACKETS = "⟦{}⟧"


def texts(module: str) -> dict[str, Any]:
    """The English of a wording module: its constants that hold something to read."""
    found = vars(importlib.import_module(f"app.base.wording.{module}"))
    return {name: value for name, value in found.items() if name.isupper() and name[0] != "_" and any(leaves(value))}


def library() -> list[str]:
    """What the library says in words and the screen repeats: titles and notes."""
    told = [text for one in EXPERIMENTS.values() for text in (one.title, one.note)]
    told += [one.note for one in BACKBONES.values()]
    return [*told, *NOTES, LEGEND, LEGEND_TWIN, *(name for name in OTHER_MAPS if " " in name)]


def leaves(value: Any) -> Iterator[str]:
    """The texts with letters in a constant, however deep."""
    if isinstance(value, str):
        if any(letter.isalpha() for letter in value):
            yield value
    elif isinstance(value, Mapping):
        yield from (leaf for one in value.values() for leaf in leaves(one))
    elif isinstance(value, list | tuple):
        yield from (leaf for one in value for leaf in leaves(one))


def flaws(folder: Path) -> list[str]:
    """What a folder of translations lacks, has too much, or has in another form than the English."""
    wanted = {"language", "library", *(module for module in MODULES if texts(module))}
    there = {path.stem for path in folder.glob("*.json")}
    found = [f"{name}.json: is not there" for name in sorted(wanted - there)]
    found += [f"{name}.json: there is no such module" for name in sorted(there - wanted)]
    if "library" in there:
        said = json.loads((folder / "library.json").read_text(encoding="utf-8"))
        found += [f"library: {text!r} is not there" for text in library() if not said.get(text)]
        found += [f"library: {text!r} is said by nobody" for text in said if text not in library()]
    for module in sorted(wanted & there - {"language", "library"}):
        other = json.loads((folder / f"{module}.json").read_text(encoding="utf-8"))
        known = vars(importlib.import_module(f"app.base.wording.{module}"))
        found += [f"{module}.{name}: there is no such text" for name in other if name not in known]
        for name, english in texts(module).items():
            found += _unlike(english, other.get(name), f"{module}.{name}")
    return found


def _unlike(english: Any, other: Any, where: str) -> Iterator[str]:
    if not any(leaves(english)):
        return
    if other is None:
        yield f"{where}: is not there"
    elif isinstance(english, str):
        if not (isinstance(other, str) and other.strip()):
            yield f"{where}: is no text"
        elif i18n.fields(other) != i18n.fields(english):
            yield f"{where}: has other names in braces than the English"
    elif isinstance(english, Mapping):
        if not isinstance(other, Mapping):
            yield f"{where}: is no object"
            return
        keys = [str(key) for key in english]
        yield from (f"{where}.{key}: there is no such text" for key in other if key not in keys)
        for key, value in english.items():
            yield from _unlike(value, other.get(str(key)), f"{where}.{key}")
    elif not isinstance(other, list) or len(other) != len(english):
        yield f"{where}: has not {len(english)} entries"
    else:
        for place, (one, two) in enumerate(zip(english, other, strict=True)):
            yield from _unlike(one, two, f"{where}.{place}")


def bracketed(folder: Path) -> Path:
    """A language made by rule: the English, every text in brackets, so that what is not translated stands outside."""
    folder.mkdir(parents=True)
    about = {"name": "Brackets", "locales": [folder.name]}
    (folder / "language.json").write_text(json.dumps(about), encoding="utf-8")
    said = {text: BRACKETS.format(text) for text in library()}
    (folder / "library.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    for module in MODULES:
        made = json.dumps({name: _bracketed(value) for name, value in texts(module).items()}, ensure_ascii=False)
        (folder / f"{module}.json").write_text(made, encoding="utf-8")
    return folder


def _bracketed(value: Any) -> Any:
    if isinstance(value, str):
        return BRACKETS.format(value) if any(leaves(value)) else value
    if isinstance(value, Mapping):
        return {str(key): _bracketed(one) for key, one in value.items()}
    return [_bracketed(one) for one in value] if isinstance(value, list | tuple) else value


def outside(text: str) -> str:
    """What of a text stands in no brackets."""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = less
    return text
