"""The texts of the lesson's steps, and those of the last ones."""

from __future__ import annotations

from typing import Any

from app.base.i18n import _
from app.features.lesson import map_words


def _anchors() -> dict[str, Any]:
    return {
        "title": _("Anchors: the K highest cells"),
        "sentence": _("Sort the cells by A and keep the first {k} of {cells} as anchors (Eq. 3 and 4)."),
        "sentence_random": _(
            "This model takes {k} of {cells} cells by chance: an ablation, to see what attention is worth."
        ),
        "sentence_all": _(
            "This model takes every one of its {cells} cells: an ablation, to see what choosing is worth."
        ),
        "details": (
            _(
                "Cells are sorted by attention; ties go to the upper cell, then to the left one. The choice itself "
                "has no gradient."
            ),
            _(
                "Large K takes in background, small K puts all eggs in one basket. The side panel sets K; the model "
                "learned with K = {own}."
            ),
        ),
    }


def _votes() -> dict[str, Any]:
    return {
        "title": _("Which view wins?"),
        "sentence": _(
            "The per-view classifier gives every view its own logits g and shares s. Which of these is most confident "
            "in {name}?"
        ),
        "after": _(
            "The per-view classifier gives every view its own logits g and shares s; −log s is its term in Eq. 6."
        ),
        "single": _(
            "The per-view classifier gives the one view its logits g and shares s; −log s is its term in Eq. 6."
        ),
        "details": (
            _("The per-view classifier is one linear layer: a weighted sum of the view and a constant."),
            _("A confident view may not be decisive: hiding its region may leave the prediction unchanged."),
        ),
        "details_mlp": (
            _("The per-view classifier has a hidden layer, so its logits are no weighted sum of the view."),
            _("A confident view may not be decisive: hiding its region may leave the prediction unchanged."),
        ),
        "details_prototype": (
            _(
                "The per-view classifier compares with one prototype p for every class: w = 2γp and b = −γ‖p‖². What "
                "all classes share is left out."
            ),
            _("A confident view may not be decisive: hiding its region may leave the prediction unchanged."),
        ),
    }


def _ensemble() -> dict[str, Any]:
    return {
        "title": _("The ensemble: all votes together"),
        "sentence": _("The logits of all {m} views are summed, and the largest sum is the answer (Eq. 8)."),
        "question": _("The model answers {name} with K = {k}. What would it answer with {other}?"),
        "details": (
            _("Logits are summed, not shares: a view that is very sure counts for more than one that hardly decides."),
            _(
                "The curve shows the confidence for every K from 1 to {cells}, without another pass of the network. "
                "Confidence is the softmax of the mean logit."
            ),
        ),
    }


def step(name: str) -> dict[str, Any]:
    """The texts of a step."""
    return {
        "problem": map_words.problem(),
        "guess": map_words.guess(),
        "features": map_words.features(),
        "maps": map_words.class_maps(),
        "belief": {
            "title": _("f: what the average believes"),
            "sentence": _(
                "The mean of every class map is its logit z, and the softmax turns the logits into shares f (Eq. 1)."
            ),
            "details": (
                _("The slider goes through the classes; the map beside it is the one whose mean is taken."),
                _(
                    "The whole-image classifier is trained with the loss of Eq. 1: that teaches its maps where the "
                    "class is."
                ),
            ),
            "details_gap": (
                _("The slider goes through the classes; the map beside it is the one whose mean is taken."),
            ),
        },
        "attention": map_words.attention(),
        "cam": map_words.cam(),
        "anchors": _anchors(),
        "regions": {
            "title": _("Regions: squares around an anchor"),
            "sentence": _(
                "Around every anchor one square of each size r is cut out, as far as the map reaches (Eq. 5)."
            ),
            "details": (
                _("h = (r − 1) / 2 cells on each side. All four corners belong to the region, counted from 0."),
                _("Choose any cell, anchor or not, to see its regions. Several sizes catch objects of several sizes."),
            ),
        },
        "views": {
            "title": _("Views: the mean of a region"),
            "sentence": _(
                "Each region is averaged into one vector a of {channels} numbers: {m} views instead of the one of GAP."
            ),
            "details": (
                _(
                    "Shown is one of the {channels} numbers; the channel can be changed. Every cell of the region "
                    "counts alike."
                ),
                _("The views are sorted by their confidence in {name}."),
            ),
        },
        "votes": _votes(),
        "losses": losses(),
        "ensemble": _ensemble(),
        "test": {
            "title": _("Check yourself"),
            "sentence": _("A few questions about this model and this picture. Nothing is stored."),
            "details": (_("The right answers are computed from the numbers of the steps before."),),
        },
    }[name]


def losses() -> dict[str, Any]:
    return {
        "title": _("Losses: what training would correct"),
        "sentence": _("The loss on each prediction: of the whole image once, and of every view once (Eq. 6, 7 and 9)."),
        "sentence_gap": _("The loss on the one prediction: the cross-entropy of the one view (the form of Eq. 1)."),
        "details": (
            _(
                "Here the batch is this one picture, N = 1. Eq. 6 sums over the views, so L_local starts about {m} "
                "times as large as L_global although Eq. 7 weighs them alike."
            ),
            _("Choose another class as the true one to see its loss. On the picture are the highest-loss views."),
        ),
        "details_gap": (
            _("Here the batch is this one picture, N = 1. Choose another class as the true one to see its cost."),
        ),
        "told": _("The picture is known to show: {truth}."),
        "untold": _("Nobody has said what the picture shows, so this begins with the class the model answers."),
    }


def short() -> dict[str, str]:
    return {
        "problem": _("Problem"),
        "guess": _("Guess"),
        "features": _("F"),
        "maps": _("G"),
        "belief": _("f"),
        "attention": _("A"),
        "cam": _("CAM"),
        "anchors": _("Anchors"),
        "regions": _("Regions"),
        "views": _("Views"),
        "votes": _("Votes"),
        "losses": _("Losses"),
        "ensemble": _("Ensemble"),
        "test": _("Test"),
    }


def not_here() -> str:
    return _(
        "This step does not apply: {model} ends in global average pooling, so it has one view, the mean of "
        "everything, and neither anchors nor regions."
    )
