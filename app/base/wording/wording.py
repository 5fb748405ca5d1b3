"""Every sentence on the screen. Class, file and run names come from outside: they pass through `plain` on their way."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.base import i18n
from app.base.wording import wording as here
from mvfa_core.names import visible
from mvfa_core.percent import of_count
from mvfa_core.pictures import Note

i18n.speaks(__name__)

LONGEST = 1_000
"""Characters of a text from outside."""

APP = "MFA"
EXPLORE = "Explore"
TRAIN = "Train"

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=@&/])")

# Markdown makes links of what reads like an address, escaped or not: a sign of no width keeps its parts apart.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no links, pictures, colours or formulas can be smuggled in with a name."""
    shown = _ADDRESS.sub(_JOINER, visible(" ".join(text.split()), LONGEST))
    return _MARKUP.sub(r"\\\1", shown)


def picture_notes(notes: Sequence[Note]) -> str:
    """What the reader of pictures did to one, in the language of who asks."""
    told = (i18n.library(note.text).format(**note.values) for note in notes)
    return here.PICTURE_NOTES.format(notes=here.PICTURE_NOTES_BETWEEN.join(told))


def percent(share: float) -> str:
    """A confidence with sensible digits. A softmax is never 0 or 1, though its numbers round to that."""
    if share < 0.0005:
        return "< 0.1\u00a0%"
    return "> 99.9\u00a0%" if share >= 0.9995 else f"{100 * share:.1f}\u00a0%"


def share(value: float, digits: int = 1) -> str:
    """A share of a count, which may well be all or nothing: an accuracy, an overlap, a part of the views."""
    return f"{of_count(value, digits)}\u00a0%"


# --- what went wrong ---

ENDED = "This cannot be shown: {why}. Nothing was changed; choose something else, or load the page again."
TOO_LARGE = "it takes more memory than there is"
FILE_GONE = "This file is not on the server (any more): choose it again."
GONE = "{name}: the model is gone, removed or renamed since this page was drawn; choose another"

# --- Explore ---

EXPLORE_TITLE = "Where does the classifier look?"
EXPLORE_INTRO = (
    "Pick a picture, or bring your own. The side panel sets the model, the class, the anchors and the region sizes."
)
GALLERY = "Pictures"
GALLERY_SCENES = "Drawn scenes, large to small"
GALLERY_OUTSIDE = "Photos this model wasn't trained on"
GALLERY_PHOTOGRAPHS = "Photos"
GALLERY_OWN = "Yours"

PICTURE = "Picture"
OWN_PICTURE = "Use your own picture"
OWN_PICTURE_FILE = "A picture file"
OWN_PICTURE_SHOT = "A photograph from the camera"
OWN_PICTURE_WAYS = ("File", "Camera")
OWN_PICTURE_PASTE = {
    "hint": "or paste one anywhere (Ctrl+V)",
    "reading": "reading the pasted picture",
    "large": "The pasted picture is larger than 48 MiB; save a smaller copy of it.",
}
OWN_PICTURE_PASTED = "pasted picture"
OWN_PICTURE_BROKEN = "The pasted picture did not arrive whole. Paste it again, or save it and upload the file."
PICTURE_NOTES = "How this picture was read: {notes}."
PICTURE_NOTES_BETWEEN = "; "
OWN_PICTURE_LOST = (
    "This view was of somebody's own picture, and this server does not have it. Open the picture again to see it here. "
    "Until then the view shows an example."
)
OWN_PICTURE_NOTE = "It is kept for this session only; a link does not carry it."
MODEL = "Model"
MODEL_HELP = "The first ones come with the app; those under runs/ you trained here."
OWN_MODEL = "Use your own model"
PICTURE_GONE = "The picture {name} is not there any more. The view shows an example."
MODEL_GONE = "The model {name} is not there any more. The view shows this one."
OWN_MODEL_NOTE = "What the file says of its classes and settings is read from it; the rest is asked for here."
OWN_MODEL_NOTE_SHARED = OWN_MODEL_NOTE + " Only you can see it; it is removed 15 minutes after you leave."
OWN_MODEL_REMOVE = "Remove {name}"
OWN_MODEL_AGAIN = "Your own model is not on this server any more. Upload it again to go on with it."
METHOD = "Method"
CLASS = "Class to explain"
CLASS_PREDICTED = "(predicted)"
K = "Anchors K"
K_HELP = "The K highest cells of AdaCAM become anchors."
SIZES = "Region sizes L_R, in cells"
SIZES_HELP = "Around every anchor one region of each size is cut out, so there are K × R views."
SIZES_NONE = "At least one size is needed; the model's own are used."
DISTINCT = "Leave out near doubles"
DISTINCT_HELP = "Skips a region that overlaps a better one by more than half. Off is what the paper shows."
NO_MODEL = "There is no model yet. Train one, or use your own."
SERVER_BUSY = "The server is busy with the questions of others. Nothing is lost: try again in a moment."
SQUASH_NOTE = (
    "The picture of {width} × {height} px is squashed, not cropped, to a square for the network. Maps and boxes are "
    "drawn back at its own proportions, so a cell here is {cell_width:.0f} × {cell_height:.0f} px."
)
NARROWED = (
    "This model knows {known:,} classes. All of them would take more memory than this server allows; shown are the "
    "{shown:,} likeliest for this picture, and shares are among those."
)

