"""Every sentence of the page that asks about a rectangle."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_region as here
from app.base.wording.wording import percent, plain

i18n.speaks(__name__)

NAV = "Region"
TITLE = "What would it say about this part alone?"
INTRO = (
    "Drag a rectangle over the picture. The main head answers for the mean of the features inside it, as it does for "
    "every view; the network is not run again."
)
BEST = "Search the best rectangle for the class"
BEST_HELP = "Tries every rectangle of the grid. This search is ours, not the paper's."
BEST_CAPTION = (
    "Of all {count} rectangles, the one with the most evidence for {name}: how far its log-odds lead the whole "
    "picture's, summed over its cells. The search is ours, not the paper's."
)
BEST_TAG = "best for {name}: {share}"
TAG = "{name}, {share}"
USE_BEST = "Ask about the best rectangle"
WHOLE = "Ask about the whole picture"
ASK = {
    "label": "The picture: drag a rectangle; the arrow keys move it, with Shift they resize it",
    "saves": ["Save the picture as PNG", "Save the answer as JSON"],
    "readout": "{columns} × {rows} cells, from ({x0}, {y0}) to ({x1}, {y1})",
}
HEAD_REGION = "This rectangle"
HEAD_PICTURE = "The whole picture"
VERDICT = {"class": "Class", "caption": "Confidence in each class for the rectangle and for the whole picture"}
CAPTION = (
    "A rectangle holds what its cells saw, and each cell saw further than its own square. Evidence, not cause: what "
    "stands outside may have coloured what is inside."
)
CAPTION_GAP = (
    "This model was trained on the mean of the whole map only; it never learned to judge parts, so take its answers "
    "for small rectangles as a curiosity."
)
TO_VIEWS = "See how the model's own regions vote"

ANSWER_PART = "From these {cells} of {all} cells alone it says **{name}**, {share} sure."
ANSWER_ALL = "From all {all} cells in one mean it says **{name}**, {share} sure."


def answer(name: str, share: float, cells: int, all_cells: int) -> str:
    """The head's answer for the rectangle."""
    template = here.ANSWER_PART if cells < all_cells else here.ANSWER_ALL
    return template.format(cells=cells, all=all_cells, name=plain(name), share=percent(share))
