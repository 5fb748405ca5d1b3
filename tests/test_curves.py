"""Learning curves on paper: every line is drawn as it is given, and text stays text."""

from __future__ import annotations

import numpy as np
import pytest

from mvfa_core.curves import Line, as_bytes, learning_curves


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
