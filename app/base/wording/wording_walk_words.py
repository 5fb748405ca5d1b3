"""The words of the Lesson page that the browser fills in, and the self-test's questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.base import i18n
from app.base.wording import wording_walk_words as here
from app.base.wording.wording import percent, share

i18n.speaks(__name__)

# --- what the browser says; {…} is filled in there ---

WORDS = {
    "steps": "Steps of the lesson",
    "previous": "Previous",
    "next": "Next",
    "play": "Play",
    "pause": "Pause",
    "play_help": "Moves through the steps by itself and waits at questions",
    "your_turn": "Your turn: answer, then go on.",
    "step_of": "Step {n} of {count}: {title}",
    "details": "Details",
    "keys": "Keys",
    "keys_text": (
        "Left and right arrow: previous and next step. Home, End: first and last. On a picture the arrow keys move a "
        "cell and Enter chooses it; on a slider they move the slider. Tab goes on to the next control."
    ),
    "numbers": "All numbers (JSON)",
    "hover": "Point at a number with a dotted line, or go to it with Tab, to see its cells on the picture.",
    "cell_control": "Cell ({x}, {y}): choose another one on the picture.",
    # sliders
    "scale": "Size of the object",
    "scale_value": "{percent} % of the picture's side",
    "channel": "Channel",
    "channel_value": "channel {d}",
    "class": "Class",
    "label": "True class",
    "taken": "Anchors taken",
    "taken_value": "{n} of {k}",
    "anchor": "Anchor",
    "anchor_value": "rank {n} of {k}, cell ({x}, {y})",
    "no_anchor_value": "no anchor, cell ({x}, {y})",
    "size": "Region size r",
    "border": "A cell at the border",
    "view": "View, the surest first",
    "view_value": "{n} of {m}: around ({x}, {y}), r = {r}",
    "k": "Anchors K",
    "k_value": "K = {n}, {m} views",
    # panels
    "scene_title": "{name}, {percent} % wide",
    "picture": "The picture",
    "picture_rest": "Choose a cell",
    "attention": "AdaCAM",
    "feature_title": "Channel {d} of F",
    "class_title": "G of {name}",
    "cam": "CAM of {name}",
    "cam_less": "Their difference",
    "shown": "Shown",
    "shown_g": "G less b, from the convolution",
    "shown_cam": "CAM, from the weights",
    "shown_less": "the difference of the two",
    "cam_plus": "G of {name}, less b",
    "anchors": "Anchors",
    "regions": "Regions around ({x}, {y})",
    "view_title": "Channel {d} and the view",
    "votes": "The view",
    "candidates": "Four views",
    "costly": "The views that pay most",
    "unit": "units of F",
    "logits": "logits",
    "object": "object",
    "box_name": "{r} × {r}",
    "box_label": "{r} × {r} around ({x}, {y})",
    "loss_value": "−log s = {value}",
    # charts
    "table": "The chart as a table",
    "gap_line": "GAP",
    "mfa_line": "MFA",
    "scale_axis": "size of the object, % of the picture's side",
    "sure_axis": "sure of {name}, %",
    "k_axis": "anchors K",
    "share_axis": "confidence, %",
    "says": "{model} says {name}",
    # words in equations
    "eq_whole": "the object's weight in GAP's one mean",
    "eq_views": "its weight in MFA's views, on average",
    "eq_gap": "GAP is sure",
    "eq_mfa": "MFA is sure",
    "eq_compare": "GAP's mean of the same channel",
    "eq_region": "region",
    # asking
    "guess_how": ("Click a cell of the picture, or go to it with Tab, move with the arrow keys and choose with Enter."),
    "guess_skip": "Show it without a guess",
    "guess_again": "Guess again",
    "guess_score": (
        "Your cell ({x}, {y}) has A = {A}: place {rank} of {cells}. It is higher than {below} of the other {others} "
        "cells (percentile {percentile})."
    ),
    "guess_hit": "Nothing is higher.",
    "guess_best": "The highest is cell ({x}, {y}) with A = {A}.",
    "guess_anchor": "It is an anchor, number {rank} of {k}.",
    "guess_no_anchor": "It is no anchor; those are the {k} highest cells.",
    "view_letter": "View {letter}",
    "right": "Right.",
    "wrong": "Not this time.",
    "winner": "View {letter} is surest of {name}: {share}.",
    "same": "The same",
    "another": "Another class",
    "same_answer": "It still says {name}, now {share} sure instead of {before}.",
    "other_answer": "It says {name}: {share} sure of {target} instead of {before}.",
    "with_one": "K = 1, the highest cell alone",
    "with_all": "K = {cells}, every cell",
    "score": "{right} of {count} right.",
    "again": "Ask again",
    "test_rest": "{left} to go.",
    "clamped": "{cells} of {all} cells are left; the border took the others.",
    "whole": "All {all} cells lie on the map.",
}

# --- the self-test: question and explanation by kind ---

QUIZ = {
    "cell-weight": (
        "GAP averages {cells} cells. What is the weight of one cell in that mean?",
        "Every cell counts 1/(H·W), whatever it shows.",
    ),
    "object-weight": (
        "In the first step, at a size of {scale}, what weight has the {name} in GAP's mean over the whole picture?",
        "Its share of the area. The views of MFA come to {views} on average.",
    ),
    "attention": (
        "At cell ({x}, {y}) the class {name} has f = {f} and G = {G}; all other classes together have f = {rest}. What "
        "is A there?",
        "A = Σ f_i G_i is a mean weighted by f, so it lies close to G of the likeliest class where f is close to 1.",
    ),
    "shift": (
        "Add {shift} to all class maps, so that the highest A grows from {before} to {after}. What becomes of the "
        "order of the cells?",
        "f does not change and sums to 1, so A grows by the same constant everywhere.",
    ),
    "mean-map": (
        "The class map of {name} has a mean over the grid. Which number is it?",
        "Averaging before or after the weights is the same: the mean of G is the logit.",
    ),
    "count": ("K = {k} anchors and R = {r} sizes: how many views vote?", "One view for every anchor and size: K·R."),
    "clamped": (
        "A region with r = {r} around cell ({x}, {y}): how many cells does it average?",
        "The border leaves {wide} × {tall} cells of the square (Eq. 5).",
    ),
    "two": (
        "View {first} gives {a} {a1} and {b} {b1}, view {second} gives {a} {a2} and {b} {b2}. Which of the two does "
        "Eq. 8 choose from these views?",
        "The sums decide: {a} {a3}, {b} {b3}.",
    ),
    "per-view": (
        "If the picture shows {name}, L_local is {local} over {count} views. What does one view pay on average?",
        "Eq. 6 sums over the views; the mean is the sum divided by their number.",
    ),
}
QUIZ_OPTIONS = {
    "order-kept": "It stays as it is",
    "order-turned": "It turns around",
    "none-left": "All cells become equal",
}


def quantity(value: Any) -> str:
    """A number of a question with sensible digits; names and whole numbers as they are."""
    if isinstance(value, float):
        size = abs(value)
        text = f"{value:.0f}" if size >= 1000 else f"{value:.3g}"
        return text.replace("-", "−") if "e" not in text else power(value)
    return str(value)


def power(value: float) -> str:
    """A very small number with a power of ten, as it is written on paper."""
    mantissa, exponent = f"{value:.2e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}".replace("-", "−")


def question(kind: str, numbers: dict[str, Any]) -> tuple[str, str]:
    """A question of the self-test and what is said after the answer."""
    shown: dict[str, Callable[[float], str]] = {"f": percent, "rest": percent, "scale": share, "views": share}
    said = {
        key: shown[key](value) if key in shown and isinstance(value, float) else quantity(value)
        for key, value in numbers.items()
    }
    asked, why = here.QUIZ[kind]
    return asked.format(**said), why.format(**said)


def option(kind: str, value: Any) -> str:
    """One answer of a question."""
    if isinstance(value, str):
        return here.QUIZ_OPTIONS.get(value, value)
    return share(value) if kind in ("cell-weight", "object-weight") else quantity(value)
