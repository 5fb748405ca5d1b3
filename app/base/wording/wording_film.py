"""Every sentence of the film and of the one-step-at-a-time panel."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_film as here
from app.base.wording.wording import percent

i18n.speaks(__name__)

FILM_TITLE = "Attention as it appears"
FILM_CAPTION = {
    "mfa": "The same pictures of the validation split at every validation: AdaCAM in logits, and the K anchors as "
    "dots. Step 0 is the untrained network.",
    "gap": "The same pictures of the validation split at every validation: the class activation map (CAM) of the class "
    "that is predicted, in logits. Step 0 is the untrained network.",
}
FILM_THINNED = "{shown} of {count} validations are shown, evenly spread."
FILM = {
    "title": FILM_TITLE,
    "scrub": "Validation",
    "help": "Film. The arrow keys move from validation to validation, Escape returns to the newest.",
    "play": "Play",
    "pause": "Pause the film",
    "newest": "Newest",
    "this": "Range of this step",
    "all": "Range of all steps",
    "range": "Range of the colours",
    "anchors": "Anchors",
    "save": "Save the strip as PNG",
    "step": "step {step}",
    "at": "step {step}: {answer} (truth: {label})",
    "following": "the newest",
    "unit": "logits",
    "right": "right",
    "wrong": "wrong",
    "table": "The answers as a table",
    "table_title": "The answer for every picture at every validation; a tick means right",
    "table_step": "step",
}

# --- one step at a time ---

HELD_START = "One step at a time"
HELD_START_HELP = "The run prepares its pictures and then waits before its first step until you let it go on."
HOLD = "One step at a time"
HOLD_HELP = (
    "Holds the training between two steps. It changes nothing about it: the weights in the end are those of a run that "
    "nobody held, bit for bit."
)
NEXT = "Next step"
NEXT_TEN = "Ten steps"
SLOW = "Slow motion"
STOP_HERE = "Hold here"
RUN_ON = "Run on"
START_OVER = "Start over"
START_OVER_HELP = (
    "Stops this run, which stays under All runs, and starts another one under a new name: the same recipe and seed, so "
    "the same first weights and the same batches."
)
DELAY = "Seconds between two steps"
WAITING = "The pictures are being prepared; the run will wait before its first step."
ON_ITS_WAY = "The step is being done."

BATCH_TITLE = "The batch"
BATCH_NEXT = "What the next step will learn from: {shown}, flipped and cropped, with what the model says of them now."
BATCH_DONE = (
    "What this step learnt from: {shown}, with the answer before and after. A step follows all of them at once, so "
    "single answers may get worse."
)
BATCH_RIGHT = "{before} of {n} were right before the step, {after} after it."
BATCH_RIGHT_NOW = "{before} of {n} are right."
NOBODY = "none that could be told"
LOSSES_TITLE = "The loss"
LOSSES_NOTE = (
    "The loss of this very batch, computed again with the new weights. A step should lower it a little; too large a "
    "learning rate raises it."
)
LOSSES_NOTE_NEXT = "The loss that the next step will lower."
COLUMNS = ("", "before", "after", "change")
LOSS_GLOBAL = "auxiliary head, L_global"
LOSS_LOCAL = "main head, L_local"
LOSS_TOTAL = "total, L_total"
LOSS_GAP = "the one head of GAP"
EQ7 = "Eq. 7: L_total = L_global + L_local = {before}{after}"
EQ7_OFF = "L_total = L_local, for the recipe leaves L_global out = {before}{after}"
EQ7_MORE = "L_total holds the prototype loss besides = {before}{after}"
EQ9_SUM = (
    "Eq. 9: the mean over the {n} pictures. L_local is a sum over M = {views} views (Eq. 6): {before}{after} a view."
)
EQ9_MEAN = (
    "Eq. 9: the mean over the {n} pictures. L_local is here the mean over M = {views} views, not the paper's sum."
)
EQ_GAP = "One view and one loss: the cross-entropy of the averaged map, as a mean over the {n} pictures."
THEN = " \u2192 "
MOVED_TITLE = "What moved"
MOVED_NOTE = (
    "How far each part moved as a share of its own length, \u2016\u0394w\u2016 / \u2016w\u2016. Part 1 of the "
    "backbone is the one nearest to the picture."
)
MOVED_NEXT = "Nothing has moved yet."
BACKBONE_PART = "backbone {place}"
HEADS = {"auxiliary head": "auxiliary head", "main head": "main head"}
STEP_FACTS = "Learning rate {lr}."
GRADIENT = "The gradient of all weights has length {gradient}."
LESSON = {
    "right": "right",
    "wrong": "wrong",
    "truth": "truth: {label}",
    "then": "then",
    "batch": "Pictures of the batch",
}
DONE = "Step {step:,} of {steps:,} is done"
DONE_NONE = "Before the first of {steps:,} steps"
BATCH_ALL = "its {n} pictures"
BATCH_SOME = "the first {shown} of its {n} pictures"
NOT_A_NUMBER = "not a number"


def answer(name: str, share: float) -> str:
    """A predicted class and how sure the model is."""
    return f"{name} {percent(share)}"


def done(step: int, steps: int) -> str:
    """Where a held run stands."""
    return here.DONE_NONE.format(steps=steps) if step == 0 else here.DONE.format(step=step, steps=steps)


def pictures(shown: int, n: int) -> str:
    """How many pictures of the batch are shown."""
    return here.BATCH_ALL.format(n=n) if shown == n else here.BATCH_SOME.format(shown=shown, n=n)


def figure(value: float | None) -> str:
    """A loss or another positive figure."""
    return here.NOT_A_NUMBER if value is None else f"{value:.4g}"


def change(before: float | None, after: float | None) -> str:
    """A signed difference with a true minus sign."""
    return "" if before is None or after is None else f"{after - before:+.3g}".replace("-", "\u2212")


def share_moved(share: float | None) -> str:
    """A relative change."""
    return "\u2013" if share is None else f"{100 * share:.2g}\u00a0%"
