"""The pictures of a data set one by one, each by its place in its side, drawn ones and files alike.

N pictures · S side in px
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from mvfa_core.checks import expect
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.class_matching import fitted, match
from mvfa_core.data.folder import Listing, load_listed, subset
from mvfa_core.data.sets import PictureSet, Progress, silent
from mvfa_core.data.sources import FIRST_VAL_SEED, SYNTHETIC_TRAIN, load_data
from mvfa_core.data.synthetic import draw_scene, render_set
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.images import open_picture
from mvfa_core.training.split import SIDES, Split, listed

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
        if self.side == "val":
            return place + FIRST_VAL_SEED
        return place if self.side == "train" or place < SYNTHETIC_TRAIN else place - SYNTHETIC_TRAIN + FIRST_VAL_SEED


def side_of(split: Split, side: str) -> Side:
    """A side of a data set, or all of it, without decoding or drawing anything.

    Raises:
        DataError: the data is not there, not laid out as it should be, or has no such side.
    """
    known = listed(replace(split, train_n=None))
    # evaluations and links of before knew no test side: it stands for val where there is no other
    only_test = side == "val" and side not in known.counts and "test" in known.counts
    names = known.side("test" if only_test else side)
    if known.layout is None or known.listings is None:
        return Side(split.data, side, known.classes, sum(known.counts[name] for name in names))
    listings = [known.listings[name] for name in names]
    files = tuple(file for one in listings for file in one.files)
    listing = Listing(files, tuple(label for one in listings for label in one.labels))
    return Side(split.data, side, known.classes, len(files), known.layout.home, listing)


def spread(count: int, limit: int | None) -> np.ndarray:
    """The places that are looked at, in order: all, or `limit` of them at equal distances, since folders list their
    pictures class by class."""
    if limit is None or limit >= count:
        return np.arange(count)
    return np.arange(limit) * count // limit


class Gathered:
    """The pictures of a request at the side of a model, handed out in batches.

    Attributes:
        side: where they are from. places_N: their places in it; files that cannot be read, and pictures of classes that
        the model does not know, are left out. note: what is left out for want of a class, in a sentence.
    """

    def __init__(
        self, request: EvaluationSpec, classes: Sequence[str], side_px: int, progress: Progress = silent
    ) -> None:
        self.side, self.side_px = side_of(request.split, request.side), side_px
        self.matching = match(classes, self.side.classes, request.data_name, join=request.join)
        self.note = self.matching.sentence(request.data_name)
        places_N = np.arange(self.side.count)
        if self.side.listing is not None:
            places_N = places_N[np.array(self.matching.places)[np.array(self.side.listing.labels, dtype=np.int64)] >= 0]
        self.places_N = places_N[spread(len(places_N), request.limit)]
        self._all: PictureSet | None = None
        if self.side.listing is not None:
            self._decode(progress)
        elif self.side.side == "val" and len(self.places_N) == self.side.count:
            self._all = load_data(SYNTHETIC, side_px, splits=("val",), progress=progress).val  # kept for training

    def _decode(self, progress: Progress) -> None:
        assert self.side.home is not None and self.side.listing is not None
        listing = subset(self.side.listing, self.places_N)
        if not listing.files:
            return
        name = self.side.side if self.side.side in SIDES else "val"
        what = f"decoding {self.side.side}"
        found = load_listed(
            self.side.home, self.side.classes, {name: listing}, self.side_px,
            progress=lambda _, done, total: progress(what, done, total),
        )  # fmt: skip
        pictures: PictureSet = getattr(found, name)
        self._all = pictures
        place_of = dict(zip(listing.files, self.places_N.tolist(), strict=True))
        self.places_N = np.array([place_of[name] for name in pictures.names], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.places_N)

    def batch(self, start: int, stop: int) -> tuple[PictureSet, np.ndarray]:
        """The pictures from `start` to `stop`, counted among those that are looked at, with the labels of the model,
        and their places; drawn ones of a class that the model does not know are left out here."""
        places = self.places_N[start:stop]
        names = tuple(self.side.name(int(place)) for place in places)
        if self._all is None:
            drawn = render_set([int(name) for name in names], self.side_px)
            batch = PictureSet(drawn.images, drawn.labels, names, drawn.scales)
        else:
            scales = None if self._all.scales is None else self._all.scales[start:stop]
            batch = PictureSet(np.array(self._all.images[start:stop]), self._all.labels[start:stop], names, scales)
        return fitted(batch, self.matching), places[np.array(self.matching.places)[batch.labels] >= 0]
