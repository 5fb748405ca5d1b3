"""A short self-test whose answers are computed from the model and the picture that are looked at.

C classes · H W grid in cells · N = H*W cells · K anchors · R sizes · M = K*R views
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mvfa_core.lesson.record import LessonFacts, Views
from mvfa_core.lesson.scale import ScaleSeries

SHIFT = 5.0
MOST_OPTIONS = 4


@dataclass(frozen=True)
class Question:
    """One question with its answers.

    Attributes:
        kind: what is asked; the words belong to whoever shows it.
        options: numbers by rising value or names in their order, all different. right: the place of the right one.
        numbers: what the question and its explanation name.
    """

    kind: str
    options: tuple[Any, ...]
    right: int
    numbers: dict[str, Any] = field(default_factory=dict)


def questions(facts: LessonFacts, series: ScaleSeries | None = None) -> tuple[Question, ...]:
    """Five or six questions, in the order of the method; a GAP model is asked about what it has."""
    made = [_weight(facts, series), _attention(facts), _shift(facts)]
    if facts.views is None:
        made.append(_same(facts))
    else:
        made += [_count(facts.views), _clamped(facts, facts.views), _two(facts, facts.views), _per_view(facts)]
    return tuple(question for question in made if question is not None)


def _pick(kind: str, right: float, wrong: Iterable[float], **numbers: Any) -> Question | None:
    """The right number among wrong ones that look different; None where no two do."""
    kept = [right]
    for value in wrong:
        if len(kept) < MOST_OPTIONS and all(_differ(value, other) for other in kept):
            kept.append(value)
    kept.sort()
    return Question(kind, tuple(kept), kept.index(right), numbers) if len(kept) > 1 else None


def _differ(a: float, b: float) -> bool:
    return abs(a - b) > 0.02 * max(abs(a), abs(b)) and f"{a:.3g}" != f"{b:.3g}"


def _weight(facts: LessonFacts, series: ScaleSeries | None) -> Question | None:
    """The weight of the small object in the mean over the whole map; without a series, that of one cell."""
    cells = facts.cells
    if series is None:
        return _pick("cell-weight", 1 / cells, (1 / facts.grid[1], 1.0, 1 / facts.channels), cells=cells)
    place = int(np.abs(np.array(series.scales) - 0.25).argmin())
    whole, scale = float(series.whole_S[place]), series.scales[place]
    wrong = (float(series.views_S[place]), scale, 1 / cells)
    return _pick("object-weight", whole, wrong, scale=scale, views=wrong[0], name=series.name)


def _attention(facts: LessonFacts) -> Question | None:
    """A at the cell where it is highest, from f and G (Eq. 2)."""
    y, x = np.unravel_index(int(facts.A_HW.argmax()), facts.grid)
    G_T = facts.G_THW[:, y, x].astype(float)
    A = float(facts.A_HW[y, x])
    first = (facts.classes[facts.told[0]], float(facts.f_T[0]), float(G_T[0]))
    wrong = (float(G_T.sum()), float(G_T.mean()), float(G_T.min()), float(facts.A_HW.mean()))
    numbers = {"x": int(x), "y": int(y), "name": first[0], "f": first[1], "G": first[2], "rest": 1 - first[1]}
    return _pick("attention", A, wrong, **numbers)


def _shift(facts: LessonFacts) -> Question | None:
    """A constant added to every class map moves A by it, whatever f is, because f sums to 1."""
    most = float(facts.A_HW.max())
    names = ("order-kept", "order-turned", "none-left")
    return Question("shift", names, 0, {"shift": SHIFT, "before": most, "after": most + SHIFT})


def _same(facts: LessonFacts) -> Question | None:
    """The mean of the class map is the logit; of an MLP head it is not."""
    if facts.cam is None:
        return None
    logit, G_HW = facts.cam.logit_fc, facts.G_THW[facts.place]
    wrong = (float(G_HW.max()), float(G_HW.sum()), float(G_HW.min()))
    return _pick("mean-map", logit, wrong, name=facts.classes[facts.target])


def _count(views: Views) -> Question | None:
    """M = K * R."""
    k, sizes = views.k, len(views.sizes)
    return _pick("count", k * sizes, (k + sizes, len(views.order_N2), k, k * sizes * 2), k=k, r=sizes)


def _clamped(facts: LessonFacts, views: Views) -> Question | None:
    """How many cells a region averages where the border cuts it (Eq. 5): the first cell by attention that shows it."""
    size = max(range(len(views.sizes)), key=lambda i: views.sizes[i])
    r = views.sizes[size]
    for x, y in views.order_N2.tolist():
        x0, y0, x1, y1 = views.boxes_NR4[y * facts.grid[1] + x, size].tolist()
        cells = (x1 - x0 + 1) * (y1 - y0 + 1)
        if cells < r * r:
            wrong = (r * r, max(1, cells - r), (r - 1) ** 2, cells + 1)
            return _pick("clamped", cells, wrong, x=x, y=y, r=r, wide=x1 - x0 + 1, tall=y1 - y0 + 1)
    return None


def _two(facts: LessonFacts, views: Views) -> Question | None:
    """Which class the sum of two views chooses (Eq. 8): the one surest of the answer and the one least sure."""
    order_M = np.argsort(-views.odds_M, kind="stable")
    if len(order_M) < 2 or len(facts.told) < 2:
        return None
    sure, unsure = int(order_M[0]), int(order_M[-1])
    sums_T = views.logits_MT[sure] + views.logits_MT[unsure]
    others = [t for t in range(len(facts.told)) if t != facts.place]
    rival = max(others, key=lambda t: float(views.logits_MT[unsure, t]))
    winner = facts.place if sums_T[facts.place] >= sums_T[rival] else rival
    names = tuple(facts.classes[facts.told[t]] for t in (facts.place, rival))
    numbers: dict[str, Any] = {"first": sure + 1, "second": unsure + 1, "a": names[0], "b": names[1]}
    for key, t in (("a", facts.place), ("b", rival)):
        values = (views.logits_MT[sure, t], views.logits_MT[unsure, t], sums_T[t])
        numbers |= {f"{key}{i}": float(value) for i, value in enumerate(values, start=1)}
    return Question("two", names, 0 if winner == facts.place else 1, numbers)


def _per_view(facts: LessonFacts) -> Question | None:
    """What one view loses on average where all of them lose L_local (Eq. 6)."""
    views = facts.views
    assert views is not None
    count, local = len(views.odds_M), float(views.local_T[facts.place])
    wrong = (local, local * count, float(views.global_T[facts.place]), local / max(views.k, 1))
    numbers = {"local": local, "count": count, "name": facts.classes[facts.target]}
    return _pick("per-view", local / count, wrong, **numbers)
