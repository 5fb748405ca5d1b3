"""Every sentence of the Train page below the set-up, and of the charts."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_train as here
from app.base.wording.wording import share

i18n.speaks(__name__)

TRAIN_TITLE = "Train a classifier and watch it learn"
TRAIN_INTRO = (
    "A run is a folder and a process of its own: reload, close the page or restart the app, and it is still there."
)
START = "Start the run"

# --- a run that is watched ---

RUN = "Run"
RUN_NEWEST = "{run} (the newest)"
NO_RUN_TITLE = "No run yet"
NO_RUN_TEXT = (
    "Set one up above and start it. With the quick preset the pictures are drawn first, then the curves "
    "appear here, and the finished model can be opened in Explore. A run started in a terminal appears here by itself."
)
NO_RUN_START = "Start a quick run"
RUN_GONE = "There is no run of that name in {folder} any more. The newest one is shown."

START_QUEUED = "Put it in line"
START_NOW = "Start now anyway"
BUSY = "A run is being trained. This one would wait for its turn; two at once are both slower."

STATES = {
    "queued": "In line",
    "starting": "Starting",
    "running": "Running",
    "paused": "Paused",
    "finished": "Finished",
    "stopped": "Stopped",
    "diverged": "Diverged",
    "failed": "Failed",
    "lost": "Lost",
    "unreadable": "Unreadable",
}
STARTING = "Preparing the pictures; the first steps follow."
QUEUED = "It starts when the runs before it are done."
PAUSE = "Pause"
RESUME = "Resume"
STOP = "Stop and keep the model"
LEAVE = "Take it out of the line"
ASKED = {
    "stop": "Stopping after this step; the model is being saved.",
    "pause": "Pausing after this step; the model is being saved.",
}
OPEN = "Look at this model in Explore"
CONTINUE = "Go on with this run"
DOWNLOAD_CSV = "Numbers (CSV)"
DOWNLOAD_PDF = "Curves (PDF)"
FOLDER = "Everything is in the folder {folder}"
TO_RUNS = "All runs"
OTHERS = "Also here:"

FACTS = {
    "step": "Step",
    "rate": "Speed",
    "left": "Time left",
    "elapsed": "Trained for",
    "accuracy": "Validation",
    "best": "Best so far",
    "device": "Device",
    "memory": "Device memory",
}
NOTHING = "\u2013"
PROGRESS = "Steps done"

ENDINGS = {
    "queued": "It is in line, {accuracy}.",
    "finished": "Finished, {accuracy}.",
    "paused": "Paused, {accuracy}. The model can be looked at; resumed, the run goes on as if nothing had happened.",
    "stopped": "Stopped on request; the model is kept as it was, {accuracy}.",
    "diverged": "The loss was no longer a number, so the run ended itself. A tenth of the learning rate usually helps.",
    "failed": "The run ended with an error. What it printed is in output.log of its folder.",
    "lost": "The process of this run is gone without a word: the computer was restarted, or it ran out of memory. "
    "The run can go on from its last validation.",
}
NOTHING_SAVED = "It ended before a model was saved."

LOSS = "Loss"
LOSS_TOTAL = "total"
LOSS_GAP = "the one head of GAP"
LOSS_LOCAL = "main head, L_local"
LOSS_GLOBAL = "auxiliary head, L_global"
LOSS_RACE = "Loss of the head on the averaged map"
ACCURACY = "Accuracy"
ACCURACY_TRAIN = "training batches"
ACCURACY_VALIDATION = "validation"
ACCURACY_RACE = "Validation accuracy"
PAPER = "paper, {name}: {share:.1f}\u00a0%"
CURVES = {
    "horizontal": "Horizontal axis",
    "by_step": "By step",
    "by_time": "By time",
    "log": "Log loss",
    "linear": "Linear loss",
    "log_x": "Log axis",
    "linear_x": "Linear axis",
    "smooth": "Smoothing",
    "off": "off",
    "raw": "raw",
    "step": "step",
    "time": "seconds",
    "save": "Save {title} as {kind}",
    "chart": "{title}. The arrow keys move along the curves, Enter keeps a step, Escape lets it go.",
    "reset": "Whole run",
    "table": "The curves as tables",
    "no_number": "not a number",
    "gap_nan": "{name}: a gap where the value is not a finite number, first at step {step}.",
    "gap_low": "{name}: a gap where the loss is not above 0, first at step {step}. The linear axis shows it.",
}
CURVES_WAITING = "The curves begin with the tenth step."
CURVES_EMPTY = "This run ended before its first curve."

RACE = "Compare with"
RACE_HELP = "Lays the curves of other runs over this one, each with its colour."
RACE_NONE = "other runs on the same chart"
RACE_TWIN = "Race it with its {pooling} twin"
RACE_TWIN_HELP = "The same recipe, seed and batches, ending in {pooling}. A twin that is here already is only shown."
RACE_FAIR = "All of them see the same pictures in the same batches: whatever differs comes from the recipe."
RACE_UNFAIR = "They do not share {fields}, so their batches differ; compare with care."
RACE_LOSS = (
    "MFA adds the losses of all views to that of its auxiliary head, so totals cannot be compared. The loss shown is "
    "the one both have: of the head on the averaged map, L_global."
)
FIELDS = {
    "data": "the pictures",
    "train_n": "their number",
    "seed": "the seed",
    "batch": "the batch size",
    "augment": "the augmentation",
    "mix": "the mixing",
    "validate_on": "the side that is watched",
}

DURATION = {"s": "{n} s", "min": "{n} min", "h": "{n} h"}
RATE_FAST = "{steps:.1f} steps a second"
RATE_SLOW = "{seconds:.1f} s a step"
BEST = "{share} at {step:,}"
LISTED = {"comma": ", ", "and": " and "}
NOT_VALIDATED = "not validated yet"
VALIDATED = "validation accuracy {share}"
ENDED_UNSAVED = "{ending} {unsaved}"
MODEL = "{pooling} on {backbone}"
TRAINED = "{model}, {data}, seed {seed}"
TRAINED_VIEWS = "{model}, {data}, K = {k}, L_R = {sizes}, seed {seed}"
PREPARING = "{what}: {done} of {total}"
DOING = {
    "drawing train pictures": "drawing train pictures",
    "drawing val pictures": "drawing val pictures",
    "decoding train": "decoding train",
    "decoding val": "decoding val",
    "looking at pictures": "looking at pictures",
}
"""What a process says that it is doing, by the words it says it in."""


def duration(seconds: float) -> str:
    """A time that is left, as a person would say it."""
    if seconds < 90:
        return here.DURATION["s"].format(n=f"{max(seconds, 0):.0f}")
    if seconds < 5400:
        return here.DURATION["min"].format(n=f"{seconds / 60:.0f}")
    return here.DURATION["h"].format(n=f"{seconds / 3600:.1f}")


def rate(steps_per_s: float) -> str:
    """How fast it goes, in steps a second or seconds a step."""
    if steps_per_s >= 1:
        return here.RATE_FAST.format(steps=steps_per_s)
    return here.RATE_SLOW.format(seconds=1 / steps_per_s)


def best(value: float, step: int) -> str:
    """The best validation and where it was."""
    return here.BEST.format(share=share(value), step=step)


def memory(megabytes: float) -> str:
    """Memory in use on the device."""
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"


def listed(words: list[str]) -> str:
    """Things in a sentence: a, b and c."""
    return here.LISTED["and"].join(part for part in (here.LISTED["comma"].join(words[:-1]), *words[-1:]) if part)


def accuracy(value: float | None) -> str:
    """The last validation's result."""
    return here.NOT_VALIDATED if value is None else here.VALIDATED.format(share=share(value))