MAPS_TITLE = "Where the evidence lies"
REGIONS_TITLE = "Which regions vote"
VERDICT_TITLE = "The verdict, class by class"

UNIT = "logits"
NOT_FINITE = "The model returned values that are not numbers here. There is nothing honest to draw."
NO_CAM = "CAM needs a linear head after the pooling. This head has a hidden layer: see Grad-CAM."

CAM_CAPTION = (
    "The auxiliary head's weights for {name}, applied to each cell. Red speaks for the class, blue against it."
)
CAM_CAPTION_GAP = "The head's weights for {name}, applied to each cell. Red speaks for the class, blue against it."
GRAD_CAM_CAPTION = (
    "How much each cell would move the ensemble's score for {name}, from gradients; times H·W, so its unit is CAM's."
)
GRAD_CAM_CAPTION_GAP = (
    "The same question answered by gradients. With a linear head after GAP it equals CAM, up to its constant."
)
ADACAM_CAPTION = (
    "All class maps, each weighted by its probability. It needs no label; its highest cells become the anchors."
)
ADACAM_CAPTION_GAP = "All class maps, each weighted by its probability. GAP makes no use of it: it only averages."
ANCHORS_TITLE = "Anchors"
ANCHORS_SYMBOL = "V, K = {k}"
ANCHORS_CAPTION = "The {k} highest cells of AdaCAM. A larger dot ranks higher."
ANCHORS_FIRST = "rank 1"
ANCHORS_LAST = "rank {k}"
ANCHORS_REST = "{k} of {cells} cells are anchors"
TOP_ONE_TITLE = "Top-1 region"
TOP_TEN_TITLE = "Top-10 regions"
TOP_SYMBOL = "of {count} views, for {name}"
TOP_ONE_CAPTION = (
    "The view with the largest s_i,c for {name}, the softmax of its logits g_i. The network saw further than the box: "
    "see Anchors."
)
TOP_TEN_CAPTION = (
    "The ten largest s_i,c, the softmax of the views' logits g_i. Evidence, not cause: hiding a box need not change "
    "the answer."
)
BOX_KEY = "{r} × {r} cells"
BOX_NAME = "{r} × {r}"
BOX_TAG = "{rank}: {r} × {r}, {share}"
BOX_LABEL = "rank {rank}: {r} × {r} cells, {share} sure of {name}"

BOARD = {
    "smooth": "Smooth",
    "cells": "Cells",
    "shared": "Same scale",
    "own": "Scale each map",
    "fixed": "Fixed scale",
    "ends": ["Colours begin at", "Colours end at"],
    "opacity": "Opacity",
    "json": "Numbers (JSON)",
    "save_png": "Save {title} as PNG",
    "save_raw": "Save the numbers of {title} as {kind}",
    "cell": "cell ({x}, {y})",
    "anchor": "anchor {rank} of {count}, A = {value}",
    "no_anchor": "no anchor",
    "inside": "inside {inside} of {count} regions",
    "table": {
        "title": "The numbers as tables",
        "map": "{title}, in {unit}: rows are y, columns are x, in cells",
        "corner": "y \\ x",
        "anchors": ["rank", "x", "y", "A in logits"],
        "name": "class",
        "boxes": ["rank", "size in cells", "sure", "left px", "top px", "right px", "bottom px"],
    },
}

SAVE_CSV = "Save {title} as CSV"
LINES = {"save": "Save {title} as {kind}", "table": "The lines as a table"}

