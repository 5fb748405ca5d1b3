"""Which languages there are, and what is said in them.

A language is a `.po` file, named after it as Babel names locales (`zh`, `pt_BR`), in this folder or in the one that
`MVFA_LANGUAGES` names. It is compiled in memory when it is first asked for, so no `.mo` lies beside it. What a file
lacks, and what does not fit, is shown in English, and the log says which.
"""

from __future__ import annotations

import gettext
import logging
import os
import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from mvfa_core.i18n.placeholders import fits

ENGLISH = "en"
FOLDER = Path(__file__).parent
MORE = "MVFA_LANGUAGES"
"""A variable of the environment: another folder of languages, which adds to ours."""
LARGEST = 16 * 2**20
_CODE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_[A-Z]{2})?")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Language:
    """A language: its code in the address, its own name for itself, Babel's knowledge of it, and its file."""

    code: str
    name: str
    locale: Locale
    file: Path | None


@cache
def languages() -> dict[str, Language]:
    """All of them by their code, English first."""
    known = {ENGLISH: Language(ENGLISH, "English", Locale(ENGLISH), None)}
    folders = [FOLDER, *([Path(more)] if (more := os.environ.get(MORE)) else [])]
    for file in (file for folder in folders if folder.is_dir() for file in sorted(folder.glob("*.po"))):
        code = file.stem
        if not _CODE.fullmatch(code) or code in known:
            continue
        try:
            locale = Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            log.warning("%s: Babel knows no language of that name", file)
            continue
        name = locale.get_display_name() or code
        known[code] = Language(code, name[0].upper() + name[1:], locale, file)
    return known


@cache
def translations(code: str) -> gettext.NullTranslations:
    """The messages of a language; those of English, and of a language that is not here, are the messages themselves."""
    language = languages().get(code)
    if language is None or language.file is None:
        return gettext.NullTranslations()
    try:
        catalogue = read(language.file)
    except (OSError, ValueError, PoFileError) as error:
        log.warning("%s cannot be read, so its texts are shown in English: %s", language.file, error)
        return gettext.NullTranslations()
    for message in list(catalogue):
        if message.id and not fitting(message):
            log.warning("%s: %r does not fit its message and is shown in English", language.file, _first(message))
            catalogue.delete(message.id, message.context)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def read(file: Path) -> Catalog:
    """The messages of a file, which may be somebody else's.

    Raises:
        OSError, ValueError, PoFileError: it cannot be read, is none, or is too large.
    """
    size = file.stat().st_size
    if size > LARGEST:
        raise ValueError(f"expected at most {LARGEST} bytes, got {size}")
    with file.open("rb") as stream:
        return read_po(stream, locale=file.stem, abort_invalid=True)


def fitting(message: Message) -> bool:
    """Whether every form of a translation fits its message; one that is missing altogether fits, too."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    messages = message.id if isinstance(message.id, tuple | list) else (message.id,)
    if not any(forms):
        return True
    return all(isinstance(form, str) and fits(tuple(messages), form) for form in forms)


def _first(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple | list) else message.id
