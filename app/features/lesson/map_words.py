"""The sentences of the lesson's first steps, up to the maps."""

from __future__ import annotations

from typing import Any

from app.base.i18n import _


def guess() -> dict[str, Any]:
    return {
        "title": _("Where will it look?"),
        "sentence": _("Choose the cell where the classifier will look hardest, before you see it."),
        "after": _("Bright cells have a high attention A; the outlined cell is the one you chose."),
        "details": (
            _(
                "The classifier works on a grid of {rows} × {columns} cells. With the keyboard: go to the picture "
                "with Tab, move with the arrow keys, choose with Enter."
            ),
            _(
                "A high A is evidence for the class in the eyes of this model. It is no proof that the object is "
                "there, nor that hiding the cell would change the answer."
            ),
        ),
    }


def features() -> dict[str, Any]:
    return {
        "title": _("F: feature maps"),
        "sentence": _(
            "The backbone turns the picture into {channels} maps of {rows} × {columns} cells, and each of them "
            "answers to some pattern."
        ),
        "details": (
            _(
                "Shown are the {shown} channels whose means add most to the answer {name}; the slider goes through "
                "them."
            ),
            _(
                "GAP keeps of every map only its mean u. Where something was is then lost, and small things hardly "
                "count."
            ),
        ),
        "details_mlp": (
            _("Shown are the {shown} channels of the largest mean; the slider goes through them."),
            _(
                "GAP keeps of every map only its mean u. Where something was is then lost, and small things hardly "
                "count."
            ),
        ),
    }


def class_maps() -> dict[str, Any]:
    return {
        "title": _("G: evidence for a class, cell by cell"),
        "sentence": _(
            "A 1 × 1 convolution weighs the {channels} features of every cell into one number for every class."
        ),
        "details": (
            _(
                "The three largest terms are written out, the others are summed in one. Choose another cell on the "
                "picture."
            ),
            _("Red cells support the class and blue ones oppose it, in logits."),
        ),
        "details_gap": (
            _(
                "This model averages first and weighs afterwards. Weighing first gives the same answer, because both "
                "are linear, and it keeps the map."
            ),
            _(
                "The three largest terms are written out, the others are summed in one. Choose another cell on the "
                "picture."
            ),
        ),
        "sentence_mlp": _(
            "This head has a hidden layer, so the evidence of a cell is no weighted sum; it is what the head says of "
            "that cell alone."
        ),
        "details_mlp": (
            _(
                "After global average pooling such a head never sees a single cell. Its map is a thought experiment, "
                "and the mean of the map is not its answer."
            ),
        ),
    }


def attention() -> dict[str, Any]:
    return {
        "title": _("A: attention without a label"),
        "sentence": _(
            "AdaCAM is the sum of all class maps, each weighted by how much the model believes its class (Eq. 2)."
        ),
        "details": (
            _(
                "No label and no gradient is needed: f comes from the same pass. As f is close to 1 for one class, A "
                "is close to the map of that class."
            ),
            _(
                "A constant added to all class maps shifts A by that constant everywhere, because f sums to 1. The "
                "order of the cells stays."
            ),
        ),
        "details_gap": (
            _("A GAP model makes no use of A: this is its head read as a 1 × 1 convolution."),
            _("A constant added to all class maps shifts A by that constant everywhere, because f sums to 1."),
        ),
    }


def problem() -> dict[str, Any]:
    return {
        "title": _("The problem: small objects get averaged away"),
        "sentence": _(
            "Drag the size of the {scene}: averaging the whole picture (GAP) mixes a small object with its "
            "background, while views around it (MFA) keep it apart."
        ),
        "details": (
            _(
                "The same scene is drawn {steps} times; only the object's size changes. Both models that come with "
                "this app were asked once about each. They had the same pictures, the same seed and the same number "
                "of steps."
            ),
            _(
                "This is one scene, chosen because size alone decides in it. At the very smallest sizes both models "
                "fail, and there GAP may be the surer one. The Evaluate page measures accuracy by object size over "
                "many pictures."
            ),
            _(
                "The weight of the object in a mean is its share of the area averaged. What a cell saw reaches "
                "further than the cell, so the true weight differs a little."
            ),
        ),
        "absent": _("The two models that come with the app are not there, so this drawing has nobody to ask."),
    }


def cam() -> dict[str, Any]:
    return {
        "title": _("CAM is G"),
        "sentence": _(
            "Class activation mapping (CAM) weighs the features after the fact; the class map G, less its constant b, "
            "is the same map."
        ),
        "details": (
            _(
                "Both were computed just now, one by the convolution, one from the weights. What is left over, {most} "
                "logits, is the rounding of 32-bit numbers."
            ),
            _("The second pair says the same of the logit: averaging before or after the weights makes no difference."),
        ),
        "missing": _("This head has a hidden layer, so there are no weights of classes to read CAM from."),
    }
