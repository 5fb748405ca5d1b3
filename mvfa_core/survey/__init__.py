"""A whole data set through a model: where does it go wrong, and did the views help?

request.py   what is asked for: a model, pictures, how many
pictures.py  the pictures of a data set, one by one, by their place in it
findings.py  what is kept of every picture
look.py      pictures -> findings, in batches
figures.py   findings -> accuracy, rescued and harmed, confusion, calibration, and two models side by side
tables.py    findings as CSV and as JSON
folder.py    a survey is a folder
work.py      the work that fills it
launch.py    the same in a process of its own
"""

from mvfa_core.survey.findings import Findings
from mvfa_core.survey.folder import Survey, SurveyError, list_surveys, survey_of, surveys_root
from mvfa_core.survey.request import Request, request_for

__all__ = [
    "Findings", "Request", "Survey", "SurveyError", "list_surveys", "request_for", "survey_of", "surveys_root",
]  # fmt: skip
