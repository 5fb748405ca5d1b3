"""The facts of a guided walk through the method: every number that an equation of the lesson shows, for one picture.

`facts` follows one picture through one model, `scale` one drawn object through its sizes, and `quiz` asks about both.
Nothing here knows how it is shown.
"""

from mvfa_core.walk.facts import walk
from mvfa_core.walk.quiz import Question, questions
from mvfa_core.walk.record import CamProof, Views, Walk
from mvfa_core.walk.scale import ScaleSeries, scale_series

__all__ = ["CamProof", "Question", "ScaleSeries", "Views", "Walk", "questions", "scale_series", "walk"]
