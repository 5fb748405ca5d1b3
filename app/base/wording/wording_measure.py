"""Every sentence about how well maps mark the object, on the Maps page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_measure as here
from app.base.wording.wording import percent, share

i18n.speaks(__name__)

HEADING = "Do they mark the object?"
BOXES = "Say where the object is"
BOXES_FILE = "Boxes of this picture, as CSV or VOC XML"
BOXES_NOTE = (
    "A CSV has a line for every box under a header file,x0,y0,x1,y1 in px; the line is found by the picture's name. "
    "It stays in this session."
)
FORGET = "Forget these boxes"
UNKNOWN = (
    "Where the object is, is not known for this picture. It is for all drawn scenes, and for a data set with a file "
    "boxes.csv in its folder; for any other picture a file of boxes can be given here."
)
SOURCES = {
    "drawn": "Drawn, so the box and every pixel of the object are known exactly.",
    "file": "The box is from {name}.",
}
OTHER_CLASS = "The maps explain **{target}**, while the object here is a **{truth}**."

TRUTH = "the object"
FOUND = "box of the map"
BEST = "best rectangle"
BOX_TAG = "{name}, overlap {share}"
TRUTH_TAG = "the object"
BOX_LABEL = "{name}: overlap with the object's box {share}"
MAP_CAPTION = "White: the object's box. Blue: around its largest part above half of its range."
BEST_TITLE = "Best rectangle"
BEST_SYMBOL = "arg max over all rectangles"
BEST_CAPTION = "White: the object's box. Blue: the rectangle with most evidence for the class, which is ours."
CONTRIBUTION_SYMBOL = "M_c, Σ + bias = logit"

METHODS = {
    "CAM": "CAM",
    "Grad-CAM": "Grad-CAM",
    "AdaCAM": "AdaCAM",
    "contribution": "Contribution",
    "centre": "Centre (no model)",
    "best box": "Best rectangle",
}
FIGURE, SAYS = "Figure", "What it says"
NAMES = {
    "pointing": "Pointing game",
    "energy": "Energy in box",
    "energy_mask": "Energy on object",
    "pixel_ap": "Pixels ranked (AP)",
    "iou": "Overlap of boxes (IoU)",
    "deletion": "Deletion, lower is better",
    "insertion": "Insertion",
    "road": "ROAD",
}
SENTENCES = {
    "pointing": "The centre of its largest cell lies in the object's box.",
    "energy": "Share of its positive part in the object's box. Without any preference: {box}.",
    "energy_mask": "Share of its positive part on the object's own pixels. Without any preference: {mask}.",
    "pixel_ap": "How far it ranks the object's pixels before all others. Without any preference: {mask}.",
    "iou": "Overlap of the object's box with the box around its largest part above half of its range.",
    "deletion": "Mean confidence in {name} while cells are greyed out, its largest first.",
    "insertion": "Mean confidence in {name} while cells of a blurred picture are made sharp, its largest first.",
    "road": "Confidence without its least important pixels, less that without its most important, halved.",
}
YES, NO = "yes", "no"
NONE = "–"
AGAIN = "Ask the model without parts of the picture"
AGAIN_HELP = (
    "Deletion, insertion and ROAD run the network on about forty altered copies of the picture for every map. With "
    "compact this takes seconds, with VGG16 on a CPU minutes."
)
AGAIN_STEP = {"deletion": "Deletion and insertion, {name}", "road": "ROAD, {name}"}
SAVE = "Figures (CSV)"
CAPTION = (
    "Centre is a bump in the middle that knows no model: a map should beat it. One picture proves little; the command "
    "measure has the same figures for whole sets, with intervals. Marking the object is not the same as deciding by it."
)
NO_LINE = "{file}: has no box for {name}; expected a line or an XML file of that name"
OUTSIDE = "{file}: expected boxes inside {wide:g} x {high:g} px, the size of this picture, got one outside"


def no_line(file: str, name: str) -> str:
    """A file of boxes that has none for this picture."""
    return here.NO_LINE.format(file=file, name=name)


def outside(file: str, wide: float, high: float) -> str:
    """Boxes that are for another size of the picture."""
    return here.OUTSIDE.format(file=file, wide=wide, high=high)


def figure(name: str, value: float | None) -> str:
    """One number of the table."""
    if value is None:
        return here.NONE
    if name == "pointing":
        return here.YES if value == 1 else here.NO if value == 0 else share(value)
    if name == "road":
        return f"{value:+.3f}".replace("-", "−")
    # these two are means of a softmax, the others shares of a map, of pixels or of an area
    return percent(value) if name in ("deletion", "insertion") else share(value)
