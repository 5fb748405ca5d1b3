"""How fast pictures reach a training step: decoded on the fly, from the cache, and from the cache with augmentation.

B images · S image side in px
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mvfa_core.bench.method import Row, compare
from mvfa_core.data.augment import flip_and_crop
from mvfa_core.data.sources import find_data, load_data
from mvfa_core.data.synthetic import SIDE, draw_scene
from mvfa_core.images import normalise, open_picture, squash
from mvfa_core.losses import classification_loss
from mvfa_core.model import Classifier, build_model

DRAWN = 256
"""Pictures that are drawn and saved as JPEG of 448 px where no data is named."""
DECODE, CACHE, AUGMENTED, STEP = "decode on the fly", "cache", "cache + augmentation", "training step"


@dataclass(frozen=True)
class RatedRow(Row):
    """A row that also knows how many pictures a second its median is."""

    batch: int

    def to_json(self) -> dict:
        facts = super().to_json()
        return facts | {"pictures_per_s": round(self.batch * 1000 / facts["ms"]["median"], 1)}


@dataclass(frozen=True)
class _Source:
    files: list[Path]
    images: np.ndarray


def bench_data(
    backbone: str, rounds: int = 5, batch: int = 8, *, data: str | None = None, device: str = "cpu"
) -> list[RatedRow]:
    """Milliseconds until a batch is a normalised tensor on the device, over a training step of the MFA model on it.

    Args:
        data: a name of the catalogue or a folder; without one, drawn pictures in a temporary folder.

    Both the files and the cache lie in the system's memory after the first round, as in a second epoch.
    """
    model = build_model(backbone, "mfa").to(device).train()
    with _drawn(model.side) if data is None else _named(data, model.side) as source:
        rows = compare(_contestants(source, model, batch, device), STEP, rounds)
    return [RatedRow(row.name, row.milliseconds, row.ratios, batch) for row in rows]


def _contestants(source: _Source, model: Classifier, batch: int, device: str) -> dict[str, Callable[[], object]]:
    rng, flips = np.random.default_rng(0), torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    labels_B = torch.arange(batch, device=device) % 10

    def some() -> np.ndarray:
        return np.sort(rng.choice(len(source.files), batch, replace=len(source.files) < batch))

    def to_device(raw_BSS3: np.ndarray) -> torch.Tensor:
        return normalise(torch.from_numpy(raw_BSS3).to(device, non_blocking=True))

    def decode() -> torch.Tensor:
        size = (model.side, model.side)
        return to_device(np.stack([squash(open_picture(source.files[i]), size) for i in some()]))

    def cache() -> torch.Tensor:
        return to_device(source.images[some()])

    def augmented() -> torch.Tensor:
        return flip_and_crop(cache(), flips)

    image_B3SS = cache()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        classification_loss(model(image_B3SS), labels_B).total.backward()
        optimizer.step()

    return {DECODE: decode, CACHE: cache, AUGMENTED: augmented, STEP: step}


@contextmanager
def _drawn(side: int) -> Iterator[_Source]:
    """Drawn pictures as JPEG files, and decoded in a memory map, as the cache holds them."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{seed}.jpg" for seed in range(DRAWN)]
        stored = np.lib.format.open_memmap(
            Path(folder) / "images.npy", mode="w+", dtype=np.uint8, shape=(DRAWN, side, side, 3)
        )
        for seed, file in enumerate(files):
            Image.fromarray(draw_scene(seed, side=SIDE).picture).save(file, quality=90)
            stored[seed] = squash(open_picture(file), (side, side))
        stored.flush()
        del stored
        yield _Source(files, np.load(Path(folder) / "images.npy", mmap_mode="r"))


@contextmanager
def _named(data: str, side: int) -> Iterator[_Source]:
    train, home = load_data(data, side).train, find_data(data).home
    yield _Source([home / name for name in train.names], train.images)
