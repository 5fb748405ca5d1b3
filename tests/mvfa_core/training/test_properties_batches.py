"""What holds of the batches of a training: which pictures, how turned and mixed, and for which process."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mvfa_core.data.augment import flip_and_crop
from mvfa_core.data.mixing import MIXINGS, mix
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.training.batches import batch_index, batch_of, fetch, to_device
from mvfa_core.training.parallel import World
from mvfa_core.training.recipes import Recipe
from tests.corpus.drawn import SEEDS, few, fewer, refused, rng, tensor

CPU = torch.device("cpu")


@few
@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 5), st.integers(0, 30))
def test_batches_of_an_epoch(n: int, batch: int, seed: int, step: int) -> None:
    """Every picture at most once an epoch; the same again whenever it is asked."""
    index = batch_index(n, batch, seed, step)
    assert len(index) == min(batch, n) == len(set(index.tolist())) and (np.diff(index) > 0).all()
    steps = n // min(batch, n)
    start = step // steps * steps
    epoch = np.concatenate([batch_index(n, batch, seed, one) for one in range(start, start + steps)])
    assert len(set(epoch.tolist())) == len(epoch) and (batch_index(n, batch, seed, step) == index).all()


@fewer
@given(SEEDS, st.integers(0, 20), st.sampled_from(MIXINGS), st.sampled_from(["none", "flip-crop"]))
def test_batches(seed: int, step: int, mixing: str, augment: str) -> None:
    """A batch follows from seed and step alone, and parts of several processes make up the whole."""
    draw = rng(seed)
    pictures = PictureSet(
        draw.integers(0, 256, (6, 16, 16, 3), dtype=np.uint8), draw.integers(0, 3, 6), tuple("abcdef")
    )
    data = DataSet("d", ("a", "b", "c"), pictures, pictures)
    recipe = Recipe(batch=4, seed=seed % 10**9, mix=mixing, augment=augment, k=1)
    one, again = (batch_of(data, recipe, step, CPU) for _ in range(2))
    assert torch.equal(one.image_B3SS, again.image_B3SS) and torch.equal(one.targets, again.targets)
    assert torch.equal(to_device(np.arange(3), CPU), torch.arange(3))
    if one.targets.ndim == 2:
        torch.testing.assert_close(one.targets.sum(1), torch.ones(4))
    ahead = fetch(data, recipe, step, CPU)
    assert torch.equal(batch_of(data, recipe, step, CPU, fetched=ahead).image_B3SS, one.image_B3SS)
    assert torch.equal(batch_of(data, recipe, step, CPU, fetched=fetch(data, recipe, step + 1, CPU)).image_B3SS,
                       one.image_B3SS)  # fmt: skip
    parts = [batch_of(data, recipe, step, CPU, World(rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat([part.image_B3SS for part in parts]), one.image_B3SS)


@few
@given(st.integers(1, 3), st.integers(4, 24), st.integers(4, 24), SEEDS)
def test_flips_and_crops(b: int, height: int, width: int, seed: int) -> None:
    """No value beyond those of the picture, one colour stays one colour, and the seed says everything."""
    image = tensor(seed, b, 3, height, width)
    found = flip_and_crop(image, torch.Generator().manual_seed(seed))
    assert found.shape == image.shape and torch.equal(found, flip_and_crop(image, torch.Generator().manual_seed(seed)))
    assert (found.amax((2, 3)) <= image.amax((2, 3)) + 1e-5).all() and (
        found.amin((2, 3)) >= image.amin((2, 3)) - 1e-5
    ).all()
    plain = torch.ones_like(image)
    torch.testing.assert_close(flip_and_crop(plain, torch.Generator().manual_seed(seed)), plain)


@few
@given(st.integers(2, 4), st.integers(4, 16), SEEDS, st.sampled_from([*MIXINGS, "blend"]))
def test_mixing(b: int, side: int, seed: int, name: str) -> None:
    """Labels stay shares of as many pictures; cutout leaves the classes alone and takes at most its square."""
    image, labels = tensor(seed, b, 3, side, side), torch.arange(b) % 3
    torch.manual_seed(seed)
    with refused(name in MIXINGS):
        mixed, targets = mix(image, labels, 3, name)
        assert mixed.shape == image.shape
        if name in ("none", "cutout"):
            assert torch.equal(targets, labels) and ((mixed == image) | (mixed == 0)).all()
        else:
            torch.testing.assert_close(targets.sum(1), torch.ones(b))
            wanted = torch.nn.functional.one_hot(labels, 3).float().sum(0)
            torch.testing.assert_close(targets.sum(0), wanted)


@few
@given(st.integers(0, 50), st.integers(1, 6))
def test_parts_of_the_world(n: int, size: int) -> None:
    parts = [list(range(n))[World(rank, size).part(n)] for rank in range(size)]
    assert [one for part in parts for one in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@fewer
@given(SEEDS, st.integers(1, 4), st.integers(4, 20), st.integers(4, 20))
def test_cutout_is_torchvisions(seed: int, b: int, height: int, width: int) -> None:
    """The squares that torchvision erases picture by picture, and each picture the same in a part of the batch."""
    from torchvision.transforms import v2

    image, labels = tensor(seed, b, 3, height, width), torch.zeros(b, dtype=torch.int64)
    erase = v2.RandomErasing(p=1.0, scale=(1 / 16, 1 / 16), ratio=(1.0, 1.0), value=0)
    torch.manual_seed(seed)
    wanted = torch.stack([erase(picture) for picture in image])
    torch.manual_seed(seed)
    whole, _ = mix(image, labels, 2, "cutout")
    assert torch.equal(whole, wanted)
    rows = list(range(b))[b // 2 :]
    torch.manual_seed(seed)
    part, _ = mix(image[rows], labels[rows], 2, "cutout", rows, b)
    assert torch.equal(part, wanted[rows])
