"""What the classes of the bundled models are called in the languages of the screen.

The name itself is the value that models, files and addresses hold; only what is shown is translated.
"""

from __future__ import annotations

from mvfa_core.data.classes import IMAGENETTE_NAMES
from mvfa_core.i18n import NC_
from mvfa_core.i18n.catalogues import translations

TRANSLATED = (
    # the ten shapes
    NC_("class", "circle"),
    NC_("class", "triangle"),
    NC_("class", "square"),
    NC_("class", "star"),
    NC_("class", "cross"),
    NC_("class", "ring"),
    NC_("class", "crescent"),
    NC_("class", "heart"),
    NC_("class", "arrow"),
    NC_("class", "bolt"),
    # Imagenette
    NC_("class", "tench"),
    NC_("class", "English springer"),
    NC_("class", "cassette player"),
    NC_("class", "chain saw"),
    NC_("class", "church"),
    NC_("class", "French horn"),
    NC_("class", "garbage truck"),
    NC_("class", "gas pump"),
    NC_("class", "golf ball"),
    NC_("class", "parachute"),
    # UC Merced
    NC_("class", "agricultural"),
    NC_("class", "airplane"),
    NC_("class", "baseballdiamond"),
    NC_("class", "beach"),
    NC_("class", "buildings"),
    NC_("class", "chaparral"),
    NC_("class", "denseresidential"),
    NC_("class", "forest"),
    NC_("class", "freeway"),
    NC_("class", "golfcourse"),
    NC_("class", "harbor"),
    NC_("class", "intersection"),
    NC_("class", "mediumresidential"),
    NC_("class", "mobilehomepark"),
    NC_("class", "overpass"),
    NC_("class", "parkinglot"),
    NC_("class", "river"),
    NC_("class", "runway"),
    NC_("class", "sparseresidential"),
    NC_("class", "storagetanks"),
    NC_("class", "tenniscourt"),
)


def class_name(name: str, language: str) -> str:
    """A class as that language calls it; where it has no word, ids in words and spaces for underscores."""
    shown = IMAGENETTE_NAMES.get(name, name)
    if shown in TRANSLATED:
        return translations(language).pgettext("class", shown)
    return shown.replace("_", " ")
