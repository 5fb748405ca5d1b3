"""Every sentence of the Lesson page. Names in braces are filled in with the numbers of the model and the picture.

The equations stand in `components/walk_steps.js`: they are the same in every language.
"""

from __future__ import annotations

from typing import Any

from app.base import i18n
from app.base.wording import wording_walk as here

i18n.speaks(__name__)

NAV = "Lesson"
TO_EXPLORE = "Explore this picture freely"
TITLE = "How the views decide, step by step"
INTRO = "Any picture and any model can be walked through: every number above is then theirs."

# --- the steps: title, one sentence, more for the curious ---

PROBLEM: dict[str, Any] = {
    "title": "The problem: small objects drown",
    "sentence": (
        "Drag the size of the {scene}: averaging the whole picture (GAP) mixes a small object with its background, "
        "while views around it (MFA) keep it apart."
    ),
    "details": (
        "The same scene is drawn {steps} times; only the object's size changes. Both models that come with this app "
        "were asked once about each. They had the same pictures, the same seed and the same number of steps.",
        "This is one scene, chosen because size alone decides in it. At the very smallest sizes both models fail, and "
        "there GAP may be the surer one. The Evaluate page measures accuracy by object size over many pictures.",
        "The weight of the object in a mean is its share of the area averaged. What a cell saw reaches further than "
        "the cell, so the true weight differs a little.",
    ),
    "absent": "The two models that come with the app are not there, so this drawing has nobody to ask.",
}
GUESS = {
    "title": "Where will it look?",
    "sentence": "Choose the cell where the classifier will look hardest, before you see it.",
    "after": "Bright cells have a high attention A; the outlined cell is the one you chose.",
    "details": (
        "The classifier works on a grid of {rows} × {columns} cells. With the keyboard: go to the picture with Tab, "
        "move with the arrow keys, choose with Enter.",
        "A high A is evidence for the class in the eyes of this model. It is no proof that the object is there, nor "
        "that hiding the cell would change the answer.",
    ),
}
FEATURES = {
    "title": "F: what the backbone hands over",
    "sentence": (
        "The backbone turns the picture into {channels} maps of {rows} × {columns} cells, and each of them answers to "
        "some pattern."
    ),
    "details": (
        "Shown are the {shown} channels whose means add most to the answer {name}; the slider goes through them.",
        "GAP keeps of every map only its mean u. Where something was is then lost, and small things hardly count.",
    ),
    "details_mlp": (
        "Shown are the {shown} channels of the largest mean; the slider goes through them.",
        "GAP keeps of every map only its mean u. Where something was is then lost, and small things hardly count.",
    ),
}
CLASS_MAPS = {
    "title": "G: evidence for a class, cell by cell",
    "sentence": "A 1 × 1 convolution weighs the {channels} features of every cell into one number for every class.",
    "details": (
        "The three largest terms are written out, the others are summed in one. Choose another cell on the picture.",
        "Red cells speak for the class and blue ones against it, in logits.",
    ),
    "details_gap": (
        "This model averages first and weighs afterwards. Weighing first gives the same answer, because both are "
        "linear, and it keeps the map.",
        "The three largest terms are written out, the others are summed in one. Choose another cell on the picture.",
    ),
    "sentence_mlp": (
        "This head has a hidden layer, so the evidence of a cell is no weighted sum; it is what the head says of that "
        "cell alone."
    ),
    "details_mlp": (
        "After global average pooling such a head never sees a single cell. Its map is a thought experiment, and the "
        "mean of the map is not its answer.",
    ),
}
BELIEF = {
    "title": "f: what the average believes",
    "sentence": "The mean of every class map is its logit z, and the softmax turns the logits into shares f (Eq. 1).",
    "details": (
        "The slider goes through the classes; the map beside it is the one whose mean is taken.",
        "The auxiliary head is trained with the loss of Eq. 1: that teaches its maps where the class is.",
    ),
    "details_gap": ("The slider goes through the classes; the map beside it is the one whose mean is taken.",),
}
ATTENTION = {
    "title": "A: attention without a label",
    "sentence": "AdaCAM is the sum of all class maps, each weighted by how much the model believes its class (Eq. 2).",
    "details": (
        "No label and no gradient is needed: f comes from the same pass. As f is close to 1 for one class, A is close "
        "to the map of that class.",
        "A constant added to all class maps shifts A by that constant everywhere, because f sums to 1. The order of "
        "the cells stays.",
    ),
    "details_gap": (
        "A GAP model makes no use of A: this is its head read as a 1 × 1 convolution.",
        "A constant added to all class maps shifts A by that constant everywhere, because f sums to 1.",
    ),
}
CAM: dict[str, Any] = {
    "title": "CAM is G",
    "sentence": (
        "Class activation mapping (CAM) weighs the features after the fact; the class map G, less its constant b, is "
        "the same map."
    ),
    "details": (
        "Both were computed just now, one by the convolution, one from the weights. What is left over, {most} logits, "
        "is the rounding of 32-bit numbers.",
        "The second pair says the same of the logit: averaging before or after the weights makes no difference.",
    ),
    "missing": "This head has a hidden layer, so there are no weights of classes to read CAM from.",
}
ANCHORS = {
    "title": "Anchors: the K highest cells",
    "sentence": "Sort the cells by A and keep the first {k} of {cells} as anchors (Eq. 3 and 4).",
    "sentence_random": "This model takes {k} of {cells} cells by chance: an ablation, to see what attention is worth.",
    "sentence_all": "This model takes every one of its {cells} cells: an ablation, to see what choosing is worth.",
    "details": (
        "Of equal cells the upper one, then the left one comes first. The choice itself has no gradient.",
        "Large K takes in background, small K puts all eggs in one basket. The side panel sets K; the model learned "
        "with K = {own}.",
    ),
}
REGIONS = {
    "title": "Regions: squares around an anchor",
    "sentence": "Around every anchor one square of each size r is cut out, as far as the map reaches (Eq. 5).",
    "details": (
        "h = (r − 1) / 2 cells on each side. All four corners belong to the region, counted from 0.",
        "Choose any cell, anchor or not, to see its regions. Several sizes catch objects of several sizes.",
    ),
}
VIEWS = {
    "title": "Views: the mean of a region",
    "sentence": "Each region is averaged into one vector a of {channels} numbers: {m} views instead of the one of GAP.",
    "details": (
        "Shown is one of the {channels} numbers; the channel can be changed. Every cell of the region counts alike.",
        "The views are sorted here by how sure they are of {name}, the surest first.",
    ),
}
VOTES = {
    "title": "Which view wins?",
    "sentence": "The main head gives every view its own logits g and shares s. Which of these is surest of {name}?",
    "after": "The main head gives every view its own logits g and shares s; −log s is its term in Eq. 6.",
    "single": "The main head gives the one view its logits g and shares s; −log s is its term in Eq. 6.",
    "details": (
        "The main head is one linear layer: a weighted sum of the view and a constant.",
        "Confidence of a view is evidence, not cause: hiding its region need not change the answer.",
    ),
    "details_mlp": (
        "The main head has a hidden layer, so its logits are no weighted sum of the view.",
        "Confidence of a view is evidence, not cause: hiding its region need not change the answer.",
    ),
    "details_prototype": (
        "The main head compares with one prototype p for every class: w = 2γp and b = −γ‖p‖². What all classes share "
        "is left out.",
        "Confidence of a view is evidence, not cause: hiding its region need not change the answer.",
    ),
}
LOSSES: dict[str, Any] = {
    "title": "Losses: what training would correct",
    "sentence": "Both heads pay for doubting the true class: the average once, and every view once (Eq. 6, 7 and 9).",
    "sentence_gap": "The head pays for doubting the true class: the cross-entropy of its one view (the form of Eq. 1).",
    "details": (
        "Here the batch is this one picture, N = 1. Eq. 6 sums over the views, so L_local starts about {m} times as "
        "large as L_global although Eq. 7 weighs them alike.",
        "Choose another class as the true one to see what it would cost. On the picture are the views that pay most.",
    ),
    "details_gap": (
        "Here the batch is this one picture, N = 1. Choose another class as the true one to see its cost.",
    ),
    "told": "The picture is known to show: {truth}.",
    "untold": "Nobody has said what the picture shows, so this begins with the class the model answers.",
}
ENSEMBLE = {
    "title": "The ensemble: all votes together",
    "sentence": "The logits of all {m} views are summed, and the largest sum is the answer (Eq. 8).",
    "question": "The model answers {name} with K = {k}. What would it answer with {other}?",
    "details": (
        "Logits are summed, not shares: a view that is very sure counts for more than one that hardly decides.",
        "The curve shows the confidence for every K from 1 to {cells}, without another pass of the network. Confidence "
        "is the softmax of the mean logit.",
    ),
}
TEST = {
    "title": "What stayed?",
    "sentence": "A few questions about this model and this picture. Nothing is stored.",
    "details": ("The right answers are computed from the numbers of the steps before.",),
}

