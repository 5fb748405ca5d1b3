"""Figures that say how good a model and its maps are, beyond one number.

scales.py        accuracy by object scale
truth.py         where the object is, and what lies on it
localisation.py  one map against the truth: pointing game, energy, boxes by threshold, pixels of a mask
crosswise.py     thresholds fixed on other pictures
faithfulness.py  deletion and insertion
road.py          remove and debias, with the imputer of the grad-cam package
uncertainty.py   whether the votes of the views tell errors
intervals.py     bootstrap
methods.py       the maps that are compared
meanings.py      one sentence for every figure
picture.py       the figures of one picture
sets.py          the figures of a set
"""

from mvfa_core.metrics.meanings import FIGURES, MEANINGS
from mvfa_core.metrics.picture import measure_picture
from mvfa_core.metrics.scales import SCALE_EDGES, accuracy_by_scale
from mvfa_core.metrics.truth import Truth

__all__ = ["FIGURES", "MEANINGS", "SCALE_EDGES", "Truth", "accuracy_by_scale", "measure_picture"]
