"""Every sentence of the Figures page. What stands on a figure itself is in `mvfa_core/figures/labels`."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_figures as here
from app.base.wording.wording import plain

i18n.speaks(__name__)

NAV = "Figures"
TITLE = "Which figure goes into the paper?"
INTRO = (
    "Choose a kind and pictures; the preview follows. Every file carries its recipe: give it back below, and the same "
    "figure is made again."
)

KIND = "Kind"
KINDS = {
    "fig5": "CAM and AdaCAM (Fig. 5)",
    "fig6": "Learning curves (Fig. 6)",
    "fig7": "Surest regions (Fig. 7)",
    "contributions": "Contribution maps",
    "scale": "Scale profiles",
    "compare": "Models side by side",
    "filmstrip": "Film of a run",
}
MODELS = "Models"
MODELS_HELP = "A row each, in this order."
RUNS = "Runs and bundled models"
RUNS_HELP = "GAP and MFA on the same pictures share a panel; each data set gets one of its own."
FILM = "Run"
NO_FILMS = "No run has a film yet. Train one: six pictures are filmed unless told otherwise."
NO_RUN_CHOSEN = "Choose one or more runs or models in the side panel."
NO_MODEL_CHOSEN = "Choose one or more models in the side panel."
NO_PICTURES = "Choose a picture above: press one in the strip, or let a rule choose."
TO_TRAIN = "Train a model"

# --- pictures ---

PICTURES_STRIP = "Pictures to choose from; press to add or to leave out"
SOURCE = "From"
GALLERY = "gallery"
CHOSEN = "On the figure, in this order"
SEARCH = "Search"
SEARCH_HELP = "Part of a class or file name; in the drawn set, a number."
PAGE = "Part"
FOUND = "{count} found"
FOUND_NONE = "Nothing is called that."
CLEAR = "Clear"
UPLOAD = "Your pictures"
UPLOAD_NOTE = "They are kept for this session only; a link does not carry them."
UPLOAD_FORGET = "Remove my pictures"
MOST = "A figure holds at most {most} pictures here; the command line takes more."
SOURCE_GONE = "These pictures cannot be listed: {why}"
BY_RULE = "By rule"
RULE = "Rule"
RULES = {
    "rescued": "rescued by the views",
    "harmed": "harmed by the views",
    "wrong": "answered wrongly",
    "right": "answered rightly",
    "sure": "confident and wrong",
    "split": "views disagree",
    "one-per-class": "one of each class",
    "random": "at random",
}
RULE_HELP = (
    "Rescued: the auxiliary head is wrong and the ensemble right; harmed: the other way round. The seed shuffles, so "
    "the first few are a fair sample."
)
RULE_DATA = "Data set"
RULE_SIDE = "Split"
SIDES = {"train": "Training", "val": "Validation", "test": "Test", "all": "All pictures"}
RULE_LIMIT = "Look at"
RULE_COUNT = "Take"
RULE_SEED = "Seed"
RULE_GO = "Choose"
RULE_BUSY = "Looking at pictures"
RULE_FAILED = "The rule finds nothing: {why}"

# --- options ---

METHOD = "Method"
TARGET = "Class"
TARGETS = {"true": "its own where known", "predicted": "the predicted one"}
TOP = "Regions in each row"
K = "K (0: the model's)"
SIZES = "L_R (none: the model's)"
FRAMES = "Steps"
PAPER = "Paper"
WIDTH = "Width"
WIDTHS = "{name}, {inches:g} in"
WIDTH_SHOWN = {"single": "single", "double": "double", "slide": "slide"}
COLUMNS = "Side by side (0: all)"
FONT = "Font"
SIZE = "Text, pt"
DPI = "Dots per inch"
LANGUAGE = "Language"
LABELS = "Labels"
BAR = "Colour bar and legend"
LOOK = "Maps and pictures"
PALETTE = "Colours"
SPAN = "Range of values"
SPANS = {"figure": "one for all", "picture": "one a picture", "own": "each its own"}
OPACITY = "Opacity"
SMOOTH = "Smooth between cells"
SHAPE = "Pictures"
SHAPES = {"squash": "squashed, as seen", "own": "own proportions"}

UNDO = "Undo"
UNDO_HELP = "Takes the last change back."

# --- the figure ---

PREVIEW = "Preview"
BUSY = "Drawing the figure"
SAYS = "{inches:g} × {height:.2f} in, {panels}, text of {size:g} pt"
PANELS_ONE, PANELS_MANY = "1 panel", "{n} panels"
CANNOT = "It cannot be drawn: {why}"
SVG_ONLY = "PNG and PDF cannot be written: {why}"
DOWNLOADS = {
    "pdf": "PDF",
    "svg": "SVG",
    "png": "PNG",
    "zip": "All parts",
    "json": "Recipe",
    "tex": "LaTeX",
    "txt": "Caption",
}
DOWNLOAD_HELP = {
    "pdf": "Vectors and real text, fonts embedded.",
    "svg": "Vectors and real text.",
    "png": "Pixels at the chosen dots per inch.",
    "zip": "Every panel as a PNG, the arrays as .npy, the figure in three formats, recipe, LaTeX and caption.",
    "json": "What made the figure; PNG, SVG and PDF hold it too.",
    "tex": "The lines that put the PDF into a paper.",
    "txt": "A draft that states the facts.",
}
CAPTION = "Caption, a draft"
LATEX = "LaTeX"
COMMAND = "Made from"

# --- again ---

AGAIN = "Make one again"
AGAIN_FILE = "A recipe (.json), or a figure with one inside"
AGAIN_NOTE = (
    "Models and pictures are found by their digests. Nothing in the file is executed, and no path in it opened."
)
AGAIN_SAME = "Made again from {name}: the data is the same, bit for bit."
AGAIN_OTHER = "Made again from {name}, but the data is not the same."
AGAIN_CHANGED = "This is what differs:"
AGAIN_BAD = "It cannot be made again: {why}"
AGAIN_FORGET = "Stop comparing"
MISSING_MODEL = "model {name} is not here"
MISSING_PICTURE = "picture {name} is not here; upload it first"
MISSING_RUN = "run {name} is not here"
NOT_LIKELY = (
    "{name} is not among the {shown:,} likeliest of {known:,} classes for a picture, and all of them take more memory "
    "than this server allows; choose another class"
)
TOO_MANY_PANELS = "it has so many panels that it takes more memory than this server allows; choose fewer pictures"
FEWER_DOTS = (
    "With {asked} dots per inch the figure takes more memory than this server allows: files are made with {dpi}."
)
RULE_TOLD = "Chosen by rule: {rule}."


def says(inches: float, height: float, panels: int, size: float) -> str:
    """Size, panels and text of the figure that is shown."""
    counted = (here.PANELS_ONE if panels == 1 else here.PANELS_MANY).format(n=panels)
    return here.SAYS.format(inches=inches, height=height, panels=counted, size=size)


def not_likely(name: str, shown: int, known: int) -> str:
    """The class to explain is not among those that are looked at."""
    return here.NOT_LIKELY.format(name=name, shown=shown, known=known)


def fewer_dots(asked: int, dpi: int) -> str:
    """Files are coarser than asked for."""
    return here.FEWER_DOTS.format(asked=asked, dpi=dpi)


def missing(names: list[str]) -> str:
    """What a recipe names and is not here."""
    return here.AGAIN_BAD.format(why="; ".join(plain(name) for name in names))


def rule_told(rule: str) -> str:
    """How the pictures were chosen."""
    return here.RULE_TOLD.format(rule=plain(rule))


def width(name: str, inches: float) -> str:
    """A width with its inches: of a slide, or of one or two columns of a journal, "cvpr-single" say."""
    shown = "-".join(here.WIDTH_SHOWN.get(part, part) for part in name.split("-"))
    return here.WIDTHS.format(name=shown, inches=inches)
