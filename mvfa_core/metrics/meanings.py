"""One sentence for every figure, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """title: a few characters for a table's head. sentence: what it says. better: "higher" or "lower"."""

    title: str
    sentence: str
    better: str = "higher"


WANTED = (0.3, 0.5, 0.7)
"""Overlaps with the object's box that count as found."""

FIGURES: dict[str, Meaning] = {
    "pointing": Meaning("pointing", "How often the centre of the largest cell lies in the object's box."),
    "box30": Meaning("box 0.3", "How often the box drawn from the map overlaps the object's box by 0.3 or more."),
    "box50": Meaning("box 0.5", "How often the box drawn from the map overlaps the object's box by one half or more."),
    "box70": Meaning("box 0.7", "How often the box drawn from the map overlaps the object's box by 0.7 or more."),
    "iou": Meaning("IoU", "Mean overlap of the box drawn from the map with the object's box, 0 apart and 1 equal."),
    "energy": Meaning("energy", "The share of the map's positive part that lies in the object's box."),
    "energy_mask": Meaning("on mask", "The share of the map's positive part that lies on the object's own pixels."),
    "pixel_ap": Meaning("pixel AP", "How well the map ranks the object's pixels before all others, 1 at best."),
    "deletion": Meaning(
        "deletion",
        "Mean confidence while cells are greyed out, the largest first.",
        "lower",
    ),
    "insertion": Meaning(
        "insertion", "Mean confidence while cells of a blurred picture are made sharp, the largest first."
    ),
    "road": Meaning(
        "ROAD", "Half of what confidence keeps when the least important pixels are filled in, less the most important."
    ),
    "aurc": Meaning(
        "AURC", "Share of wrong answers that is left, over all shares of answers kept, least doubtful first.", "lower"
    ),
    "auroc": Meaning("AUROC", "The chance that a wrong answer is in more doubt than a right one; 0.5 is a guess."),
    "gain": Meaning("gain", "AUROC less that of the ensemble's own confidence on the same pictures."),
}
MEANINGS: dict[str, str] = {name: figure.sentence for name, figure in FIGURES.items()}

DOUBTS: dict[str, str] = {
    "confidence": "1 less the largest share of the ensemble",
    "entropy": "how unsure each view is by itself, mean entropy in bits",
    "disagreement": "how much the views contradict each other, mutual information in bits",
    "tally": "1 less the share of the views that the answer wins",
}
