"""Every sentence of the Train page and of the charts."""

from __future__ import annotations

TRAIN_TITLE = "Train a classifier and watch it learn"
TRAIN_INTRO = (
    "A run is a folder and a process of its own: reload, close the page or restart the app, and it is still there."
)
SET_UP = "Set up a run"
PRESET = "Preset"
PRESETS = {
    "quick": "Quick: the small backbone learns visibly in about two minutes on two CPU cores.",
    "paper": "Paper: the settings of the paper. Made for a GPU and a day, not for a laptop.",
}
DATA = "Pictures"
DATA_FOLDER = "a folder of mine"
DATA_HELP = "synthetic is drawn here. Data sets of the catalogue appear once they are in the data folder."
DATA_PATH = "Folder"
DATA_PATH_HELP = "A folder with one sub-folder per class, or with train/ and val/ that hold them. It is only read."
DATA_PATH_NEEDED = "Name the folder first."
DATA_PATH_MISSING = "There is no such folder on the computer that runs this app."
BACKBONE = "Backbone"
POOLING = "Ending"
POOLING_HELP = "MFA lets many regions vote; GAP averages the whole map once."
STEPS = "Steps"
BATCH = "Batch"
SEED = "Seed"
DEVICE = "Device"
DEVICE_HELP = "auto takes a GPU if there is one."
SIZES_NONE = "At least one size is needed; the preset's are used."
MORE = "More settings"
LR = "Learning rate"
VAL_EVERY = "Validate every … steps"
LOCAL = "Local loss"
LOCAL_HELP = "The paper sums the losses of all views; mean gives both heads the same weight."
START = "Start the run"
COMMAND = "The same from a terminal"
BUSY = "Another run is being trained: both will be slower."

RUN = "Run"
RUN_NEWEST = "{run} (the newest)"
RUNS_ALL = "All runs"
RUN_COLUMNS = {
    "run": "Run",
    "state": "State",
    "data": "Pictures",
    "model": "Model",
    "steps": "Steps",
    "accuracy": "Accuracy",
}
NO_RUN_TITLE = "No run yet"
NO_RUN_TEXT = (
    "Set one up in the side panel and start it. With the quick preset the pictures are drawn first, then the curves "
    "appear here, and the finished model can be opened in Explore."
)
NO_RUN_START = "Start a quick run"
RUN_GONE = "There is no run of that name in {folder} any more. The newest one is shown."

STATES = {
    "starting": "Starting",
    "running": "Running",
    "finished": "Finished",
    "stopped": "Stopped",
    "diverged": "Diverged",
    "failed": "Failed",
    "lost": "Lost",
}
STARTING = "Preparing the pictures; the first steps follow."
STOP = "Stop and keep the model"
STOPPING = "Stopping after this step; the model is being saved."
OPEN = "Look at this model in Explore"
CONTINUE = "Go on with this run"
DOWNLOAD_CSV = "Numbers (CSV)"
FOLDER = "Everything is in the folder {folder}"

ENDINGS = {
    "finished": "Finished, {accuracy}.",
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
ACCURACY = "Accuracy"
ACCURACY_TRAIN = "training batches"
ACCURACY_VALIDATION = "validation"
CURVES = {
    "by_step": "By step",
    "by_time": "By time",
    "log": "Log loss",
    "linear": "Linear",
    "step": "step",
    "time": "seconds",
}
CURVES_WAITING = "The curves begin with the tenth step."
CURVES_EMPTY = "This run ended before its first curve."


def duration(seconds: float) -> str:
    """A time that is left, as a person would say it."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def rate(steps_per_s: float) -> str:
    """How fast it goes, in steps a second or seconds a step."""
    return f"{steps_per_s:.1f} steps a second" if steps_per_s >= 1 else f"{1 / steps_per_s:.1f} s a step"


def at_step(step: int, steps: int) -> str:
    """How far a run is or was."""
    return f"step {step:,} of {steps:,}"


def progress(step: int, steps: int, steps_per_s: float | None, seconds_left: float | None) -> str:
    """Where a running run stands, in a line."""
    parts = [at_step(step, steps)]
    if steps_per_s:
        parts.append(rate(steps_per_s))
    if seconds_left is not None:
        parts.append(f"about {duration(seconds_left)} left")
    return ", ".join(parts)


def accuracy(share: float | None) -> str:
    """The last validation's result."""
    return "not validated yet" if share is None else f"validation accuracy {100 * share:.1f}\u00a0%"


def ending(state: str, share: float | None, *, saved: bool) -> str:
    """How a run ended, and what can be done about it."""
    return ENDINGS[state].format(accuracy=accuracy(share)) + ("" if saved else f" {NOTHING_SAVED}")
