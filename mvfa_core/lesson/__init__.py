"""The facts of a guided walk through the method: every number that an equation of the lesson shows, for one picture.

`facts` follows one picture through one model, `scale` one drawn object through its sizes, and `quiz` asks about both.
Nothing here knows how it is shown.
"""

from mvfa_core.lesson.facts import lesson_facts
from mvfa_core.lesson.quiz import Question, questions
from mvfa_core.lesson.record import CamProof, LessonFacts, Views
from mvfa_core.lesson.scale import ScaleSeries, scale_series

__all__ = ["CamProof", "LessonFacts", "Question", "ScaleSeries", "Views", "lesson_facts", "questions", "scale_series"]
