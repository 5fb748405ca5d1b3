"""The words of the Lesson page that the browser fills in, and the self-test's questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.base.i18n import _
from app.base.wording.wording import percent, share


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


def _quiz() -> dict[str, tuple[str, str]]:
    return {
        "cell-weight": (
            _("GAP averages {cells} cells. What is the weight of one cell in that mean?"),
            _("Every cell counts 1/(H·W), whatever it shows."),
        ),
        "object-weight": (
            _(
                "In the first step, at a size of {scale}, what weight has the {name} in GAP's mean over the whole "
                "picture?"
            ),
            _("Its share of the area. The views of MFA come to {views} on average."),
        ),
        "attention": (
            _(
                "At cell ({x}, {y}) the class {name} has f = {f} and G = {G}; all other classes together have f = "
                "{rest}. What is A there?"
            ),
            _(
                "A = Σ f_i G_i is a mean weighted by f, so it lies close to G of the likeliest class where f is close "
                "to 1."
            ),
        ),
        "shift": (
            _(
                "Add {shift} to all class maps, so that the highest A grows from {before} to {after}. What becomes of "
                "the order of the cells?"
            ),
            _("f does not change and sums to 1, so A grows by the same constant everywhere."),
        ),
        "mean-map": (
            _("The class map of {name} has a mean over the grid. Which number is it?"),
            _("Averaging before or after the weights is the same: the mean of G is the logit."),
        ),
        "count": (
            _("K = {k} anchors and R = {r} sizes: how many views vote?"),
            _("One view for every anchor and size: K·R."),
        ),
        "clamped": (
            _("A region with r = {r} around cell ({x}, {y}): how many cells does it average?"),
            _("The border leaves {wide} × {tall} cells of the square (Eq. 5)."),
        ),
        "two": (
            _(
                "View {first} gives {a} {a1} and {b} {b1}, view {second} gives {a} {a2} and {b} {b2}. Which of the "
                "two does Eq. 8 choose from these views?"
            ),
            _("The sums decide: {a} {a3}, {b} {b3}."),
        ),
        "per-view": (
            _("If the picture shows {name}, L_local is {local} over {count} views. What is the mean loss of one view?"),
            _("Eq. 6 sums over the views; the mean is the sum divided by their number."),
        ),
    }


def question(kind: str, numbers: dict[str, Any]) -> tuple[str, str]:
    """A question of the self-test and what is said after the answer."""
    shown: dict[str, Callable[[float], str]] = {"f": percent, "rest": percent, "scale": share, "views": share}
    said = {
        key: shown[key](value) if key in shown and isinstance(value, float) else quantity(value)
        for key, value in numbers.items()
    }
    asked, why = _quiz()[kind]
    return asked.format(**said), why.format(**said)


def _quiz_options() -> dict[str, str]:
    return {
        "order-kept": _("It stays as it is"),
        "order-turned": _("It turns around"),
        "none-left": _("All cells become equal"),
    }


def option(kind: str, value: Any) -> str:
    """One answer of a question."""
    if isinstance(value, str):
        return _quiz_options().get(value, value)
    return share(value) if kind in ("cell-weight", "object-weight") else quantity(value)


def words() -> dict[str, str]:
    return {
        "steps": _("Steps of the lesson"),
        "previous": _("Previous"),
        "next": _("Next"),
        "play": _("Play"),
        "pause": _("Pause"),
        "play_help": _("Moves through the steps by itself and waits at questions"),
        "your_turn": _("Your turn: answer, then go on."),
        "step_of": _("Step {n} of {count}: {title}"),
        "details": _("Details"),
        "keys": _("Keys"),
        "keys_text": _(
            "Left and right arrow: previous and next step. Home, End: first and last. On a picture the arrow keys "
            "move a cell and Enter chooses it; on a slider they move the slider. Tab goes on to the next control."
        ),
        "numbers": _("All numbers (JSON)"),
        "hover": _("Point at a number with a dotted line, or go to it with Tab, to see its cells on the picture."),
        "cell_control": _("Cell ({x}, {y}): choose another one on the picture."),
        "scale": _("Size of the object"),
        "scale_value": _("{percent} % of image width"),
        "channel": _("Channel"),
        "channel_value": _("channel {d}"),
        "class": _("Class"),
        "label": _("True class"),
        "taken": _("Anchors taken"),
        "taken_value": _("{n} of {k}"),
        "anchor": _("Anchor"),
        "anchor_value": _("rank {n} of {k}, cell ({x}, {y})"),
        "no_anchor_value": _("no anchor, cell ({x}, {y})"),
        "size": _("Region size r"),
        "border": _("A cell at the border"),
        "view": _("View, most confident first"),
        "view_value": _("{n} of {m}: around ({x}, {y}), r = {r}"),
        "k": _("Anchors K"),
        "k_value": _("K = {n}, {m} views"),
        "scene_title": _("{name}, {percent} % wide"),
        "picture": _("The picture"),
        "picture_rest": _("Choose a cell"),
        "attention": _("AdaCAM"),
        "feature_title": _("Channel {d} of F"),
        "class_title": _("G of {name}"),
        "cam": _("CAM of {name}"),
        "cam_less": _("Their difference"),
        "shown": _("Shown"),
        "shown_g": _("G less b, from the convolution"),
        "shown_cam": _("CAM, from the weights"),
        "shown_less": _("the difference of the two"),
        "cam_plus": _("G of {name}, less b"),
        "anchors": _("Anchors"),
        "regions": _("Regions around ({x}, {y})"),
        "view_title": _("Channel {d} and the view"),
        "votes": _("The view"),
        "candidates": _("Four views"),
        "costly": _("Highest-loss views"),
        "unit": _("units of F"),
        "logits": _("logits"),
        "object": _("object"),
        "box_name": "{r} × {r}",
        "box_label": _("{r} × {r} around ({x}, {y})"),
        "loss_value": _("−log s = {value}"),
        "table": _("The chart as a table"),
        "gap_line": _("GAP"),
        "mfa_line": _("MFA"),
        "scale_axis": _("object size, % of image width"),
        "sure_axis": _("sure of {name}, %"),
        "k_axis": _("anchors K"),
        "share_axis": _("confidence, %"),
        "says": _("{model} says {name}"),
        "eq_whole": _("the object's weight in GAP's one mean"),
        "eq_views": _("its weight in MFA's views, on average"),
        "eq_gap": _("GAP"),
        "eq_mfa": _("MFA"),
        "eq_compare": _("GAP's mean of the same channel"),
        "eq_region": _("region"),
        "guess_how": _(
            "Click a cell of the picture, or go to it with Tab, move with the arrow keys and choose with Enter."
        ),
        "guess_skip": _("Show it without a guess"),
        "guess_again": _("Guess again"),
        "guess_score": _(
            "Your cell ({x}, {y}) has A = {A}: place {rank} of {cells}. It is higher than {below} of the other "
            "{others} cells (percentile {percentile})."
        ),
        "guess_hit": _("Nothing is higher."),
        "guess_best": _("The highest is cell ({x}, {y}) with A = {A}."),
        "guess_anchor": _("It is an anchor, number {rank} of {k}."),
        "guess_no_anchor": _("It is no anchor; those are the {k} highest cells."),
        "view_letter": _("View {letter}"),
        "right": _("Right."),
        "wrong": _("Not this time."),
        "winner": _("View {letter} is most confident in {name}: {share}."),
        "same": _("The same"),
        "another": _("Another class"),
        "same_answer": _("The prediction is still {name}, now {share} instead of {before}."),
        "other_answer": _("The prediction is {name}: confidence in {target} is {share} instead of {before}."),
        "with_one": _("K = 1, the highest cell alone"),
        "with_all": _("K = {cells}, every cell"),
        "score": _("{right} of {count} right."),
        "again": _("Try again"),
        "test_rest": _("{left} to go."),
        "clamped": _("{cells} of {all} cells are left; the border took the others."),
        "whole": _("All {all} cells lie on the map."),
    }
