"""What the tests of the core share: cases, random maps, weights as NumPy, and the look at a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from tests.mvfa_core import oracles

DTYPES = [pytest.param(torch.float32, id="float32"), pytest.param(torch.float64, id="float64")]
D, C = 6, 4


class Case(NamedTuple):
    """A grid and a choice of K and L_R."""

    height: int
    width: int
    k: int
    sizes: tuple[int, ...]


CASES = {
    "wide": Case(5, 8, 6, (3, 5)),
    "tall": Case(9, 4, 7, (1, 3, 5)),
    "one anchor": Case(4, 7, 1, (3, 5, 7, 9)),
    "every cell": Case(4, 6, 24, (3, 5)),
    "one size": Case(6, 5, 8, (3,)),
    "single cells": Case(3, 7, 5, (1,)),
    "larger than the grid": Case(3, 5, 4, (5, 21)),
    "sizes in any order, twice": Case(5, 6, 3, (7, 1, 7)),
    "one row": Case(1, 9, 4, (1, 3, 5)),
    "one column": Case(8, 1, 8, (3, 5)),
    "one cell": Case(1, 1, 1, (1, 3)),
}
EVERY_CASE = [pytest.param(case, id=name) for name, case in CASES.items()]
HEADS = {
    "linear": {},
    "mlp": {"hidden": (7,)},
    "deep mlp": {"hidden": (7, 5)},
    "prototype": {"gamma": 0.3},
}


def features(case: Case, dtype: torch.dtype = torch.float64, batch: int = 3, seed: int = 0) -> torch.Tensor:
    """Random F_BDHW with D = 6."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, D, case.height, case.width, generator=generator, dtype=torch.float64).to(dtype)


def array(tensor: torch.Tensor) -> oracles.Array:
    return tensor.detach().to(torch.float64).numpy()


def layer(module: nn.Linear | nn.Conv2d) -> tuple[oracles.Array, oracles.Array]:
    """(W, b) of a fully connected layer or 1x1 convolution."""
    return array(module.weight).reshape(module.weight.shape[0], -1), array(module.bias)


def oracle_head(head: nn.Module) -> oracles.Head:
    """The hand-written head with the weights of `head`."""
    if hasattr(head, "prototypes_CD"):
        return oracles.prototypes(array(head.prototypes_CD), head.gamma)
    return oracles.fully_connected([layer(m) for m in head.modules() if isinstance(m, nn.Linear)])


def close(got: torch.Tensor | np.ndarray, wanted: object, dtype: torch.dtype = torch.float64) -> None:
    """Equal up to the rounding of `dtype`; shapes must agree exactly."""
    got = array(got) if isinstance(got, torch.Tensor) else got
    tolerance = 1e-11 if dtype == torch.float64 else 2e-5
    wanted = np.asarray(wanted)
    assert got.shape == wanted.shape, f"shape {got.shape}, wanted {wanted.shape}"
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@contextmanager
def refusal(*words: str) -> Iterator[None]:
    """A ValueError whose text says what was expected, what was got, and holds all of `words`."""
    with pytest.raises(ValueError) as caught:
        yield
    text = str(caught.value)
    for word in ("expected", "got", *words):
        assert word in text, f"{word!r} is not in {text!r}"
