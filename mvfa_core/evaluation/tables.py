"""Findings as CSV, a picture a line, and as one JSON summary.

N pictures
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mvfa_core import budget, csv_files
from mvfa_core.evaluation.findings import Findings
from mvfa_core.evaluation.metrics import (
    by_class,
    by_scale,
    confused,
    confusion,
    profiles,
    reliability,
    rescued_and_harmed,
)
from mvfa_core.evaluation.request import EvaluationSpec


def csv_table(found: Findings) -> str:
    """A line for every picture, with class names; columns that a GAP model has nothing for are left out."""
    rows = [_row(found, i) for i in range(len(found))]
    return csv_files.records(rows[0] if rows else (), rows)


def _row(found: Findings, i: int) -> dict[str, Any]:
    classes = found.classes
    row: dict[str, Any] = {"picture": found.names[i], "place": int(found.place_N[i])}
    row |= {"class": classes[found.label_N[i]], "answer": classes[found.predicted_N[i]]}
    row |= {"right": int(found.right_N[i]), "confidence": _short(found.confidence_N[i])}
    row |= {"confidence_in_class": _short(found.true_N[i]), "margin": _short(found.margin_N[i])}
    if found.scale_N is not None:
        row["scale"] = _short(found.scale_N[i])
    if found.agreeing_N is None:
        return row
    assert found.auxiliary_N is not None and found.auxiliary_confidence_N is not None
    assert found.disagree_N is not None and found.unsure_N is not None and found.total_N is not None
    assert found.wrong_N is not None and found.wrong_confidence_N is not None
    assert found.wrong_size_N is not None and found.wrong_box_N4 is not None and found.profile_NR is not None
    row |= {"auxiliary": classes[found.auxiliary_N[i]], "auxiliary_confidence": _short(found.auxiliary_confidence_N[i])}
    row |= {"views_for_answer": _short(found.agreeing_N[i]), "entropy_bits": _short(found.total_N[i])}
    row |= {"unsure_bits": _short(found.unsure_N[i]), "disagree_bits": _short(found.disagree_N[i])}
    row |= {"wrong_view": classes[found.wrong_N[i]], "wrong_view_confidence": _short(found.wrong_confidence_N[i])}
    row["wrong_view_size"] = int(found.wrong_size_N[i])
    row |= {f"wrong_view_{side}": _short(found.wrong_box_N4[i, j]) for j, side in enumerate(("x0", "y0", "x1", "y1"))}
    return row | {f"confidence_r{r}": _short(found.profile_NR[i, j]) for j, r in enumerate(found.sizes)}


def summary(found: Findings, request: EvaluationSpec) -> dict[str, Any]:
    """Every figure of an evaluation as JSON types, with what was asked for."""
    classes, pair = found.classes, rescued_and_harmed(found)
    bins, error = reliability(found)
    told: dict[str, Any] = {"model": request.name, "data": request.data_name, "side": request.side, "n": len(found)}
    told |= {"limit": request.limit, "seed": request.seed, "accuracy": float(found.right_N.mean())}
    if pair is not None:
        told["auxiliary_accuracy"] = (pair.both + pair.only_second) / pair.n
        told |= {"rescued": pair.only_first, "harmed": pair.only_second, "p": pair.p}
    told |= {"calibration_error": error, "reliability": [asdict(one) for one in bins]}
    told["by_class"] = [{"class": classes[one.label], **asdict(one)} for one in by_class(found)]
    if found.scale_N is not None:
        told["by_scale"] = by_scale(found)
    if found.profile_NR is not None:
        told["sizes"] = list(found.sizes)
        told["profiles"] = {classes[label]: values.tolist() for label, values in profiles(found).items()}
    if found.note:
        told["note"] = found.note
    told["classes"] = list(classes)
    if budget.of_matrix(len(classes)) > budget.allowed():  # the counts above zero as [true class, answer, pictures]
        return told | {"confused": confused(found).tolist()}
    return told | {"confusion": confusion(found).tolist()}


def _short(value: Any) -> float:
    return round(float(value), 6)
