"""Every sentence of the Maps page."""

from __future__ import annotations

import math

from app.base import i18n
from app.base.wording import wording
from app.base.wording import wording_maps as here
from app.base.wording.wording import number, percent, plain

i18n.speaks(__name__)

NAV = "Maps"
TITLE = "Do the maps say the same?"
INTRO = (
    "AdaCAM needs no label because it weighs all class maps by their probability. The paper finds it very close to "
    "the map of the predicted class: here that can be turned, measured and compared with other methods."
)

DIAL_HEADING = "From one class to all of them"
DIAL_TITLE = "Label dial"
DIAL_SYMBOL = "Σ softmax(z / T)_i G_i"
DIAL_CAPTION = (
    "Turn T: near 0 only the likeliest class counts, at 1 it is AdaCAM (Eq. 2), and far above 1 every class counts "
    "the same."
)
DIAL_ENDS = ("one class", "all classes")
DIAL_NAMED = {1.0: "AdaCAM"}
FIRST_TITLE = "Likeliest class"
FIRST_SYMBOL = "G_c, {name}"
FIRST_CAPTION = "The class map of {name} alone, which the auxiliary head finds likeliest in the whole picture."
FIRST_CAPTION_GAP = "The head's map of {name} alone, which it finds likeliest in the whole picture."
MEAN_TITLE = "All classes alike"
MEAN_SYMBOL = "Σ G_i / C"
MEAN_CAPTION = "The mean of all {count} class maps: what is left when no class is preferred."

ALIKE_HEADING = "How alike they are"
ALIKE_AGAINST = "AdaCAM against"
ALIKE_RANK = "Rank correlation"
ALIKE_SHARED = "Highest {k} cells in common, %"
ALIKE_CAPTION = (
    "Rank correlation (Spearman) compares the order of all cells: 1 is the same order, 0 none, −1 the reverse. Cells "
    "in common is intersection over union of the {k} highest of each; 100 % means the same anchors."
)
LIKELIEST = "Map of the likeliest class ({name})"
MEAN = "Mean of all class maps"

OTHERS_HEADING = "What other methods draw"
OTHERS = "Methods"
OTHERS_HELP = (
    "From the grad-cam package, on the same last feature map and the same class. No second pass of the network."
)
OTHERS_NONE = "Choose a method to see its map."
OTHERS_NOTE = (
    "Each keeps its own unit and range: these methods agree on where, not on how much. HiResCAM of a linear head is "
    "the contribution map of the Views page, divided by the number of views. Eigen-CAM asks for no class."
)
OTHERS_CAPTIONS = {
    "Grad-CAM++": "Channels weighted by their positive gradients, after second and third powers of them.",
    "XGrad-CAM": "Channels weighted by gradient times activation, as a share of the channel's sum.",
    "HiResCAM": "Gradient times activation at every cell, summed over channels; it adds up for a linear head.",
    "LayerCAM": "Positive gradients times activation at every cell, summed over channels.",
    "Grad-CAM, cell by cell": "Gradient times activation at every cell, the negative part cut before summing.",
    "Eigen-CAM": "The first principal component of the activations. It knows no class, so its sign means nothing.",
    "EigenGrad-CAM": "The first principal component of gradient times activation; its sign means nothing.",
}
OTHERS_SYMBOL = "for {name}"
OTHERS_UNIT = "own unit"

ATLAS_HEADING = "Every class, every cell"
WINNER_TITLE = "Strongest class"
WINNER_SYMBOL = "arg max_c G_c"
WINNER_CAPTION = "At each cell, the class whose map is highest there. Colours are given by how many cells a class wins."
WINNER_REST = "{name} is strongest in {count} of {cells} cells"
ATLAS_SYMBOL = "f = {share}"
ATLAS_NOTE = "The {shown} likeliest of {count} classes, on one range. f is what the auxiliary head gives the class."
ATLAS_NOTE_ALL = "All {count} classes, on one range. f is what the auxiliary head gives the class."
ATLAS_NOTE_GAP = "The head read at every cell, on one range; f is its answer for the whole picture."
TO_ANCHORS = "See where the views start"

TEMPERATURE = "T = {value:g}: {name} weighs {share}"
TEMPERATURE_NAMED = "T = {value:g} ({called}): {name} weighs {share}"
CLAIM = (
    "AdaCAM and the map of **{name}** {order} and share {cells} of their {k} highest cells; {name} has "
    "{share} of the weight."
)
CLAIM_ORDER = "have a rank correlation of {rank}"
CLAIM_NO_ORDER = "have no common order"


def temperature(value: float, name: str, share: float) -> str:
    """A stop of the dial: T, what it is called, and how much of the weight the likeliest class has."""
    called = here.DIAL_NAMED.get(value)
    template = here.TEMPERATURE_NAMED if called else here.TEMPERATURE
    return template.format(value=value, called=called, name=name, share=percent(share))


def claim(name: str, share: float, rank: float, shared: float, k: int) -> str:
    """The paper's claim, for this picture."""
    order = here.CLAIM_NO_ORDER if math.isnan(rank) else here.CLAIM_ORDER.format(rank=number(rank))
    return here.CLAIM.format(name=plain(name), order=order, cells=wording.share(shared, 0), k=k, share=percent(share))
