"""Learning curves on paper: every line is drawn as it is given, and text stays text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mvfa_core.figures.curves import GAP_LOG, Line, as_bytes, learning_curves


def test_lines_levels_and_units() -> None:
    loss = [Line("mine", "#0072b2", "dash", [10, 20, 30], [50.0, 5.0, 0.5])]
    accuracy = [Line("mine", "#0072b2", "solid", [10, 20], [0.25, 0.5]), Line("paper", "#e69f00", level=0.75)]
    left, right = learning_curves({"Loss": loss, "Accuracy": accuracy}, shares=["Accuracy"]).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [50.0, 5.0, 0.5])
    assert left.get_yscale() == "log" and left.lines[0].get_linestyle() == "--"
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [25.0, 50.0])
    assert right.get_yscale() == "linear" and right.get_title() == "Accuracy, %"
    np.testing.assert_array_equal(right.lines[1].get_ydata(), [75.0, 75.0])
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["mine", "paper"]


def test_a_file_of_each_kind() -> None:
    figure = learning_curves({"Loss": [Line("mine", "#0072b2", "solid", [1, 2], [1.0, 2.0])]})
    assert as_bytes(figure, "pdf").startswith(b"%PDF") and as_bytes(figure, "png").startswith(b"\x89PNG")
    assert b">mine</text>" in as_bytes(figure, "svg")


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="panels: expected at least one, got 0"):
        learning_curves({})
    with pytest.raises(ValueError, match="dash"):
        learning_curves({"Loss": [Line("mine", "#000000", "wavy", [1], [1.0])]})
    with pytest.raises(ValueError, match="kind"):
        as_bytes(learning_curves({"Loss": []}), "gif")


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, -math.inf, None])
def test_what_cannot_be_drawn_is_a_gap_and_a_word(bad: float | None) -> None:
    """On a logarithmic axis zero is such a value, too: the curve neither dives nor leads across."""
    values = [100.0, bad, 10.0, bad, 1.0, 0.5]
    (axes,) = learning_curves({"Loss": [Line("mine", "#0072b2", "solid", range(6), values)]}).axes
    drawn = axes.lines[0]
    np.testing.assert_array_equal(drawn.get_ydata(), [100, np.nan, 10, np.nan, 1, 0.5])
    assert axes.get_yscale() == "log" and axes.get_ylim()[0] > 0.1
    assert drawn.get_markevery() == [0, 2], "no line leads to these two"
    assert [text.get_text() for text in axes.texts] == [GAP_LOG]


def test_zero_and_below_stay_on_a_linear_axis() -> None:
    (axes,) = learning_curves({"Loss": [Line("mine", "#0072b2", "solid", [1, 2, 3], [-1.0, 0.0, 1.0])]}).axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [-1, 0, 1])
    assert axes.get_yscale() == "linear" and not axes.texts


@pytest.mark.parametrize("values", [[5.0], [math.nan], [None, None], [math.inf, 1.0]])
def test_a_single_point_and_nothing_at_all(values: list[float | None]) -> None:
    figure = learning_curves({"Loss": [Line("mine", "#0072b2", "solid", range(len(values)), values)]})
    alone = [place for place, value in enumerate(values) if value is not None and math.isfinite(value)]
    assert (figure.axes[0].lines[0].get_markevery() or []) == alone
    assert as_bytes(figure, "png").startswith(b"\x89PNG")
