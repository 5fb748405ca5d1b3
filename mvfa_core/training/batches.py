"""The batch of a step: which pictures, how augmented, with what labels. Everything random in it, and in the model's
step that follows, comes from (seed, step) alone.

    B images · S side in px · C classes
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from mvfa_core.data.augment import flip_and_crop
from mvfa_core.data.mixing import mix
from mvfa_core.data.sets import DataSet
from mvfa_core.images import normalise
from mvfa_core.training.parallel import ALONE, World
from mvfa_core.training.recipes import Recipe


@dataclass(frozen=True)
class Batch:
    """Pictures on the training device with their labels.

    Attributes:
        image_B3SS: augmented and normalised.
        labels_B: class indices.
        targets: what the loss compares with: `labels_B`, or (B, C) probabilities of mixed pictures.
    """

    image_B3SS: torch.Tensor
    labels_B: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Fetched:
    """The pictures of a step on their way to the device, or there: as they lie on disk, with their labels. They are
    `rows` of the batch of that `step`."""

    step: int
    rows: tuple[int, ...]
    raw_BSS3: torch.Tensor
    labels_B: torch.Tensor


def fetch(data: DataSet, recipe: Recipe, step: int, device: torch.device, world: World = ALONE) -> Fetched:
    """The pictures that this process needs for its part of the batch of that step. Nothing in it is random, so they may
    be fetched before their turn."""
    index = batch_index(len(data.train), recipe.batch, recipe.seed, step)
    rows = tuple(range(len(index))[world.part(len(index))])
    if world.size > 1 and recipe.mix in ("mixup", "cutmix"):
        rows = ((rows[0] - 1) % len(index), *rows)  # each row is mixed with the one before it
    picked = index[list(rows)]
    raw_BSS3, labels_B = (to_device(array[picked], device) for array in (data.train.images, data.train.labels))
    return Fetched(step, rows, raw_BSS3, labels_B)


def batch_of(
    data: DataSet,
    recipe: Recipe,
    step: int,
    device: torch.device,
    world: World = ALONE,
    fetched: Fetched | None = None,
) -> Batch:
    """This process's part of the batch of that step, the same whether the steps before it were run or not. Seeds
    torch's global generator, for mixing, random anchors and any dropout in the backbone.

    All processes draw the numbers of the whole batch, so that each picture gets its own wherever it is.

    Args:
        fetched: its pictures, if they are fetched already; those of another step are left alone.
    """
    if fetched is None or fetched.step != step:
        fetched = fetch(data, recipe, step, device, world)
    whole = min(recipe.batch, len(data.train))
    seed = _mixed(recipe.seed, step)
    torch.manual_seed(seed)
    image_B3SS, labels_B = normalise(fetched.raw_BSS3), fetched.labels_B
    if recipe.augment == "flip-crop":
        image_B3SS = flip_and_crop(image_B3SS, torch.Generator().manual_seed(seed), fetched.rows, whole)
    image_B3SS, targets = mix(image_B3SS, labels_B, len(data.classes), recipe.mix, fetched.rows, whole)
    neighbours = len(fetched.rows) - len(range(whole)[world.part(whole)])
    if not world.first:  # anchors and dropout are drawn next; no two processes draw the same ones
        torch.manual_seed(_mixed(seed, world.rank))
    return Batch(image_B3SS[neighbours:], labels_B[neighbours:], targets[neighbours:])


def to_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """An array as a tensor on the device. A GPU fetches it from pinned memory while the program goes on."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def batch_index(n: int, batch: int, seed: int, step: int) -> np.ndarray:
    """The sorted indices of the pictures in one batch: a fresh permutation every epoch, its rest dropped.

    Sorted, because the pictures lie on disk in their order and a batch has none.
    """
    batch = min(batch, n)
    epoch, place = divmod(step, n // batch)
    return np.sort(_epoch_order(n, seed, epoch)[place * batch : (place + 1) * batch])


@lru_cache(maxsize=2)
def _epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(n)


def _mixed(seed: int, step: int) -> int:
    """One seed from two numbers, without the overlaps that seed + step would have."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1)[0])
