"""The pictures of a data set one by one, each by its place in its side, drawn ones and files alike.

N pictures · S side in px
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mvfa_core.checks import expect
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.folder import Listing, load_listed, subset
from mvfa_core.data.sets import DataError, PictureSet, Progress, silent
from mvfa_core.data.sources import FIRST_VAL_SEED, SYNTHETIC_TRAIN, SYNTHETIC_VAL, find_data, load_data
from mvfa_core.data.synthetic import CLASSES, draw_scene, render_set
from mvfa_core.images import open_picture
from mvfa_core.survey.request import Request

MOST_DRAWN = 1_000_000
"""Drawn pictures that have a place: as many seeds as lie before those of the next side."""


@dataclass(frozen=True)
class Side:
    """One side of a data set, nothing of it decoded. `listing` and `home` are None for drawn pictures."""

    data: str
    side: str
    classes: tuple[str, ...]
    count: int
    home: Path | None = None
    listing: Listing | None = None

    def name(self, place: int) -> str:
        """The name of a picture: its path below the folder, or its seed."""
        return str(self._seed(place)) if self.listing is None else self.listing.files[place]

    def open(self, place: int) -> tuple[Image.Image, str, float | None]:
        """A picture as it is on disk, its class, and its object's scale where that is known.

        Raises:
            ValueError: no such place. PictureError: the file is gone or cannot be read.
        """
        most = MOST_DRAWN if self.listing is None else self.count
        expect(0 <= place < most, "place", f"a place from 0 to {most - 1}", place)
        if self.listing is None:
            scene = draw_scene(self._seed(place))
            return Image.fromarray(scene.picture), scene.name, scene.scale
        assert self.home is not None
        return open_picture(self.home / self.listing.files[place]), self.classes[self.listing.labels[place]], None

    def _seed(self, place: int) -> int:
        return place + (FIRST_VAL_SEED if self.side == "val" else 0)


def side_of(data: str, side: str, seed: int = 0) -> Side:
    """The side of a data set, without decoding or drawing anything.

    Raises:
        DataError: the data is not there, or not laid out as it should be.
    """
    if data == SYNTHETIC:
        return Side(data, side, CLASSES, SYNTHETIC_VAL if side == "val" else SYNTHETIC_TRAIN)
    found = find_data(data, seed, validate_on="test")
    listing = found.val if side == "val" else found.train
    if found.missing:
        raise DataError(f"{Path(data).name}: {len(found.missing)} listed pictures are not there, "
                        f"first {found.missing[0]}")  # fmt: skip
    return Side(data, side, found.classes, len(listing.files), found.home, listing)


def spread(count: int, limit: int | None) -> np.ndarray:
    """The places that are looked at, in order: all, or `limit` of them at equal distances, since folders list their
    pictures class by class."""
    if limit is None or limit >= count:
        return np.arange(count)
    return np.arange(limit) * count // limit


class Gathered:
    """The pictures of a request at the side of a model, handed out in batches.

    Attributes:
        side: where they are from. places_N: their places in it; files that cannot be read are left out.
    """

    def __init__(self, request: Request, side_px: int, progress: Progress = silent) -> None:
        self.side = side_of(request.data, request.side, request.seed)
        self.places_N = spread(self.side.count, request.limit)
        self.side_px = side_px
        self._all: PictureSet | None = None
        if self.side.listing is not None:
            self._decode(progress)
        elif request.side == "val" and len(self.places_N) == self.side.count:
            self._all = load_data(
                SYNTHETIC, side_px, splits=("val",), progress=progress
            ).val  # kept for `eval` and training

    def _decode(self, progress: Progress) -> None:
        assert self.side.home is not None and self.side.listing is not None
        listing = subset(self.side.listing, self.places_N)
        name = self.side.side
        found = load_listed(self.side.home, self.side.classes, {name: listing}, self.side_px, progress=progress)
        pictures: PictureSet = getattr(found, name)
        self._all = pictures
        place_of = dict(zip(listing.files, self.places_N.tolist(), strict=True))
        self.places_N = np.array([place_of[name] for name in pictures.names])

    def __len__(self) -> int:
        return len(self.places_N)

    def batch(self, start: int, stop: int) -> PictureSet:
        """The pictures from `start` to `stop`, counted among those that are looked at."""
        places = self.places_N[start:stop]
        names = tuple(self.side.name(int(place)) for place in places)
        if self._all is None:
            drawn = render_set([int(name) for name in names], self.side_px)
            return PictureSet(drawn.images, drawn.labels, names, drawn.scales)
        known = self._all
        scales = None if known.scales is None else known.scales[start:stop]
        return PictureSet(np.array(known.images[start:stop]), known.labels[start:stop], names, scales)
