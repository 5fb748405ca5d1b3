"""Likeness of maps against SciPy and sets by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from mvfa_core.analysis.similarity import map_similarity


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_rank_correlation_is_scipys(rng: np.random.Generator) -> None:
    a_HW, b_HW = rng.normal(size=(5, 8)), rng.integers(0, 4, (5, 8)).astype(float)
    assert map_similarity(a_HW, b_HW, 3).rank == pytest.approx(spearmanr(a_HW.ravel(), b_HW.ravel()).statistic)


def test_shared_cells_by_hand() -> None:
    a_HW, b_HW = np.array([[9.0, 8, 1], [0, 0, 0]]), np.array([[9.0, 0, 1], [0, 8, 0]])
    assert map_similarity(a_HW, b_HW, 2).shared == pytest.approx(1 / 3)
    assert map_similarity(a_HW, b_HW, 6).shared == 1


def test_the_same_and_the_opposite(rng: np.random.Generator) -> None:
    a_HW = rng.normal(size=(4, 6))
    assert map_similarity(a_HW, 3 * a_HW + 2, 5).rank == pytest.approx(1)
    assert map_similarity(a_HW, 3 * a_HW + 2, 5).shared == 1
    assert map_similarity(a_HW, -a_HW, 5).rank == pytest.approx(-1)
    assert map_similarity(a_HW, -a_HW, 5).shared == 0


def test_a_constant_map_has_no_order() -> None:
    assert math.isnan(map_similarity(np.ones((3, 3)), np.eye(3), 1).rank)


@pytest.mark.parametrize(
    ("b_HW", "k", "words"),
    [
        (np.ones((3, 2)), 1, "grid"),
        (np.full((2, 3), np.nan), 1, "finite"),
        (np.ones((2, 3)), 0, "from 1 to H"),
        (np.ones((2, 3)), 7, "from 1 to H"),
    ],
)
def test_refusals(b_HW: np.ndarray, k: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        map_similarity(np.ones((2, 3)), b_HW, k)
