"""What holds of requests for figures, their recipes and their texts, whatever a stranger's file says."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from app.features.figures.figure_form import style, styled
from app.features.figures.figure_result import here
from mvfa_core.data.class_names import class_name
from mvfa_core.figures.caption import latex_text
from mvfa_core.figures.common import file_name, percent, span_fact, title_of
from mvfa_core.figures.desk import ModelSource, curve_of_model, curve_of_run
from mvfa_core.figures.differences import differences, same_data
from mvfa_core.figures.fonts import families, installed, missing, resolve
from mvfa_core.figures.layout import fitted, number, round_numbers, text_width
from mvfa_core.figures.making import kind_of
from mvfa_core.figures.recipe import FigureProvenance, ProvenanceError, metadata, read, versions
from mvfa_core.figures.request import KINDS, SPANS, FigureSpec, Options
from mvfa_core.i18n.catalogues import languages
from mvfa_core.training.event_log import is_sound
from mvfa_core.training.recipes import Recipe as TrainingRecipe
from mvfa_core.training.runs import Run
from tests.corpus.drawn import JSON, TEXT, WORDS, expect_sentence, few, fewer, refused  # fmt: skip

OPTIONS = st.dictionaries(st.sampled_from(list(Options.__dataclass_fields__)), JSON, max_size=3)
SANS = ["DejaVu Sans"]


# --- curves ---


@few
@given(JSON | st.lists(st.lists(JSON | st.integers(0, 900) | st.floats(0, 1), max_size=3), max_size=4), JSON)
@example([[100, 0.5], [200, 1]], "ucmerced")
@example([[True, 0.5]], None)
@example([[1, float("nan")]], {})
def test_curves_of_cards(curve: Any, data: Any) -> None:
    """Points that can be drawn, as many as the card holds; or a sentence."""
    card = {"model": {"pooling": "mfa"}, "data": data, "curve": curve}
    try:
        found = curve_of_model(ModelSource("m", "m", "d", ("a",), card))
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert [list(point) for point in found.points] == curve and isinstance(found.data, str)
    assert all(step >= 0 and 0 <= accuracy <= 1 for step, accuracy in found.points)


@few
@given(st.lists(st.tuples(JSON, JSON | st.floats(0, 1)), max_size=4))
@example([(100, 0.5)])
def test_curves_of_runs(told: list[tuple[Any, Any]]) -> None:
    """The validations that the engine could have told, or a sentence where there is none."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "run")
        run.create(TrainingRecipe(backbone="compact", data="ucmerced"))
        lines = [{"event": "validation", "step": step, "accuracy": accuracy} for step, accuracy in told]
        (run.path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        try:
            found = curve_of_run("run", run)
        except ValueError as error:
            expect_sentence(str(error))
            return
    sound = [(line["step"], line["accuracy"]) for line in lines if is_sound(line)]
    assert sound and found.points == tuple(sound) and found.data == "ucmerced"


# --- requests and recipes ---


@few
@given(OPTIONS)
@example({"width": 10**400})
@example({"width": True})
@example({"k": 10**400})
@example({"seed": -1})
@example({"sizes": [1, 10**400]})
def test_options(values: dict[str, Any]) -> None:
    """Options that can be drawn, and that come back from JSON; or a sentence."""
    try:
        found = Options.from_json(values)
    except ValueError as error:
        expect_sentence(str(error))
        return
    told = json.loads(json.dumps(FigureSpec("fig5", ("m",), ("p",), options=found).to_json(), allow_nan=False))
    assert Options.from_json(told["options"]) == found and 1 <= found.inches <= 40
    assert found.k is None or isinstance(found.k, int)
    assert isinstance(style(found), str)


@few
@given(WORDS | OPTIONS.map(json.dumps))
@example('{"titles":["a"],"top":[3],"width":3.5}')
def test_styles_of_an_address(text: str) -> None:
    """An address's style is a valid one that comes back as it was read, or is refused."""
    try:
        found = styled(text)
    except ValueError:
        return
    assert style(found) == "" or styled(style(found)) == found


TOLD = FigureSpec("fig5", ("m",), ("p",))
PLAIN = FigureProvenance(
    TOLD,
    ({"where": "m", "name": "m", "digest": "a", "config": {"k": 1}},),
    ({"where": "p", "digest": "b", "size": [1, 2]},),
    (),
    ({"name": "x", "digest": "c", "least": 0, "most": 1},),
    "d",
    {"python": "3"},
)
PART = st.dictionaries(
    st.sampled_from(["where", "name", "digest", "config", "size", "least"]), JSON | WORDS, max_size=4
)


@few
@given(
    st.dictionaries(
        st.sampled_from([*json.loads(PLAIN.to_text()), "more"]), JSON | st.lists(PART, max_size=2), max_size=3
    )
)
@example({"options": {"width": 10**400}})
@example({"arrays": [{"name": []}]})
@example({"versions": {"\x1b": "\n"}})
@example({"kind": "\x1b[31m\u202e"})
@example({"format": "\n\x1b"})
def test_recipes_of_figures(values: dict[str, Any]) -> None:
    """A recipe that was changed by hand is followed or refused in a sentence; what is followed comes back, and can be
    held against what is made here."""
    told = {**json.loads(PLAIN.to_text()), **values}
    try:
        found = read(json.dumps(told).encode())
    except ProvenanceError as error:
        expect_sentence(str(error))
        return
    again = read(found.to_text().encode())
    assert again.request == found.request and again.data == found.data
    assert same_data(found, again)
    for sentence in differences(found, PLAIN):
        expect_sentence(sentence)
    try:
        request, _ = here(found)
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert request.kind == found.request.kind


@few
@given(st.binary(max_size=80), st.sampled_from([b"", b"\x89PNG\r\n", b"%PDF/Keywords (", b"{", b"<dc:description>"]))
def test_recipes_in_any_bytes(content: bytes, head: bytes) -> None:
    try:
        read(head + content)
    except ProvenanceError as error:
        expect_sentence(str(error))


@few
@given(st.sampled_from([*KINDS, "fig9"]), *[st.lists(WORDS, max_size=2)] * 3)
def test_requests_of_figures(kind: str, models: list[str], pictures: list[str], runs: list[str]) -> None:
    of_runs = kind in ("fig6", "filmstrip")
    fits = bool(runs) if of_runs else bool(models and pictures and (kind == "compare" or len(models) == 1))
    with refused(kind in KINDS and fits):
        request = FigureSpec(kind, tuple(models), tuple(pictures), tuple(runs))
        assert json.loads(json.dumps(request.to_json()))["kind"] == kind


RECIPES = st.builds(
    lambda model, picture, options, version: replace(
        PLAIN, models=({"where": "m", "name": "m", "digest": model, "config": {"k": 1}},),
        pictures=({"where": "p", "digest": picture, "size": [1, 2]},),
        request=replace(TOLD, options=Options(**options)), versions={"python": version}),
    st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from([{}, {"dpi": 99}, {"k": 3}]), st.sampled_from("34"),
)  # fmt: skip


@few
@given(RECIPES, RECIPES)
def test_differences(before: FigureProvenance, now: FigureProvenance) -> None:
    """A sentence for everything that changed, none where nothing did."""
    told = differences(before, now)
    parts = [before.models != now.models, before.pictures != now.pictures, before.versions != now.versions]
    options = [getattr(one.request.options, name) for one in (before, now) for name in ("dpi", "k")]
    parts += [options[0] != options[2], options[1] != options[3]]
    assert len(told) == sum(parts)
    for sentence in told:
        expect_sentence(sentence)


# --- texts ---


@few
@given(WORDS)
def test_latex_prints_text_as_it_is(text: str) -> None:
    """No sign that means something to LaTeX stands without its escape."""
    shown = latex_text(text)
    left = re.sub(
        r"\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]|\$(\\times|-|\\Sigma|L_R|K)\$", "", shown
    )
    assert not re.search(r"[\\&%$#_{}~^]", left), shown


@few
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_of_axes(value: float) -> None:
    shown = number(value)
    back = float(shown.replace("−", "-"))
    assert math.isclose(back, value, rel_tol=6e-3, abs_tol=0.5 if abs(value) >= 100 else 0) and shown not in (
        "-0",
        "−0",
    )


@few
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_round_numbers(low: float, extent: float) -> None:
    """A handful, inside, rising."""
    found = round_numbers(low, low + extent)
    slack = 1e-5 * (extent or 1) + 1e-9 * abs(low)
    assert 1 <= len(found) <= 12 and found == sorted(found)
    assert all(low - slack <= value <= low + extent + slack for value in found)


@fewer
@given(st.text(max_size=30), st.floats(4, 20), st.floats(0.05, 3))
def test_fitted_texts(text: str, points: float, room: float) -> None:
    """At most three quarters smaller, and cut rather than too wide."""
    shown, size = fitted(text, points, room, SANS)
    assert 0.75 * points - 1e-9 <= size <= points and text_width(text, points, SANS) >= 0
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert text_width(shown, size, SANS) <= 1.02 * room or len(shown) <= 2


@given(st.sampled_from(SPANS), st.sampled_from(list(languages())))
def test_what_a_caption_says_of_ranges(span: str, language: str) -> None:
    message, values = span_fact(Options(span=span, language=language))
    assert message.endswith(".") and not values and message == span_fact(Options(span=span))[0]


@few
@given(WORDS | st.sampled_from(["circle", "n01440764"]), st.sampled_from([*languages(), "xx"]))
def test_words_of_languages(name: str, language: str) -> None:
    """A class has one name in every language; where there is no such language, its English one."""
    shown = class_name(name, language)
    assert bool(shown) == bool(name) and class_name(shown, language) == shown
    assert language == "zh" or shown == class_name(name, "en")


@few
@given(
    st.sampled_from(["sans", "serif", "times", "DejaVu Sans", "No Such Font"]),
    st.lists(st.text(max_size=4), max_size=3),
)
def test_fonts(font: str, said: list[str]) -> None:
    with refused(font != "No Such Font"):
        found, lacking = families(font, said)
        assert found[0] == resolve(font) in installed() and set(lacking) <= set("".join(said))
        assert set(missing(found[0], said)) >= set(lacking)


@few
@given(TEXT, WORDS, st.integers(0, 3), st.lists(WORDS, max_size=2), st.floats(0, 1))
def test_small_texts_of_figures(text: str, name: str, place: int, titles: list[str], share: float) -> None:
    kept = file_name(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", kept) and not kept.startswith(".") and len(kept) < 200, kept
    assert title_of(Options(titles=tuple(titles)), place, name) == (
        titles[place] if place < len(titles) else name.replace("_", " ")
    )
    assert abs(float(percent(share).strip("% \u2009").replace("<", "").replace(">", "")) - 100 * share) <= 1


@few
@given(st.sampled_from(["png", "svg", "pdf"]), TEXT, TEXT)
def test_metadata(kind: str, recipe: str, title: str) -> None:
    told = metadata(kind, recipe, title)
    assert recipe in told.values() and not any("Date" in name and value for name, value in told.items())
    assert versions() == versions()
    with refused(False):
        kind_of(Path(f"x.{kind}x"))
