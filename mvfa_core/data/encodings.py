"""In which encoding names and lists were written, where nothing says it.

Names of files are short, and detectors made for documents (charset-normalizer, chardet, chardetng were tried) take 猫
and 狗 in GBK for Korean. Here all names of an archive are judged together: an encoding must decode every one of them,
and their letters should be usual ones.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from mvfa_core.data.sets import DataError
from mvfa_core.names import visible

ENCODINGS = {
    "utf-8": "UTF-8",
    "gbk": "GBK (simplified Chinese)",
    "shift_jis": "Shift-JIS (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
    "big5": "Big5 (traditional Chinese)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp866": "CP866 (DOS, Cyrillic)",
    "cp437": "CP437 (DOS, western)",
}
"""The encodings that can be chosen, and what they are called."""
_CODECS = {"gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
"""What Windows writes under these names holds more letters."""
MOST_JUDGED = 2_000
_SIMPLE_VOWELS = {0, 1, 4, 5, 6, 8, 13, 18, 20}
_OTHER_VOWELS = {2: {5, 11}, 9: {0, 11, 18}, 11: {3, 11, 18}, 12: {0, 5, 11, 18}, 14: {0, 11}, 16: {0, 7, 11, 18},
                 17: {5, 11, 18}, 19: {11, 18}}  # fmt: skip
"""Vowels that stand after a few initials only."""
_FINALS = {0, 1, 4, 8, 16, 17, 19, 21}
_DOUBLED = {1, 4, 8, 10, 13}


def expect_encoding(name: str) -> str:
    """The name of an encoding as it is kept here.

    Raises:
        DataError: it is none of `ENCODINGS`.
    """
    try:
        plain = codecs.lookup(name).name.replace("-", "_")
    except LookupError:
        plain = ""
    plain = {"utf_8": "utf-8", "gb18030": "gbk", "gb2312": "gbk", "cp932": "shift_jis", "cp949": "euc_kr"}.get(
        plain, plain
    )
    if plain not in ENCODINGS:
        raise DataError(f"encoding {visible(name)}: expected one of {', '.join(ENCODINGS)}")
    return plain


def decoded(name: bytes, encoding: str) -> str:
    """A name in an encoding; what does not fit is shown as �."""
    return name.decode(_CODECS.get(encoding, encoding), "replace")


def likeliest(names: Iterable[bytes], last: str = "cp437") -> str:
    """The encoding of names that were written together.

    Args:
        last: the western encoding that is taken where nothing else fits.
    """
    odd = [name for _, name in zip(range(MOST_JUDGED), {name for name in names if not name.isascii()}, strict=False)]
    scores = {}
    for encoding in (*ENCODINGS, last):
        try:
            texts = [name.decode(_CODECS.get(encoding, encoding)) for name in odd]
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return encoding
        scores[encoding] = _score(texts, encoding)
    return max(scores, key=lambda encoding: scores[encoding], default=last)


def text_of(data: bytes) -> str:
    """The text of a file: as its byte order mark says, else UTF-8, else the likeliest."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        encoding = likeliest(data.splitlines(), "cp1252")
        return data.decode(_CODECS.get(encoding, encoding), "replace")


def _score(texts: list[str], encoding: str) -> float:
    """How usual the letters beyond ASCII are, 0 to 1.2 on average."""
    values = []
    for text in texts:
        for at, letter in enumerate(text):
            if not letter.isascii():
                around = text[at - 1 : at] + text[at + 1 : at + 2]
                values.append(_usual(letter, around, encoding))
    return sum(values) / max(1, len(values))


def _usual(letter: str, around: str, encoding: str) -> float:
    if encoding in ("cp437", "cp1252"):
        beside = any(other.isalpha() and other.isascii() for other in around)
        return 0.9 if letter.isalpha() and ord(letter) < 0x250 and beside else 0.05
    if encoding in ("cp1251", "cp866"):
        if not "\u0400" <= letter <= "\u04ff":
            return 0.0
        before = around[:1]
        odd = (letter.isupper() and before.islower()) or (letter.islower() and before.isupper() and len(around) < 2)
        return 0.2 if odd or letter not in _RUSSIAN else 1.0
    if any(other.isascii() and other.isalpha() for other in around):
        return 0.3
    lead = letter.encode(_CODECS.get(encoding, encoding))[0]
    if encoding == "gbk":
        return (
            1.0 if 0xB0 <= lead <= 0xD7 and _is_level(letter, "gb2312") else 0.6 if _is_level(letter, "gb2312") else 0.2
        )
    if encoding == "big5":
        return 0.97 if 0xA4 <= lead <= 0xC6 else 0.4
    if encoding == "shift_jis":
        if "\u3040" <= letter <= "\u30ff":
            return 1.2
        return 0.95 if 0x88 <= lead <= 0x97 else 0.1 if "\uff61" <= letter <= "\uff9f" else 0.5
    return (1.1 if _is_usual_syllable(letter) else 0.35) if "\uac00" <= letter <= "\ud7a3" else 0.2


_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґў"
_RUSSIAN += _RUSSIAN.upper()


def _is_level(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _is_usual_syllable(letter: str) -> bool:
    """Whether a Korean syllable has a usual vowel after its initial and a simple final: few of all syllables have, and
    most of those in words."""
    place = ord(letter) - 0xAC00
    initial, vowel, final = place // 588, place % 588 // 28, place % 28
    fits = vowel in _SIMPLE_VOWELS or initial in _OTHER_VOWELS.get(vowel, ())
    return fits and final in _FINALS and initial not in _DOUBLED
