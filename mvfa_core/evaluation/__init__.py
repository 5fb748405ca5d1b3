"""A whole data set through a model: where does it go wrong, and did the views help?

request.py   what is asked for: a model, pictures, how many
pictures.py  the pictures of a data set, one by one, by their place in it
findings.py  what is kept of every picture
look.py      pictures -> findings, in batches
metrics.py   findings -> accuracy, rescued and harmed, confusion, calibration, and two models side by side
tables.py    findings as CSV and as JSON
folder.py    an evaluation is a folder
work.py      the work that fills it
launch.py    the same in a process of its own
"""

from mvfa_core.evaluation.findings import Findings
from mvfa_core.evaluation.folder import Evaluation, EvaluationError, evaluation_of, evaluations_root, list_evaluations
from mvfa_core.evaluation.request import EvaluationSpec, spec_for

__all__ = [
    "Evaluation",
    "EvaluationError",
    "EvaluationSpec",
    "Findings",
    "evaluation_of",
    "evaluations_root",
    "list_evaluations",
    "spec_for",
]  # fmt: skip