SHORT = {
    "problem": "Problem",
    "guess": "Guess",
    "features": "F",
    "maps": "G",
    "belief": "f",
    "attention": "A",
    "cam": "CAM",
    "anchors": "Anchors",
    "regions": "Regions",
    "views": "Views",
    "votes": "Votes",
    "losses": "Losses",
    "ensemble": "Ensemble",
    "test": "Test",
}
NOT_HERE = (
    "This step does not apply: {model} ends in global average pooling, so it has one view, the mean of everything, "
    "and neither anchors nor regions."
)
CHOOSE_VIEWS = "Show it with {model}"
NO_VIEWS_ANYWHERE = "There is no model with views here. Train one on the Train page."


def step(name: str) -> dict[str, Any]:
    """The texts of a step."""
    return {
        "problem": here.PROBLEM,
        "guess": here.GUESS,
        "features": here.FEATURES,
        "maps": here.CLASS_MAPS,
        "belief": here.BELIEF,
        "attention": here.ATTENTION,
        "cam": here.CAM,
        "anchors": here.ANCHORS,
        "regions": here.REGIONS,
        "views": here.VIEWS,
        "votes": here.VOTES,
        "losses": here.LOSSES,
        "ensemble": here.ENSEMBLE,
        "test": here.TEST,
    }[name]
