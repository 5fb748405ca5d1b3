"""The pictures that are always there: drawn scenes with known answers, and the photographs that two libraries bring."""

from __future__ import annotations

from PIL import Image

from mvfa_core.data.synthetic import CLASSES, Scene, draw_scene
from mvfa_core.photographs import PHOTOGRAPHS, photograph

SCENE = "scene"
PHOTOGRAPH = "photo"

# Seeds that no training or validation set reaches; shapes from nearly the whole picture down to a few cells.
FIRST_SEED = 2_000_000_000
SCENES = {
    **{15: "ring", 46: "crescent", 44: "cross", 23: "star", 58: "arrow"},
    **{27: "heart", 22: "square", 35: "ring", 14: "cross"},
}


def ids() -> list[str]:
    """The names of all pictures of the gallery, in the order they are shown."""
    return [f"{SCENE}-{number}" for number in SCENES] + [f"{PHOTOGRAPH}-{name}" for name in PHOTOGRAPHS]


def picture(picture_id: str) -> tuple[Image.Image, str | None, float | None]:
    """A picture of the gallery with its true class and the share of the side that its object spans, None where unknown.

    Raises:
        KeyError: a name that is not in `ids()`.
    """
    if picture_id not in ids():
        raise KeyError(picture_id)
    kind, _, name = picture_id.partition("-")
    if kind == PHOTOGRAPH:
        return photograph(name), None, None
    drawn = scene(picture_id)
    assert drawn is not None
    return Image.fromarray(drawn.picture), drawn.name, drawn.scale


def shows(picture_id: str) -> tuple[str, ...]:
    """What a photograph of the gallery shows, by the names that classes may have for it; nothing for other pictures."""
    kind, _, name = picture_id.partition("-")
    return PHOTOGRAPHS[name].shows if kind == PHOTOGRAPH and name in PHOTOGRAPHS else ()


def scene(picture_id: str) -> Scene | None:
    """The drawn scene of that name, with its box and mask; None for a photograph."""
    kind, _, name = picture_id.partition("-")
    if kind == PHOTOGRAPH:
        return None
    return draw_scene(FIRST_SEED + int(name), label=CLASSES.index(SCENES[int(name)]))
