"""Every sentence of the Compare page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_compare as here
from app.base.wording.wording import percent, plain

i18n.speaks(__name__)

NAV = "Compare"
TITLE = "Do two models look at the same thing?"
INTRO = (
    "The same picture through two models: a GAP model and its MFA twin, two runs, or two checkpoints of your own. "
    "Class, K and L_R are the same for both."
)
SECOND = "Compare with"
ONLY_ONE = "There is one model so far. Train another, or use your own, to compare."

MAPS_HEADING = "Where each finds its evidence"
MAP_TITLE = "{title}, {model}"
OTHER_GRID = (
    "The grids differ, {first} and {second} cells: each model has its own board, and a cell of one is no cell of the "
    "other."
)
ALIKE_HEADING = "How alike their maps are"
ALIKE_COLUMNS = ("Map", "Rank correlation", "Highest {k} cells in common, %")
ALIKE_CAPTION = (
    "The same map of both models: Spearman's rank correlation over all cells, and intersection over union of the {k} "
    "highest. Logits of two models have no common zero, so only orders and places are compared, not heights."
)
REGIONS_HEADING = "The region each is surest by"
REGION_TITLE = "Top-1, {model}"
NO_REGIONS = "Neither model has views."
VERDICT_HEADING = "What each answers"
VERDICT = {"class": "Class", "caption": "Confidence of both models in each class"}
OTHER_CLASSES = "The models do not know the same classes, so their answers stand side by side and not class by class."
CLASS_UNKNOWN = "{model} has no class {name}: its own answer, {own}, is explained instead."
TO_TRAIN = "Train the twin of a run"

ANSWER = "**{model}** says **{name}**, {share} sure{more}."
ANSWER_RIGHT = ", which is right"
ANSWER_WRONG = ", which is wrong"
ANSWER_NO_CLASS = "; it has no class {truth}"


def answer(model: str, name: str, share: float, truth: str | None, *, known: bool) -> str:
    """One model's answer, and whether it is right where that is known."""
    more = ""
    if truth is not None:
        more = here.ANSWER_RIGHT if name == truth else here.ANSWER_WRONG
        more = more if known else here.ANSWER_NO_CLASS.format(truth=plain(truth))
    return here.ANSWER.format(model=plain(model), name=plain(name), share=percent(share), more=more)