VERDICT_TRUE = "true class"
VERDICT_EXPLAINED = "explained"
HEAD_AUXILIARY = "Auxiliary head, f"
HEAD_ENSEMBLE = "Ensemble of the views"
HEAD_GAP = "GAP head"
VERDICT_NOTE = (
    "The auxiliary head sees the average of the whole map and steers the attention. The ensemble is the answer: "
    "the mean of the votes of all {count} views, as a probability."
)
VERDICT_NOTE_GAP = "One view, the average of the whole map, and one head."
VERDICT = {
    "class": "Class",
    "caption": "Confidence of each head in each class",
    "save": SAVE_CSV.format(title="the verdict"),
}

GAP_TITLE = "This model has no views"
GAP_TEXT = (
    "It averages the whole map into one vector (global average pooling), so there are no anchors and no regions "
    "to show. Choose an MFA model, for example compact_mfa, to see which regions vote."
)
GAP_CHOOSE = "Show compact_mfa instead"

CELL_HINT = "Click a cell in any picture to see what it did; the arrow keys move it."
TO_TRAIN = "Train a model of your own"

SAYS = "It says **{name}**, {share} sure{more}."
SAYS_RIGHT = ", which is right"
SAYS_WRONG = ", but it is a **{truth}**"
SAYS_UNKNOWN = ", but the picture shows a **{truth}**, and this model has no such class"
SAYS_SIZE = "; the object spans {percent:.0f}\u00a0% of the picture's side"
FURTHER = "{count} further classes below these"
CELL = "**Cell ({x}, {y})**  {maps} logits."
CELL_ANCHOR = "It is anchor {rank} and lies in {inside} of the {views} regions."
CELL_NO_ANCHOR = "It is no anchor and lies in {inside} of the {views} regions."
CELL_ADDS = "It adds {value} to the mean vote for {name}."
MAP_ALT = "{title} over the picture: highest at cell ({x}, {y}) with {value} {unit}"
MAP_REST = "from {low} to {high} {unit}"
TOP_REST = "{best} to {last} sure of {name}"
TOP_REST_ONE = "{best} sure of {name}"


def verdict(predicted: str, share: float, truth: str | None, scale: float | None, *, known: bool = True) -> str:
    """The answer in a sentence, and the truth where there is one; `known` is whether the model has a class for it."""
    more = ""
    if truth is not None:
        more = here.SAYS_RIGHT if truth == predicted else here.SAYS_WRONG
        more = (more if known else here.SAYS_UNKNOWN).format(truth=plain(truth))
        more += here.SAYS_SIZE.format(percent=100 * scale) if scale is not None else ""
    return here.SAYS.format(name=plain(predicted), share=percent(share), more=more)


def lost(kind: str, name: str, *, own: bool) -> str:
    """What is said of a picture or model that cannot be had; a picture of one's own is asked for again."""
    if own:
        return here.OWN_PICTURE_LOST
    return (here.PICTURE_GONE if kind == "picture" else here.MODEL_GONE).format(name=plain(name))


def further(count: int) -> str:
    """What stands below the verdict when classes are left out."""
    return here.FURTHER.format(count=count) if count else ""


def cell(
    x: int, y: int, name: str, values: dict[str, float], rank: int | None, inside: int, views: int, share: float | None
) -> str:
    """What one cell did, in sentences."""
    maps = ", ".join(f"{title} {number(value)}" for title, value in values.items())
    parts = [here.CELL.format(x=x, y=y, maps=maps)]
    if views:
        parts.append((here.CELL_ANCHOR if rank else here.CELL_NO_ANCHOR).format(rank=rank, inside=inside, views=views))
    if share is not None:
        parts.append(here.CELL_ADDS.format(value=number(share), name=plain(name)))
    return " ".join(parts)


def number(value: float) -> str:
    """A signed number with sensible digits and a true minus sign."""
    return f"{value:+.3g}".replace("-", "−")


def map_alt(title: str, x: int, y: int, high: float) -> str:
    """A map in words, for those who do not see it."""
    return here.MAP_ALT.format(title=title, x=x, y=y, value=number(high), unit=here.UNIT)


def map_rest(low: float, high: float) -> str:
    """What stands under a map while no cell is pointed at."""
    return here.MAP_REST.format(low=number(low), high=number(high), unit=here.UNIT)


def top_rest(best: str, last: str, count: int, name: str) -> str:
    """What stands under ranked regions while none is pointed at."""
    template = here.TOP_REST_ONE if count == 1 or best == last else here.TOP_REST
    return template.format(best=best, last=last, name=name)
