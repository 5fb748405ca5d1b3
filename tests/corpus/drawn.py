"""What the properties share: how much is drawn, strategies, a sentence's form, and small models made once."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mvfa_core.experiments.plan import Settings
from mvfa_core.explain import Encoding
from mvfa_core.model import Classifier, build_model
from tests.corpus.feeding import HIDDEN

FEW = int(os.environ.get("MVFA_EXAMPLES", "40"))
few = settings(
    max_examples=FEW,
    derandomize=FEW <= 40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
fewer = settings(few, max_examples=max(FEW // 4, 1))
"""For what takes long: a tenth of a second an example."""
rarely = settings(few, max_examples=max(FEW // 20, 2))
"""For what takes a second."""
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([10**400, -(10**400)]) | st.floats()
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
TEXT = st.text(st.characters(codec=None), max_size=300)
"""Half letters too."""
WORDS = st.text(
    st.sampled_from("abz01 .,-_~/\\:|&%$#{}^\"'<>\n\r\t\0\x1b\u202e\u200b\u00e9\u4e00\U0001f600"), max_size=24
)
"""Few letters, and all that mean something to somebody."""
Grid = tuple[int, int]
GRIDS = st.tuples(st.integers(1, 7), st.integers(1, 9))
SMALL = st.tuples(st.integers(1, 4), st.integers(1, 5))
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.lists(st.integers(-2, 12), max_size=4)
ODD = st.lists(st.sampled_from([1, 3, 5, 9]), min_size=1, max_size=3)
POOLINGS = st.sampled_from(["mfa", "gap"])
HEADS = st.sampled_from(["linear", "mlp", "prototype"])
SETTINGS = st.builds(
    Settings, steps_scale=st.sampled_from([1.0, 0.5, 0.001]), backbone=st.sampled_from([None, "compact"]),
    batch=st.sampled_from([None, 8]), val_every=st.sampled_from([None, 5]), recipe=st.sampled_from([None, "quick"]),
)  # fmt: skip
SIZE_PX = (96, 40)
"""(width, height) of every encoded picture; not square, and no multiple of the grids."""
CLASSES = 4


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def tensor(seed: int, *shape: int, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


def map_of(seed: int, grid: tuple[int, int]) -> np.ndarray:
    """A map with equal values in it more often than not."""
    return rng(seed).integers(-3, 4, grid).astype(np.float32)


@cache
def small_model(pooling: str = "mfa", head: str = "linear") -> Classifier:
    """The smallest backbone; nobody changes it."""
    options = {"k": 1, "sizes": (1, 3)} if pooling == "mfa" else {}
    hidden = {"hidden": [5]} if head == "mlp" else {}
    return build_model("compact", pooling, CLASSES, head=head, head_options=hidden, seed=3, **options).eval()


def encoding(seed: int, grid: tuple[int, int]) -> Encoding:
    """A picture as if it had been through the backbone."""
    channels = small_model().pooling.channels
    return Encoding(tensor(seed, 1, channels, *grid, scale=2.0), SIZE_PX)


def expect_sentence(text: str, longest: int = 2_100) -> None:
    """One line that says something and hides nothing."""
    assert 5 < len(text) < longest, f"{len(text)} characters: {text[:300]!r}"
    assert not HIDDEN.search(text) and "\n" not in text and "Traceback" not in text, repr(text)


@contextmanager
def refused(fits: bool, kind: type[Exception] = ValueError) -> Iterator[None]:
    """Inside, there is no error where it `fits`, and one of the kind with a sentence where it does not."""
    try:
        yield
    except kind as error:
        assert not fits, f"refused: {error}"
        expect_sentence(str(error))
    else:
        assert fits, "was taken"


def digest(value: Any) -> int:
    return zlib.crc32(repr(value).encode(errors="replace"))
