"""The paper's figures from models and runs of one's own: Figure 5 (CAM beside AdaCAM), Figure 6 (learning curves of GAP
and MFA), Figure 7 (top-1 and top-10 regions). Text stays text in PDF and SVG.

    H W grid in cells
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from mvfa_core import draw
from mvfa_core.checks import expect
from mvfa_core.explanation import Explanation
from mvfa_core.images import squash

SIDE_PX = 448
CELL_INCHES = 1.35
POOLING_COLOURS = {"gap": "#e69f00", "mfa": "#0072b2"}
FORMATS = ("png", "svg", "pdf")


def fig5(pictures: Sequence[Image.Image], explanations: Sequence[Explanation]) -> Figure:
    """One column a picture: the picture, CAM of the explained class, AdaCAM; both maps of a picture on one range.

    Raises:
        ValueError: no picture, or a model without CAM (an MLP head after GAP).
    """
    expect(len(pictures) > 0, "pictures", "at least one", 0)
    figure, axes = _grid(["picture", "CAM", "AdaCAM"], len(pictures))
    for column, (picture, found) in enumerate(zip(pictures, explanations, strict=True)):
        expect(found.cam_HW is not None, "model", "one with CAM (a single-layer head)", "an MLP head after GAP")
        assert found.cam_HW is not None
        shown = squash(picture, (SIDE_PX, SIDE_PX))
        both = np.stack((found.cam_HW, found.adacam_HW))
        limits = float(both.min()), float(both.max())
        axes[0, column].imshow(shown)
        axes[0, column].set_title(found.classes[found.target], fontsize=7)
        for row, values in enumerate((found.cam_HW, found.adacam_HW), start=1):
            axes[row, column].imshow(draw.overlay(shown, values, limits))
    return figure


def fig7(pictures: Sequence[Image.Image], explanations: Sequence[Explanation]) -> Figure:
    """One column a picture: the surest region of the explained class, and the ten surest.

    Raises:
        ValueError: no picture, or explanations of a GAP model, which has no regions.
    """
    expect(len(pictures) > 0, "pictures", "at least one", 0)
    figure, axes = _grid(["top-1", "top-10"], len(pictures))
    for column, (picture, found) in enumerate(zip(pictures, explanations, strict=True)):
        expect(found.sizes is not None, "model", "one with MFA", "GAP, which has no regions")
        assert found.sizes is not None
        shown = squash(picture, (SIDE_PX, SIDE_PX))
        scale = np.array([SIDE_PX / side for side in (*found.size_px, *found.size_px)])
        for row, count in enumerate((1, 10)):
            top = found.top(count)
            colours = [draw.size_colour(region.size, found.sizes) for region in top]
            axes[row, column].imshow(draw.boxes(shown, [np.array(region.box_px) * scale for region in top], colours))
        axes[0, column].set_title(found.classes[found.target], fontsize=7)
    return figure


def fig6(curves: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> Figure:
    """One panel a data set: validation accuracy by iteration, GAP and MFA.

    Args:
        curves: data set -> "gap" or "mfa" -> (step, accuracy from 0 to 1) at every validation.

    Raises:
        ValueError: no curve.
    """
    expect(len(curves) > 0, "curves", "at least one data set", 0)
    with matplotlib.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):
        figure = Figure(figsize=(2.6 * len(curves), 2.2), layout="constrained")
        axes = figure.subplots(1, len(curves), squeeze=False)[0]
    for panel, (name, by_pooling) in zip(axes, curves.items(), strict=True):
        for pooling, points in by_pooling.items():
            steps, accuracies = zip(*points, strict=True)
            percent = [100 * accuracy for accuracy in accuracies]
            style = "-" if pooling == "mfa" else "--"
            panel.plot(steps, percent, style, color=POOLING_COLOURS[pooling], label=pooling.upper(), linewidth=1.2)
        panel.set_title(name, fontsize=8)
        panel.set_xlabel("iterations", fontsize=7)
        panel.tick_params(labelsize=6)
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("validation accuracy, %", fontsize=7)
    axes[0].legend(fontsize=6)
    return figure


def save(figure: Figure, path: Path | str, dpi: int = 300) -> None:
    """Write PNG, SVG or PDF by the file's ending; `ValueError` for another."""
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    expect(kind in FORMATS, "out", "a name that ends in .png, .svg or .pdf", repr(path.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.savefig(path, dpi=dpi)


def _grid(rows: Sequence[str], columns: int) -> tuple[Figure, np.ndarray]:
    """Pictures without axes, a name at the left of every row."""
    figure = Figure(figsize=(CELL_INCHES * columns + 0.4, CELL_INCHES * len(rows) + 0.2), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    for axis, name in zip(axes[:, 0], rows, strict=True):
        axis.set_ylabel(name, fontsize=7)
    return figure, axes
