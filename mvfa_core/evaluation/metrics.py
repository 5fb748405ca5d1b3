"""Findings -> figures: accuracy, rescued and harmed, confusion, calibration, classes, and two models side by side.

N pictures · C classes · R region sizes
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from mvfa_core import budget
from mvfa_core.checks import expect
from mvfa_core.evaluation.findings import Findings
from mvfa_core.metrics import accuracy_by_scale

BINS = 10
SURE = 0.8
"""From here on a wrong answer counts as a confident one."""
SPLIT = 0.5
"""Below this share of views for the answer they count as disagreeing."""


@dataclass(frozen=True)
class Paired:
    """Two ways of answering on the same n pictures.

    Attributes:
        both, neither: pictures that both, or neither, answer rightly. only_first, only_second: that one alone does.
        p: of the exact McNemar test, the sign test on the pictures that tell them apart: how often chance alone would
        divide these at least as unevenly if both were equally good. 1 where none does.
    """

    n: int
    both: int
    only_first: int
    only_second: int
    neither: int
    p: float


def paired(first_N: np.ndarray, second_N: np.ndarray) -> Paired:
    """Two boolean arrays, whether each was right on the same pictures."""
    expect(len(first_N) == len(second_N), "second_N", f"{len(first_N)} answers, as the first", len(second_N))
    only_first, only_second = int((first_N & ~second_N).sum()), int((second_N & ~first_N).sum())
    apart = only_first + only_second
    p = float(binomtest(only_first, apart, 0.5).pvalue) if apart else 1.0
    return Paired(
        len(first_N), int((first_N & second_N).sum()), only_first, only_second, int((~first_N & ~second_N).sum()), p
    )


def rescued_and_harmed(findings: Findings) -> Paired | None:
    """The ensemble against the auxiliary head: `only_first` are rescued by the views, `only_second` harmed by them."""
    if findings.auxiliary_N is None:
        return None
    return paired(findings.right_N, findings.auxiliary_N == findings.label_N)


def side_by_side(first: Findings, second: Findings) -> Paired:
    """Two models on the same pictures.

    Raises:
        ValueError: they did not look at the same pictures.
    """
    same = first.names == second.names and np.array_equal(first.label_N, second.label_N)
    expect(same, "second", "findings on the same pictures", "others")
    return paired(first.right_N, second.right_N)


def confusion(findings: Findings) -> np.ndarray:
    """(C, C) counts: row the true class, column the answer.

    Raises:
        TooLargeError: so many classes that the matrix takes more memory than it may; see `confused`.
    """
    count = len(findings.classes)
    budget.expect_fits(
        budget.of_matrix(count), f"counts of {count:,} x {count:,} classes", "look at `confused` instead"
    )
    return np.bincount(findings.label_N * count + findings.predicted_N, minlength=count**2).reshape(count, count)


def confused(findings: Findings) -> np.ndarray:
    """The counts above zero of the same matrix, rows of (true class, answer, pictures) in its order; as many as there
    are pictures at most."""
    count = len(findings.classes)
    place, pictures = np.unique(findings.label_N.astype(np.int64) * count + findings.predicted_N, return_counts=True)
    return np.stack((place // count, place % count, pictures), axis=1)


@dataclass(frozen=True)
class ClassFigures:
    """One class: its pictures, and the share of them that the ensemble and the auxiliary head answer rightly."""

    label: int
    n: int
    accuracy: float
    auxiliary: float | None


def by_class(findings: Findings) -> list[ClassFigures]:
    """The classes that have pictures, in their order."""
    rows = []
    for label in np.unique(findings.label_N).tolist():
        of_class = findings.label_N == label
        auxiliary = None if findings.auxiliary_N is None else float((findings.auxiliary_N[of_class] == label).mean())
        rows.append(ClassFigures(label, int(of_class.sum()), float(findings.right_N[of_class].mean()), auxiliary))
    return rows


def by_scale(findings: Findings) -> list[dict]:
    """Accuracy in bands of object scale, of the ensemble and (as "auxiliary") of the auxiliary head; empty where the
    scales are not known."""
    if findings.scale_N is None:
        return []
    rows = accuracy_by_scale(findings.right_N, findings.scale_N)
    if findings.auxiliary_N is not None:
        others = accuracy_by_scale(findings.auxiliary_N == findings.label_N, findings.scale_N)
        rows = [{**row, "auxiliary": other["accuracy"]} for row, other in zip(rows, others, strict=True)]
    return rows


@dataclass(frozen=True)
class Bin:
    """Answers whose confidence lies in a bin: how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(findings: Findings, bins: int = BINS) -> tuple[list[Bin], float]:
    """The bins that hold answers, and the expected calibration error: the gap between confidence and accuracy, averaged
    over the pictures (Guo et al. 2017, equal-width bins)."""
    place_N = np.minimum((findings.confidence_N * bins).astype(int), bins - 1)
    filled = []
    for place in np.unique(place_N).tolist():
        inside = place_N == place
        confidence, accuracy = float(findings.confidence_N[inside].mean()), float(findings.right_N[inside].mean())
        filled.append(Bin(place / bins, (place + 1) / bins, int(inside.sum()), confidence, accuracy))
    error = sum(one.n * abs(one.confidence - one.accuracy) for one in filled) / len(findings)
    return filled, float(error)


def profiles(findings: Findings) -> dict[int, np.ndarray]:
    """For every class with pictures the mean confidence in it by region size, (R,), in the order of L_R; empty for
    GAP."""
    if findings.profile_NR is None:
        return {}
    return {
        label: findings.profile_NR[findings.label_N == label].mean(axis=0)
        for label in np.unique(findings.label_N).tolist()
    }


def chosen(findings: Findings, kind: str) -> np.ndarray:
    """Which pictures are of a kind, bool (N,): all, wrong, right, sure (confident and wrong), split (fewer than half of
    the views vote for the answer), rescued or harmed. Of GAP models no picture is of the last three."""
    right_N, none_N = findings.right_N, np.zeros(len(findings), dtype=bool)
    auxiliary_N = None if findings.auxiliary_N is None else findings.auxiliary_N == findings.label_N
    kinds = {
        "all": ~none_N,
        "wrong": ~right_N,
        "right": right_N,
        "sure": ~right_N & (findings.confidence_N >= SURE),
        "split": none_N if findings.agreeing_N is None else findings.agreeing_N < SPLIT,
        "rescued": none_N if auxiliary_N is None else right_N & ~auxiliary_N,
        "harmed": none_N if auxiliary_N is None else ~right_N & auxiliary_N,
    }
    expect(kind in kinds, "kind", "one of " + ", ".join(kinds), repr(kind))
    return kinds[kind]


def wrong_crops(findings: Findings, count: int) -> np.ndarray:
    """The pictures whose views are surest of a wrong class, surest first, at most `count`; none for GAP."""
    if findings.wrong_confidence_N is None:
        return np.empty(0, dtype=np.int64)
    return np.argsort(-findings.wrong_confidence_N, kind="stable")[:count]
