"""One door to all data: `load_data("synthetic")` or a folder -> `DataSet`."""

from __future__ import annotations

import numpy as np

from mvfa_core.data.cache import Fields, cached_arrays
from mvfa_core.data.folder import load_folder
from mvfa_core.data.sets import DataSet, PictureSet, Progress, silent
from mvfa_core.data.synthetic import CLASSES, render_set

SYNTHETIC = "synthetic"
SYNTHETIC_TRAIN = 10_000
SYNTHETIC_VAL = 1_000
# Validation scenes count from here, so that no training set, however long, reaches them.
FIRST_VAL_SEED = 1_000_000_000
# Raised when the drawing changes, so that no cache holds yesterday's pictures.
DRAWING = 1


def load_data(
    source: str,
    side: int,
    *,
    seed: int = 0,
    train_n: int | None = None,
    progress: Progress = silent,
) -> DataSet:
    """The synthetic set by its name, or a folder of pictures by its path, squashed to side x side px.

    Args:
        seed: of the split, where a folder has none of its own.
        train_n: how many synthetic pictures to draw for training.

    Raises:
        DataError: the folder is not there or not laid out in class sub-folders.
    """
    if source != SYNTHETIC:
        return load_folder(source, side, seed=seed, progress=progress)
    train = _drawn("train", 0, train_n or SYNTHETIC_TRAIN, side, progress)
    val = _drawn("val", FIRST_VAL_SEED, SYNTHETIC_VAL, side, progress)
    return DataSet(SYNTHETIC, CLASSES, train, val)


def _drawn(split: str, first: int, count: int, side: int, progress: Progress) -> PictureSet:
    seeds = range(first, first + count)

    def make(start: int, stop: int) -> dict[str, np.ndarray]:
        return render_set(seeds[start:stop], side)._asdict()

    fields: Fields = {
        "images": ((side, side, 3), np.uint8),
        "labels": ((), np.int64),
        "scales": ((), np.float32),
        "boxes": ((4,), np.float32),
    }
    key = f"synthetic-{DRAWING}-{split}-{side}-{count}"
    drawn = cached_arrays(key, count, fields, make, what=f"drawing {split} pictures", progress=progress)
    names = tuple(str(seed) for seed in seeds)
    labels, scales, boxes = (np.array(drawn[field]) for field in ("labels", "scales", "boxes"))
    return PictureSet(drawn["images"], labels, names, scales, boxes)
