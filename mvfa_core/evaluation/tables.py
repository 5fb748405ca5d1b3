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


def csv_table(findings: Findings) -> str:
    """A line for every picture, with class names; columns that a GAP model has nothing for are left out."""
    rows = [_row(findings, i) for i in range(len(findings))]
    return csv_files.records(rows[0] if rows else (), rows)


def _row(findings: Findings, i: int) -> dict[str, Any]:
    classes = findings.classes
    row: dict[str, Any] = {"picture": findings.names[i], "place": int(findings.place_N[i])}
    row |= {"class": classes[findings.label_N[i]], "answer": classes[findings.predicted_N[i]]}
    row |= {"right": int(findings.right_N[i]), "confidence": _short(findings.confidence_N[i])}
    row |= {"confidence_in_class": _short(findings.true_N[i]), "margin": _short(findings.margin_N[i])}
    if findings.scale_N is not None:
        row["scale"] = _short(findings.scale_N[i])
    if findings.agreeing_N is None:
        return row
    assert findings.auxiliary_N is not None and findings.auxiliary_confidence_N is not None
    assert findings.disagree_N is not None and findings.unsure_N is not None and findings.total_N is not None
    assert findings.wrong_N is not None and findings.wrong_confidence_N is not None
    assert findings.wrong_size_N is not None and findings.wrong_box_N4 is not None and findings.profile_NR is not None
    row |= {
        "auxiliary": classes[findings.auxiliary_N[i]],
        "auxiliary_confidence": _short(findings.auxiliary_confidence_N[i]),
    }
    row |= {"views_for_answer": _short(findings.agreeing_N[i]), "entropy_bits": _short(findings.total_N[i])}
    row |= {"unsure_bits": _short(findings.unsure_N[i]), "disagree_bits": _short(findings.disagree_N[i])}
    row |= {"wrong_view": classes[findings.wrong_N[i]], "wrong_view_confidence": _short(findings.wrong_confidence_N[i])}
    row["wrong_view_size"] = int(findings.wrong_size_N[i])
    row |= {
        f"wrong_view_{side}": _short(findings.wrong_box_N4[i, j]) for j, side in enumerate(("x0", "y0", "x1", "y1"))
    }
    return row | {f"confidence_r{r}": _short(findings.profile_NR[i, j]) for j, r in enumerate(findings.sizes)}


def summary(findings: Findings, request: EvaluationSpec) -> dict[str, Any]:
    """Every figure of an evaluation as JSON types, with what was asked for."""
    classes, pair = findings.classes, rescued_and_harmed(findings)
    bins, error = reliability(findings)
    told: dict[str, Any] = {"model": request.name, "data": request.data_name, "side": request.side, "n": len(findings)}
    told |= {"limit": request.limit, "seed": request.seed, "accuracy": float(findings.right_N.mean())}
    if pair is not None:
        told["auxiliary_accuracy"] = (pair.both + pair.only_second) / pair.n
        told |= {"rescued": pair.only_first, "harmed": pair.only_second, "p": pair.p}
    told |= {"calibration_error": error, "reliability": [asdict(one) for one in bins]}
    told["by_class"] = [{"class": classes[one.label], **asdict(one)} for one in by_class(findings)]
    if findings.scale_N is not None:
        told["by_scale"] = by_scale(findings)
    if findings.profile_NR is not None:
        told["sizes"] = list(findings.sizes)
        told["profiles"] = {classes[label]: values.tolist() for label, values in profiles(findings).items()}
    if findings.note:
        told["note"] = findings.note
    told["classes"] = list(classes)
    if budget.of_matrix(len(classes)) > budget.allowed():  # the counts above zero as [true class, answer, pictures]
        return told | {"confused": confused(findings).tolist()}
    return told | {"confusion": confusion(findings).tolist()}


def _short(value: Any) -> float:
    return round(float(value), 6)
