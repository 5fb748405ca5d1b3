"""Every sentence of the Lesson page. Names in braces are filled in with the numbers of the model and the picture.

The equations stand in `components/walk_steps.js`: they are the same in every language.
"""

from __future__ import annotations

from typing import Any

from app.wording import percent

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
        "there GAP may be the surer one. The Dataset page measures accuracy by object size over many pictures.",
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

STEPS: dict[str, dict[str, Any]] = {
    "problem": PROBLEM,
    "guess": GUESS,
    "features": FEATURES,
    "maps": CLASS_MAPS,
    "belief": BELIEF,
    "attention": ATTENTION,
    "cam": CAM,
    "anchors": ANCHORS,
    "regions": REGIONS,
    "views": VIEWS,
    "votes": VOTES,
    "losses": LOSSES,
    "ensemble": ENSEMBLE,
    "test": TEST,
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
NEEDS_VIEWS = ("anchors", "regions", "views", "votes", "ensemble")

NOT_HERE = (
    "This step does not apply: {model} ends in global average pooling, so it has one view, the mean of everything, "
    "and neither anchors nor regions."
)
CHOOSE_VIEWS = "Show it with {model}"
NO_VIEWS_ANYWHERE = "There is no model with views here. Train one on the Train page."

# --- what the browser says; {…} is filled in there ---

WORDS = {
    "steps": "Steps of the lesson",
    "previous": "Previous",
    "next": "Next",
    "play": "Play",
    "pause": "Pause",
    "play_help": "Moves through the steps by itself and waits at questions",
    "your_turn": "Your turn: answer, then go on.",
    "step_of": "Step {n} of {count}: {title}",
    "details": "Details",
    "keys": "Keys",
    "keys_text": (
        "Left and right arrow: previous and next step. Home, End: first and last. On a picture the arrow keys move a "
        "cell and Enter chooses it; on a slider they move the slider. Tab goes on to the next control."
    ),
    "numbers": "All numbers (JSON)",
    "hover": "Point at a number with a dotted line, or go to it with Tab, to see its cells on the picture.",
    "cell_control": "Cell ({x}, {y}): choose another one on the picture.",
    # sliders
    "scale": "Size of the object",
    "scale_value": "{percent} % of the picture's side",
    "channel": "Channel",
    "channel_value": "channel {d}",
    "class": "Class",
    "label": "True class",
    "taken": "Anchors taken",
    "taken_value": "{n} of {k}",
    "anchor": "Anchor",
    "anchor_value": "rank {n} of {k}, cell ({x}, {y})",
    "no_anchor_value": "no anchor, cell ({x}, {y})",
    "size": "Region size r",
    "border": "A cell at the border",
    "view": "View, the surest first",
    "view_value": "{n} of {m}: around ({x}, {y}), r = {r}",
    "k": "Anchors K",
    "k_value": "K = {n}, {m} views",
    # panels
    "scene_title": "{name}, {percent} % wide",
    "picture": "The picture",
    "picture_rest": "Choose a cell",
    "attention": "AdaCAM",
    "feature_title": "Channel {d} of F",
    "class_title": "G of {name}",
    "cam": "CAM of {name}",
    "cam_less": "Their difference",
    "shown": "Shown",
    "shown_g": "G less b, from the convolution",
    "shown_cam": "CAM, from the weights",
    "shown_less": "the difference of the two",
    "cam_plus": "G of {name}, less b",
    "anchors": "Anchors",
    "regions": "Regions around ({x}, {y})",
    "view_title": "Channel {d} and the view",
    "votes": "The view",
    "candidates": "Four views",
    "costly": "The views that pay most",
    "unit": "units of F",
    "logits": "logits",
    "object": "object",
    "box_name": "{r} × {r}",
    "box_label": "{r} × {r} around ({x}, {y})",
    "loss_value": "−log s = {value}",
    # charts
    "gap_line": "GAP",
    "mfa_line": "MFA",
    "scale_axis": "size of the object, % of the picture's side",
    "sure_axis": "sure of {name}, %",
    "k_axis": "anchors K",
    "share_axis": "confidence, %",
    "says": "{model} says {name}",
    # words in equations
    "eq_whole": "the object's weight in GAP's one mean",
    "eq_views": "its weight in MFA's views, on average",
    "eq_gap": "GAP is sure",
    "eq_mfa": "MFA is sure",
    "eq_compare": "GAP's mean of the same channel",
    # asking
    "guess_how": ("Click a cell of the picture, or go to it with Tab, move with the arrow keys and choose with Enter."),
    "guess_skip": "Show it without a guess",
    "guess_again": "Guess again",
    "guess_score": (
        "Your cell ({x}, {y}) has A = {A}: place {rank} of {cells}. It is higher than {below} of the other {others} "
        "cells (percentile {percentile})."
    ),
    "guess_hit": "Nothing is higher.",
    "guess_best": "The highest is cell ({x}, {y}) with A = {A}.",
    "guess_anchor": "It is an anchor, number {rank} of {k}.",
    "guess_no_anchor": "It is no anchor; those are the {k} highest cells.",
    "view_letter": "View {letter}",
    "right": "Right.",
    "wrong": "Not this time.",
    "winner": "View {letter} is surest of {name}: {share}.",
    "same": "The same",
    "another": "Another class",
    "same_answer": "It still says {name}, now {share} sure instead of {before}.",
    "other_answer": "It says {name}: {share} sure of {target} instead of {before}.",
    "with_one": "K = 1, the highest cell alone",
    "with_all": "K = {cells}, every cell",
    "score": "{right} of {count} right.",
    "again": "Ask again",
    "test_rest": "{left} to go.",
    "clamped": "{cells} of {all} cells are left; the border took the others.",
    "whole": "All {all} cells lie on the map.",
}

# --- the self-test: question and explanation by kind ---

QUIZ = {
    "cell-weight": (
        "GAP averages {cells} cells. What is the weight of one cell in that mean?",
        "Every cell counts 1/(H·W), whatever it shows.",
    ),
    "object-weight": (
        "In the first step, at a size of {scale}, what weight has the {name} in GAP's mean over the whole picture?",
        "Its share of the area. The views of MFA come to {views} on average.",
    ),
    "attention": (
        "At cell ({x}, {y}) the class {name} has f = {f} and G = {G}; all other classes together have f = {rest}. What "
        "is A there?",
        "A = Σ f_i G_i is a mean weighted by f, so it lies close to G of the likeliest class where f is close to 1.",
    ),
    "shift": (
        "Add {shift} to all class maps, so that the highest A grows from {before} to {after}. What becomes of the "
        "order of the cells?",
        "f does not change and sums to 1, so A grows by the same constant everywhere.",
    ),
    "mean-map": (
        "The class map of {name} has a mean over the grid. Which number is it?",
        "Averaging before or after the weights is the same: the mean of G is the logit.",
    ),
    "count": ("K = {k} anchors and R = {r} sizes: how many views vote?", "One view for every anchor and size: K·R."),
    "clamped": (
        "A region with r = {r} around cell ({x}, {y}): how many cells does it average?",
        "The border leaves {wide} × {tall} cells of the square (Eq. 5).",
    ),
    "two": (
        "View {first} gives {a} {a1} and {b} {b1}, view {second} gives {a} {a2} and {b} {b2}. Which of the two does "
        "Eq. 8 choose from these views?",
        "The sums decide: {a} {a3}, {b} {b3}.",
    ),
    "per-view": (
        "If the picture shows {name}, L_local is {local} over {count} views. What does one view pay on average?",
        "Eq. 6 sums over the views; the mean is the sum divided by their number.",
    ),
}
QUIZ_OPTIONS = {
    "order-kept": "It stays as it is",
    "order-turned": "It turns around",
    "none-left": "All cells become equal",
}


def quantity(value: Any) -> str:
    """A number of a question with sensible digits; names and whole numbers as they are."""
    if isinstance(value, float):
        size = abs(value)
        text = f"{value:.0f}" if size >= 1000 else f"{value:.3g}"
        return text.replace("-", "−") if "e" not in text else power(value)
    return str(value)


def power(value: float) -> str:
    """A very small number with a power of ten, as it is written on paper."""
    mantissa, exponent = f"{value:.2e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}".replace("-", "−")


def question(kind: str, numbers: dict[str, Any]) -> tuple[str, str]:
    """A question of the self-test and what is said after the answer."""
    shares = ("f", "rest", "scale", "views")
    said = {
        key: percent(value) if key in shares and isinstance(value, float) else quantity(value)
        for key, value in numbers.items()
    }
    asked, why = QUIZ[kind]
    return asked.format(**said), why.format(**said)


def option(kind: str, value: Any) -> str:
    """One answer of a question."""
    if isinstance(value, str):
        return QUIZ_OPTIONS.get(value, value)
    return percent(value) if kind in ("cell-weight", "object-weight") else quantity(value)
