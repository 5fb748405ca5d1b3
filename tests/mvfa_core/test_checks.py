"""Refusals say what was expected and what was got."""

from __future__ import annotations

import pytest
import torch

from mvfa_core import checks
from tests.mvfa_core.samples import refusal


def test_a_true_condition_passes_and_a_false_one_names_all_three() -> None:
    checks.expect(True, "thing", "one", "two")
    with refusal("thing", "one", "two"):
        checks.expect(False, "thing", "one", "two")


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 5), (2, 0, 4), ()])
def test_dimensions_that_do_not_fit(shape: tuple[int, ...]) -> None:
    with refusal("F", "BDH", str(shape)):
        checks.expect_dims(torch.zeros(shape), "BDH", "F")


def test_something_that_is_no_tensor() -> None:
    with refusal("list"):
        checks.expect_dims([[1.0]], "BD", "F")


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("bad", [[float("nan")], [float("inf")], [float("-inf")], [float("inf"), float("-inf")]])
def test_numbers_that_are_not_finite_are_counted(bad: list[float], dtype: torch.dtype) -> None:
    values = torch.ones(7, dtype=dtype)
    values[: len(bad)] = torch.tensor(bad, dtype=dtype)
    with refusal(f"{len(bad)} NaN", "of 7"):
        checks.expect_finite(values, "F")


def test_finite_numbers_whose_sum_overflows_are_finite() -> None:
    checks.expect_finite(torch.full((4,), 3e38), "F")
    checks.expect_finite(torch.full((4,), 60000.0, dtype=torch.float16), "F")
    checks.expect_finite(torch.ones(3, requires_grad=True), "F")


@pytest.mark.parametrize("k", [0, -1, 13, True, 2.0, "2", None])
def test_k_that_is_not_a_count_of_cells(k: object) -> None:
    with refusal("k", "12", repr(k)):
        checks.expect_k(k, 12)


@pytest.mark.parametrize("k", [1, 12])
def test_k_at_both_ends(k: int) -> None:
    checks.expect_k(k, 12)


@pytest.mark.parametrize("sizes", [(2,), (3, 4), (-1,), (0,), (3.0,), (True,), ("3",)])
def test_sizes_that_are_not_odd_and_positive(sizes: tuple) -> None:
    with refusal("sizes", "odd"):
        checks.expect_sizes(sizes)


def test_no_sizes_at_all() -> None:
    with refusal("sizes", "at least one"):
        checks.expect_sizes([])


def test_sizes_come_back_as_a_tuple_in_their_order() -> None:
    assert checks.expect_sizes(iter([7, 1, 7])) == (7, 1, 7)


@pytest.mark.parametrize("target", [-1, 4, 1.0, True, "1", None])
def test_a_target_that_is_no_class(target: object) -> None:
    with refusal("target", "0 to 3", repr(target)):
        checks.expect_target(target, 4)


def test_an_unknown_choice_lists_the_known_ones() -> None:
    with refusal("'c'", "a, b"):
        checks.expect_choice("c", {"a": 1, "b": 2}, "letter")
