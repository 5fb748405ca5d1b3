"""What holds of every sentence a page says, in every language, whatever numbers and names it is filled with."""

from __future__ import annotations

import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from string import Formatter
from types import NoneType, UnionType
from typing import Any

import pytest
from babel.messages.pofile import PoFileError
from hypothesis import example, given
from hypothesis import strategies as st

from app.base import i18n
from app.base.i18n import current, languages, preferred, spoken
from app.features.lesson.lesson import STEPS
from mvfa_core.devices import FULL, UNABLE, Place
from mvfa_core.experiments.plan import Settings
from mvfa_core.i18n import catalogues
from mvfa_core.i18n.catalogues import Language, fitting, read, translations
from mvfa_core.i18n.placeholders import fields, fits
from mvfa_core.percent import of_count
from mvfa_core.pictures import NOTES, Note
from mvfa_core.precision import PRECISIONS
from tests.app.base.translations import APP, forget
from tests.corpus.drawn import SETTINGS, WORDS, few

WORDING = sorted(
    ".".join(path.relative_to(APP.parent).with_suffix("").parts)
    for pattern in ("wording*.py", "*words.py")
    for path in APP.rglob(pattern)
)
TEMPLATES = "app.ui.live_words"
"""Its places are filled in the browser: the journeys of live pages hold what is printed against Python's."""
SHARE = st.floats(0, 1)
NAMES = WORDS.map(lambda text: text.replace("{", "").replace("}", ""))
COUNT = st.integers(0, 10**7)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
BAND_NUMBERS = st.lists(st.integers(1, 99), min_size=1, max_size=3).map(lambda bands: ", ".join(map(str, bands)))


def noted(template: str) -> st.SearchStrategy[Note]:
    """That note, each of its places filled as readers of pictures do."""
    places = {place for _, place, _, _ in Formatter().parse(template) if place}
    kinds = {
        place: BAND_NUMBERS if place == "bands" else NUMBER if place in ("low", "high") else COUNT for place in places
    }
    return st.builds(Note, st.just(template), st.fixed_dictionaries(kinds))


KINDS: dict[Any, st.SearchStrategy[Any]] = {
    str: NAMES, int: st.integers(0, 10**7), float: SHARE | st.floats(0, 1e7), bool: st.booleans(), NoneType: st.none(),
    Settings: SETTINGS, object: st.integers() | NAMES | st.tuples(st.integers(1, 9)), Any: SHARE,
    Place: st.builds(
        Place, NAMES, NAMES, st.sampled_from(PRECISIONS), st.sampled_from(PRECISIONS), st.none() | SHARE,
        st.sampled_from(["", FULL, UNABLE]),
    ),
    Note: st.sampled_from(NOTES).flatmap(noted),
}  # fmt: skip


MEANS = st.lists(st.floats(0, 1), min_size=1, max_size=4)
THREE = st.lists(st.floats(0, 1), min_size=3, max_size=3)
CARDS = st.fixed_dictionaries(
    {
        "origin": WORDS, "architecture": st.none() | WORDS, "count": st.integers(1, 10**6),
        "kind": st.sampled_from(["exact", "pooled", "tokens"]), "others": st.lists(WORDS, max_size=3),
        "preprocessing": st.fixed_dictionaries(
            {"mean": MEANS, "std": THREE, "side": st.integers(1, 1024), "origin": WORDS,
             "crop": st.none() | st.floats(0.1, 1)}
        ),
        "labels": st.sampled_from(["single", "multi"]),
        "self_test": st.fixed_dictionaries(
            {"agreement": st.floats(0, 1), "whole_view": st.none() | st.floats(0, 1), "pictures": st.integers(1, 99)}
        ),
    }
)  # fmt: skip
CHOSEN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "ending": {"state": st.sampled_from(["queued", "finished", "paused", "stopped", "diverged", "failed", "lost"])},
    "step": {"name": st.sampled_from(STEPS)},
    "rate": {"steps_per_s": st.floats(1e-6, 1e6)},
    "grid": {"stride": st.integers(1, 64)},
    "card": {"told": CARDS},
    "counted": {"sides": st.dictionaries(st.sampled_from(["train", "val", "test"]), st.integers(0, 10**7))},
}
"""What only a few values can be of."""


def sentences() -> Iterator[Callable[..., Any]]:
    """The functions of all wording modules."""
    for name in WORDING:
        if name == TEMPLATES:
            continue
        module = importlib.import_module(name)
        for called, function in sorted(inspect.getmembers(module, inspect.isfunction)):
            # the questions of the lesson are asked with its numbers, in `test_walks`
            if function.__module__ == module.__name__ and not called.startswith("_") and called != "question":
                yield function


