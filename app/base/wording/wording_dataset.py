"""Every sentence of the Evaluate page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_dataset as here

i18n.speaks(__name__)

NAV = "Evaluate"
TITLE = "Where does it go wrong, and did the views help?"
INTRO = (
    "A whole data set through the model chosen in the side panel. Every number and every cell below opens the pictures "
    "it stands for."
)

# --- what is looked at ---

DATA = "Pictures"
DATA_HELP = (
    "synthetic is drawn here. Data sets of the catalogue appear once they are in the data folder; folders that were "
    "looked at before stay on the list."
)
DATA_FOLDER = "a folder of mine"
DATA_PATH = "Folder"
DATA_PATH_HELP = "A folder with one sub-folder per class, or with train/ and val/ that hold them. It is only read."
DATA_PATH_NEEDED = "Name the folder first."
DATA_PATH_MISSING = "There is no such folder on the computer that runs this app."
DATA_PATH_CLOSED = "No folder of that name can be opened here: this server opens folders of its data folder alone."
SIDE = "Split"
SIDES = {"train": "Training", "val": "Validation", "test": "Test", "all": "All pictures"}
NOT_OFFERED = "{count} not offered"
NOTHING_TITLE = "No pictures here fit this model"
NOTHING_TEXT = (
    "It knows {count} classes ({names}), and no data set here has any of them. Name a folder of your own that has, or "
    "choose another model in the side panel."
)
NOTHING_GET = "It was trained on {name}. In a terminal, this gets it or says how:"
UNFIT = "These pictures do not fit the model: {why}"
UNSHARED = "Classes: {why}."
TRAINED_ON = "The model was trained on these pictures, so this says little about new ones."
TRAINED_ON_SOME = (
    "The model was trained on a part of these pictures, so this says less about new ones than the test or validation "
    "side."
)
LIMIT = "At most"
LIMIT_HELP = "Fewer pictures are spread evenly over the whole side, so every class keeps its share."
EARLIER = "Earlier ones"
EARLIER_ONE = "{model} on {data}, {side}, {count}"
ALL = "all"

EMPTY_TITLE = "Not looked at yet"
EMPTY_TEXT = (
    "This model has not seen these pictures as a whole. It takes a process of its own: the page can be left, closed or "
    "reloaded meanwhile."
)
START = "Look at them"
AGAIN = "Go on"
ANEW = "Begin anew"
STOP = "Stop"
STARTING = "Starting"
STOPPING = "Stops after this batch; what is done is kept."
STOPPED = "Stopped at {done:,} of {total:,} pictures. What is done is kept."
STOPPED_EARLY = "Stopped before the first picture."
FAILED = "It failed: {why}"
LOST = "Its process ended without a word, perhaps with the computer or for want of memory. What is done is kept."
UNREADABLE = "The findings cannot be shown: {why}"
CANNOT = "It cannot begin: {why}"
GONE = "The pictures cannot be opened any more: {why} The numbers stand."
CHANGED = (
    "The folder holds other pictures than when it was looked at, so none is shown. The numbers stand for what "
    "was there."
)

# --- in words ---

ACCURACY = "Ensemble of the views"
ACCURACY_GAP = "GAP head"
AUXILIARY = "Auxiliary head"
RESCUED = "Rescued by the views"
HARMED = "Harmed by the views"
HEADLINE_NOTE = (
    "Both heads share one backbone and were trained together: this is what the views add to this model, not what MFA "
    "adds over GAP. Hold a GAP model against it for that."
)

AGAINST_TITLE = "Against another model"
AGAINST = "On the same pictures"
AGAINST_NONE = "Choose another model"
AGAINST_UNLIKE = "They did not look at the same pictures: {why}"
AGAINST_COLUMNS = ("", "{other} right", "{other} wrong")
AGAINST_ROWS = ("{name} right", "{name} wrong")

CONFUSION_TITLE = "What is taken for what"
CONFUSION_NOTE = (
    "A row is a true class, a column an answer; the deeper the colour, the larger the share of its row. Press a cell "
    "to see its pictures below, and again to see all."
)
SAVE = "Save {title} as {kind}"
MATRIX = {
    "title": "confusion matrix",
    "corner": "true class \\ answer",
    "save": SAVE,
    "label": "Confusion matrix: arrow keys move, Enter shows the pictures of a cell.",
    "sum": "{right} of {all} pictures are answered rightly.",
    "table": "The counts as a table",
    "table_caption": "True class, answer and number of pictures",
    "table_head": ["true class", "answer", "pictures"],
    "hint": "Point at a cell, or move with the arrow keys.",
    "right": "{truth}, answered rightly: {count} of {total}",
    "wrong": "{truth}, taken for {answer}: {count} of {total}",
}

DOTS_TABLE = "The dots as a table"
RELIABILITY_TABLE = "The bars as a table"
RELIABILITY_COLUMNS = ("Confidence from, %", "to, %", "Pictures", "Right, %", "Mean confidence, %")

CLASSES_TITLE = "Class by class"
CLASSES_NOTE = "A column's head sorts by it."
CLASS_COLUMNS = {
    "name": "Class",
    "n": "Pictures",
    "ours": "Ensemble, %",
    "auxiliary": "Auxiliary, %",
    "gain": "Views add",
}
CLASS_OURS_GAP = "Accuracy, %"

# --- pictures ---

PICTURES_TITLE = "Picture by picture"
SHOW = "Show"
KINDS = {
    "all": "All",
    "wrong": "Wrong",
    "right": "Right",
    "sure": "Confident and wrong",
    "split": "Views disagree",
    "rescued": "Rescued",
    "harmed": "Harmed",
}
KINDS_HELP = (
    "Confident: at least 80 % sure. Views disagree: fewer than half of them vote for the answer. Rescued: the "
    "auxiliary head is wrong and the ensemble right; harmed: the other way round."
)
TRUE = "True class"
SAID = "Answer"
ANY = "(any)"
SORT = "Sort by"
SORTS = {
    "place": "Place in the set",
    "sure": "Most confident first",
    "unsure": "Least confident first",
    "disagree": "Views disagree most",
    "margin": "Narrowest margin",
    "small": "Smallest object",
    "large": "Largest object",
}
OPEN = "Open in"
GRID = {"previous": "Previous", "next": "Next", "page": "page {page} of {last}", "open": OPEN}
GRID_NONE = "No picture is of this kind."
GRID_LABEL = "Pictures"
GALLERY = "From a data set"
HELD_OUT = "{data}: held out"

# --- scale, profile, reliability, wrong crops ---

SCALE_TITLE = "By the size of the object"
SCALE_NOTE = (
    "The object's longer side as a share of the picture's side. Averaging over everything should hurt the small."
)
SCALE_BAND = "{low:.0f} to {high:.0f}\u00a0%"
SCALE_RIGHT = "Right"
SCALE_COLUMNS = {"name": "Object spans", "count": "Pictures", "value": "Ensemble"}
PROFILE_TITLE = "Which size of region recognises which class"
PROFILE_NOTE = (
    "Mean confidence in the true class of the views of each size r, in cells. A class whose dots lie apart has a "
    "size that suits it; the last column names the best."
)
PROFILE_COLUMNS = {"name": "Class", "count": "Pictures", "value": "Best"}
RELIABILITY_TITLE = "Is it as sure as it should be?"
RELIABILITY_X = "Confidence in the answer"
RELIABILITY_Y = "Share of right answers"
RELIABILITY_IDEAL = "as sure as right"
CROPS_TITLE = "Views that are surest of a wrong class"
CROPS_NOTE = (
    "The region of each picture that is most confident in a class the picture is not. The ensemble may still be right: "
    "one view is one vote."
)
SIZE_KEY = "r = {r}"

EXPORT_TITLE = "Take it with you"
CSV = "All pictures (CSV)"
JSON = "All figures (JSON)"
COMMAND = "The same from a terminal"
TO_TRAIN = "Train another model"


def looked_at(number: int | None) -> str:
    """How many pictures were asked for."""
    return here.ALL if number is None else f"{number:,}"


def held_out(data: str) -> str:
    """The name of a group of pictures that a model was not trained on, of the set that it was."""
    return here.HELD_OUT.format(data=data)
