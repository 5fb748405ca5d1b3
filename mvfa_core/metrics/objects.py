"""Where the objects of held-out pictures are: drawn scenes know it, others need a file of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from mvfa_core.data.annotations import BoxAnnotation, match, read_boxes
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.sets import DataError, PictureSet, Progress, silent
from mvfa_core.data.sources import find_data
from mvfa_core.data.synthetic import draw_scene
from mvfa_core.images import read_picture
from mvfa_core.metrics.truth import Truth

_ORIENTATION, _ON_THEIR_SIDE = 274, (5, 6, 7, 8)


def objects_of(
    pictures: PictureSet,
    source: str,
    boxes: Path | str | None = None,
    *,
    n: int | None = None,
    seed: int = 0,
    masks: bool = True,
    progress: Progress = silent,
) -> tuple[np.ndarray, list[Truth] | None]:
    """The indices of the first n pictures to measure and, for each, its object.

    Args:
        source: what the pictures were loaded from.
        boxes: a file of boxes (`read_boxes`); only pictures it marks are measured. Without one, drawn pictures come
            with boxes and masks, and of others nothing is known: None.
        seed: that of the division of a folder.
        masks: whether drawn scenes are drawn again for their pixels; without, they come with no truth.

    Raises:
        DataError: boxes that cannot be read, that mark no picture of the set, or that lie outside their picture.
    """
    if boxes is not None:
        found = match(read_boxes(boxes), pictures.names)
        index = np.array(sorted(found)[:n])
        home = find_data(source, seed).home if any(found[i].size_px is None for i in index) else Path()
        return index, [_from_file(home / pictures.names[i], found[i]) for i in index]
    index = np.arange(len(pictures))[:n]
    return index, _drawn(pictures, index, progress) if source == SYNTHETIC and masks else None


def _drawn(pictures: PictureSet, index: Sequence[int] | np.ndarray, progress: Progress) -> list[Truth]:
    truths = []
    for done, i in enumerate(index, start=1):
        scene = draw_scene(int(pictures.names[i]))
        truths.append(Truth(np.array([scene.box]), (scene.mask.shape[1], scene.mask.shape[0]), scene.mask))
        progress("drawing masks", done, len(index))
    return truths


def _from_file(file: Path, marked: BoxAnnotation) -> Truth:
    wide, high = marked.size_px or picture_size(file)
    boxes_N4 = np.minimum(marked.boxes_N4, (wide, high, wide, high))
    if not (boxes_N4[:, :2] < boxes_N4[:, 2:]).all():
        raise DataError(f"{marked.file}: expected boxes inside {wide:g} x {high:g} px, got one outside")
    return Truth(boxes_N4, (wide, high))


def picture_size(file: Path) -> tuple[int, int]:
    """(width, height) in px of a picture file as it is shown, upright, from its header."""
    try:
        with Image.open(file) as picture:
            turned = picture.getexif().get(_ORIENTATION) in _ON_THEIR_SIDE
            return picture.size[::-1] if turned else picture.size
    except (OSError, Image.DecompressionBombError):  # what Pillow alone does not open
        return read_picture(file).size_px