def drawn_for(hint: Any) -> st.SearchStrategy[Any]:
    """What an argument of that type may be."""
    if hint in KINDS:
        return KINDS[hint]
    inner = typing.get_args(hint)
    if typing.get_origin(hint) in (UnionType, typing.Union):
        return st.one_of(*map(drawn_for, inner))
    if typing.get_origin(hint) is tuple and inner[-1] is not Ellipsis:
        return st.tuples(*map(drawn_for, inner))
    if typing.get_origin(hint) is dict:
        return st.dictionaries(drawn_for(inner[0]), drawn_for(inner[1]), min_size=1, max_size=3)
    several = st.lists(drawn_for(inner[0]), min_size=1, max_size=3)
    return several.map(tuple) if typing.get_origin(hint) is tuple else several


@pytest.mark.parametrize("function", list(sentences()), ids=lambda one: f"{one.__module__}.{one.__name__}")
@few
@given(st.data())
def test_every_sentence(function: Callable[..., Any], data: st.DataObject) -> None:
    hints = typing.get_type_hints(function)
    chosen = CHOSEN.get(function.__name__, {})
    kinds = {
        name: chosen[name] if name in chosen else drawn_for(hints[name])
        for name in inspect.signature(function).parameters
    }
    arguments = {name: data.draw(kind, name) for name, kind in kinds.items()}
    for code in languages():
        with spoken(code):
            assert current() == code
            said = function(**arguments)
            assert said is not None
            if isinstance(said, str) and kinds:  # without an argument it hands over what is filled in elsewhere
                assert "{" not in said and "}" not in said, "a place that was not filled"
                assert not re.search(r"\bNone\b|\bnan\b", said) or re.search("None|nan", str(arguments)), said


FIELDS = st.text(st.sampled_from("{}{}ab!r:.1f%0 "), max_size=14)


@few
@given(FIELDS, FIELDS | st.none())
@example("{} a", "{} {}")
@example("{a}", "{a!x}")
@example("{a}", "{b}")
def test_translations_fit(english: str, other: str | None) -> None:
    """What can be filled in in English can be filled in in another language's words, or stays English."""
    numbers = {"a": 0.5, "b": 0.25, "ab": 1.0, "aa": 1.0, "bb": 1.0, "ba": 1.0}
    try:
        english.format(0.5, **numbers)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        assert not fields(english) or fits((english,), english) == bool(english.strip())
        return
    said = other if other is not None and fits((english,), other) else english
    assert isinstance(said.format(0.5, **numbers), str)
    assert fits((english,), english) == bool(english.strip())


@few
@given(st.lists(WORDS | st.sampled_from(["zh-CN", "en-GB", "ZH", "de", "zh"]), max_size=4), WORDS)
def test_languages_of_a_browser(wishes: list[str], text: str) -> None:
    """A language that is here, English at last; what nobody has translated stays as it is."""
    code = preferred(wishes)
    assert code in languages() and isinstance(languages()[code], Language)
    known = [wish.lower().split("-")[0] for wish in wishes if wish.lower().split("-")[0] in languages()]
    assert code == (known[0] if known else "en")
    with spoken(text):
        assert current() == (text if text in languages() else "en")
    nobody = f"{text}, which nobody says"
    with spoken("zh"):
        assert i18n._(nobody) == nobody and i18n.ngettext("one", nobody, 2) == nobody
    with spoken("en"):
        assert i18n._("Pictures") == "Pictures"


@few
@given(st.binary(max_size=40) | WORDS.map(str.encode))
@example(b'msgid ""\nmsgstr "Plural-Forms: nplurals=9**9; plural=n;"')
@example(b'msgid "Pictures"\nmsgid_plural "Pictures"\nmsgstr[7] "x"')
def test_files_of_languages(tmp_path: Path, content: bytes) -> None:
    """A file that somebody else has written is read or is passed over; the app speaks English then."""
    file = tmp_path / "eo.po"
    file.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(catalogues.MORE, str(tmp_path))
        forget()
        try:
            assert set(languages()) >= {"en", "zh", "eo"}
            with spoken("eo"):
                assert isinstance(translations("eo").gettext("Pictures"), str)
                assert isinstance(i18n._("Pictures"), str) and isinstance(i18n.ngettext("a", "b", 3), str)
            try:
                catalogue = read(file)
            except (ValueError, PoFileError):  # neither a hang nor anything else
                return
            for message in catalogue:
                assert fitting(message) or message.string
        finally:
            patch.undo()
            forget()


@given(whole=st.integers(1, 10**7), data=st.data(), digits=st.integers(0, 3))
def test_only_all_reads_as_all_and_only_none_as_none(whole: int, data: st.DataObject, digits: int) -> None:
    part = data.draw(st.integers(0, whole))
    said = of_count(part / whole, digits)
    assert (Fraction(said) == 100) == (part == whole)
    assert (Fraction(said) == 0) == (part == 0)
    assert abs(Fraction(said) - Fraction(100 * part, whole)) <= Fraction(1, 2 * 10**digits) + Fraction(1, 10**9)


@given(value=st.floats())
def test_what_is_no_share_is_shown_all_the_same(value: float) -> None:
    assert of_count(value)
