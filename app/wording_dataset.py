"""Every sentence of the Dataset page."""

from __future__ import annotations

from app.wording import percent, plain

NAV = "Dataset"
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
SIDE = "Side of the split"
SIDES = {"val": "Held out", "train": "Trained on"}
LIMIT = "At most"
LIMIT_HELP = "Fewer pictures are spread evenly over the whole side, so every class keeps its share."
EARLIER = "Earlier ones"
EARLIER_NONE = "Nothing finished yet."
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
AGAINST_MISSING = "{name} has not looked at these pictures yet."
AGAINST_START = "Let it look"
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


def count(number: int, of: str = "picture") -> str:
    """ "1 picture", "1,234 pictures"."""
    return f"{number:,} {of}{'' if number == 1 else 's'}"


def looked_at(number: int | None) -> str:
    """How many pictures were asked for."""
    return ALL if number is None else f"{number:,}"


def headline(n: int, right: int, auxiliary: int | None) -> str:
    """How many answers are right, in a sentence."""
    said = f"Of {count(n)} the model answers **{right:,}** rightly, {share(right, n)}"
    if auxiliary is None:
        return f"{said}."
    return f"{said}; its auxiliary head alone {auxiliary:,}, {share(auxiliary, n)}."


def views_helped(rescued: int, harmed: int, p: float) -> str:
    """Rescued and harmed, and whether chance would do the same."""
    if not rescued + harmed:
        return "The views change no answer from right to wrong or back."
    return (
        f"The views rescue **{count(rescued)}** that the auxiliary head gets wrong and harm "
        f"**{harmed:,}** it gets right. {chance(p)}"
    )


def chance(p: float) -> str:
    """The exact sign test in words."""
    shown = "< 0.001" if p < 0.001 else f"= {p:.3f}"
    odds = "less than once in a thousand" if p < 0.001 else f"in {100 * p:.1f}\u00a0% of cases"
    verdict = "so chance explains it badly" if p < 0.05 else "so chance may well explain it"
    return (
        f"If both were equally good, a division at least this uneven would come about {odds} "
        f"(exact sign test, p {shown}), {verdict}."
    )


def against(name: str, other: str, first: int, second: int, n: int) -> str:
    """Two models on the same pictures."""
    return (
        f"On the same {count(n)}, **{plain(name)}** is right on {share(first, n)} and **{plain(other)}** on "
        f"{share(second, n)}."
    )


def share(part: int, whole: int) -> str:
    """A share that may well be all or nothing."""
    return f"{100 * part / max(whole, 1):.1f}\u00a0%"


def per_cent(value: float) -> str:
    """A share between 0 and 1, which may be either."""
    return f"{100 * value:.1f}\u00a0%"


def answer(truth: str, said: str) -> str:
    """The first line below a small picture; other furniture shows it as plain text."""
    return truth if truth == said else f"{truth} → {said}"


def sure(confidence: float, agreeing: float | None) -> str:
    """The second line: how sure, and how many of the views agree."""
    said = percent(confidence)
    return said if agreeing is None else f"{said}, {100 * agreeing:.0f}\u00a0% of views"


def sure_hint(truth: str, said: str, confidence: float) -> str:
    """A small picture in words."""
    right = "right" if truth == said else f"answered {said}"
    return f"{truth}, {right}, {percent(confidence)} sure"


def crop_hint(truth: str, wrong: str, confidence: float, r: int) -> str:
    """A wrong view in words."""
    return f"{truth}; a region of {r} × {r} cells is {percent(confidence)} sure of {wrong}"


def crop_line(wrong: str, confidence: float, r: int) -> tuple[str, str]:
    """The lines below a wrong view."""
    return f"taken for {wrong}", f"{percent(confidence)}, r = {r}"


def shown(number: int, total: int) -> str:
    """How many of the pictures the filters leave."""
    return count(number) if number == total else f"{number:,} of {count(total)}"


def calibration(error: float, confidence: float, accuracy: float) -> str:
    """The diagram in words."""
    gap = confidence - accuracy
    way = "as sure as right"
    if abs(gap) > 0.005:
        way = "surer than it is right" if gap > 0 else "less sure than it is right"
    return (
        f"On the whole it is {per_cent(confidence)} sure and {per_cent(accuracy)} right: {way}. The gap between "
        f"the two, averaged over ten bins of confidence, is {error:.3f} (expected calibration error)."
    )


def progress(what: str, done: int, total: int, left: float | None) -> str:
    """How far it is, and how long the rest takes."""
    said = f"{what[:1].upper()}{what[1:]}: {done:,} of {total:,}"
    return said if left is None or done >= total else f"{said}, about {duration(left)} left"


def duration(seconds: float) -> str:
    """Seconds in sensible words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def held_out(data: str) -> str:
    """The name of a group of pictures that a model was not trained on, of the set that it was."""
    return HELD_OUT.format(data=data)