def ending(state: str, value: float | None, *, saved: bool) -> str:
    """How a run ended, and what can be done about it."""
    said = here.ENDINGS[state].format(accuracy=accuracy(value))
    return said if saved else here.ENDED_UNSAVED.format(ending=said, unsaved=here.NOTHING_SAVED)


def model(pooling: str, backbone: str) -> str:
    """What kind of model a run trains."""
    return here.MODEL.format(pooling=pooling.upper(), backbone=backbone)


def trained(kind: str, data: str, views: tuple[int, tuple[int, ...]] | None, seed: int) -> str:
    """What is trained, in a line; `views` is K and L_R, None where there are none."""
    if views is None:
        return here.TRAINED.format(model=kind, data=data, seed=seed)
    return here.TRAINED_VIEWS.format(model=kind, data=data, k=views[0], sizes=", ".join(map(str, views[1])), seed=seed)


def doing(what: str) -> str:
    """What a process of ours says that it is doing."""
    return here.DOING.get(what, what)


def preparing(note: str) -> str:
    """How far a run's pictures are, from the note that its process left: "decoding train: 1,024 of 9,469"."""
    what, _, count = note.rpartition(": ")
    done, of, total = count.partition(" of ")
    return here.PREPARING.format(what=doing(what), done=done, total=total) if of else note
