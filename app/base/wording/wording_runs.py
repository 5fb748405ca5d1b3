"""Every sentence of the Runs page."""

from __future__ import annotations

from datetime import datetime

from app.base import i18n
from app.base.wording import wording_runs as here

i18n.speaks(__name__)

NAV = "Runs"
TITLE = "Runs: what was trained on this computer"
INTRO = "Tick runs to act on them; two or more are compared below. Runs of other tabs and of the terminal are here too."

EMPTY_TITLE = "No run yet"
EMPTY_TEXT = "Every training becomes a folder, and every folder a line of a table here, whoever started it."
EMPTY_TRAIN = "Train a first one"
FAILED = "The folder of runs cannot be read"

COLUMNS = {
    "name": "Run",
    "state": "State",
    "data": "Pictures",
    "model": "Model",
    "steps": "Steps",
    "accuracy": "Validation",
    "best": "Best",
    "curve": "Its curve, from 0 to 100\u00a0%",
    "when": "Begun",
}
TABLE = {
    "caption": "Runs with their state and accuracy",
    "search": "Find",
    "search_hint": "part of a name, state or model",
    "state": "State",
    "data": "Pictures",
    "pooling": "Ending",
    "any": "any",
    "all": "Tick all that are shown",
    "pick": "Tick {run}",
    "count": "{shown} of {all} runs, {picked} ticked",
    "none": "No run fits. Empty the fields above to see all of them.",
    "columns": COLUMNS,
}
NOTHING = "\u2013"
UNREADABLE = "{why}. Mend or take away the folder {folder}; nothing else depends on it."

TICKED_NONE = "No run is ticked."
TICKED = "Ticked: {runs}"
WATCH = "Watch in Train"
EXPLORE = "Open in Explore"
DUPLICATE = "Set up another like it"
DUPLICATE_HELP = "Fills the form of the Train page in with this run's recipe."
RENAME = "Rename"
RENAME_FIELD = "New name"
RENAME_DO = "Rename it"
EXTEND = "Extend"
EXTEND_FIELD = "Steps to add"
EXTEND_NOTE = "It goes on from its last checkpoint. A one-cycle schedule begins a new cycle there."
EXTEND_DO = "Add them and go on"
PAUSE = "Pause"
RESUME = "Resume"
STOP = "Stop"
REMOVE = "Remove"
REMOVE_HELP = "Moves the folders aside; it can be undone. A run that is being trained must be stopped first."
ZIP = "Download (zip)"
ZIP_HELP = "The whole folder of one run, to go on elsewhere."
REMOVED = "Removed: {runs}."
UNDO = "Undo"
IMPORT = "Bring a run in from a file"
IMPORT_FILE = "A zip that was downloaded here or on another computer"
IMPORT_NAME = "Name here, its own if left empty"
IMPORT_DO = "Add it to the runs"
TRASH = "Removed runs"
TRASH_NOTE = "They lie in {folder} until that folder is emptied by hand."
RESTORE = "Bring back"
BUSY = "{run}: it is being trained; pause or stop it first"

COMPARE = "Side by side"
COMPARE_NOTE = "Only what differs between their recipes, and what came of it."
COMPARE_FIELD = ""

WHEN = "%d %b %Y, %H:%M"
"""Day, month, year and time, in the letters of strftime."""


def when(epoch_s: float) -> str:
    """A date and time as a person would write it."""
    return datetime.fromtimestamp(epoch_s).strftime(here.WHEN)


def shown(value: object) -> str:
    """A field of a recipe in a table."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or NOTHING
    return NOTHING if value is None else str(value)
