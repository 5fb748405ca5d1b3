"""Where the object of a picture is, if that is known: it was drawn, or a file of boxes lies in its data set's folder or
was given by the visitor."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.base import session
from app.base.i18n import _
from app.services import dataset_pictures, gallery
from app.services.cache import cached
from app.services.gallery import Picture
from mvfa_core.data.annotations import BoxAnnotation, match, read_boxes
from mvfa_core.data.sets import DataError
from mvfa_core.data.synthetic import SIDE, Scene, draw_scene
from mvfa_core.metrics.truth import Truth

BOXES = "boxes.csv"
"""In the folder of a data set, or beside it with the set's name in front."""


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """An object and how it is known: `source` is "drawn" or "file", `file` the name of that file."""

    truth: Truth
    source: str
    file: str = ""


def drawn(picture: Picture) -> GroundTruth | None:
    """The object of a drawn picture; None for any other."""
    scene = _scene(picture.id)
    if scene is None:
        return None
    return GroundTruth(Truth(np.array([scene.box]), (SIDE, SIDE), scene.mask), "drawn")


def _scene(picture_id: str) -> Scene | None:
    if picture_id in gallery.ids():
        return gallery.scene(picture_id)
    seed = dataset_pictures.seed(picture_id)
    return None if seed is None else draw_scene(seed)


def boxes_file(picture: Picture) -> Path | None:
    """The file of boxes that lies with a picture's data set."""
    home = dataset_pictures.home(picture.id)
    if home is None:
        return None
    places = (home / BOXES, home.parent / f"{home.name}-{BOXES}")
    return next((place for place in places if place.is_file()), None)


@cached("files of boxes", megabytes=64, key=lambda file: (str(file), file.stat().st_mtime_ns))
def boxes(file: Path) -> tuple[BoxAnnotation, ...]:
    """What stands in a file of boxes. May raise `DataError`."""
    return read_boxes(file)


def from_boxes(picture: Picture, marked: Sequence[BoxAnnotation], file: str) -> GroundTruth:
    """The object of a picture out of a file of boxes. The only boxes of a file need not bear the picture's name.

    Raises:
        DataError: none of them is for this picture.
    """
    mine: BoxAnnotation | None = marked[0] if len(marked) == 1 else None
    if mine is None:
        try:
            mine = match(marked, [picture.file or picture.id])[0]
        except DataError as error:
            raise DataError(_no_line(file, picture.file or picture.id)) from error
    wide, high = mine.size_px or picture.size_px
    boxes_N4 = np.minimum(mine.boxes_N4, (wide, high, wide, high))
    if not (boxes_N4[:, :2] < boxes_N4[:, 2:]).all():
        raise DataError(_outside(file, wide, high))
    return GroundTruth(Truth(boxes_N4, (wide, high)), "file", file)


def read(name: str, content: bytes) -> tuple[BoxAnnotation, ...]:
    """The boxes of a file of that name and content.

    Raises:
        DataError: a file that cannot be read.
    """
    kind = ".xml" if name.lower().endswith(".xml") else ".csv"
    with tempfile.TemporaryDirectory(prefix="mvfa-boxes-") as folder:
        path = Path(folder) / f"boxes{kind}"  # the visitor's own name stays off the disk
        path.write_bytes(content)
        return read_boxes(path)


def keep(picture: Picture, name: str, content: bytes) -> None:
    """Read a file that the visitor gave, and keep it for this session, for the pictures that it names.

    Raises:
        DataError: a file that cannot be read, or has nothing for this picture.
    """
    marked = read(name, content)
    from_boxes(picture, marked, name)
    session.put(
        session.BOXES, {"name": name, "marked": marked, "only_for": picture.digest if len(marked) == 1 else None}
    )


def given(picture: Picture) -> GroundTruth | None:
    """The object out of the file that the visitor gave; None without one, or if it is about other pictures."""
    kept = session.get(session.BOXES)
    if not kept or kept["only_for"] not in (None, picture.digest):
        return None
    try:
        return from_boxes(picture, kept["marked"], kept["name"])
    except ValueError:
        return None


def _no_line(file: str, name: str) -> str:
    """A file of boxes that has none for this picture."""
    return _("{file}: has no box for {name}; expected a line or an XML file of that name").format(file=file, name=name)


def _outside(file: str, wide: float, high: float) -> str:
    """Boxes that are for another size of the picture."""
    return _("{file}: expected boxes inside {wide:g} x {high:g} px, the size of this picture, got one outside").format(
        file=file, wide=wide, high=high
    )
