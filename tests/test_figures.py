"""Figures 5, 6 and 7: what is drawn is what was explained, in each format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvfa_core import build_model, draw, explain, figures
from mvfa_core.__main__ import main
from mvfa_core.checkpoints import bundled
from mvfa_core.data.synthetic import draw_scene
from mvfa_core.images import squash
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    return [Image.fromarray(draw_scene(seed).picture).resize((300, 200)) for seed in (6, 21)]


def drawn(axis: object) -> np.ndarray:
    return np.asarray(axis.get_images()[0].get_array())  # type: ignore[attr-defined]


def test_figure_5_shows_both_maps_on_one_range(pictures: list[Image.Image]) -> None:
    model = build_model("compact", num_classes=3, seed=1)
    found = [explain(model, picture) for picture in pictures]
    axes = figures.fig5(pictures, found).axes
    assert len(axes) == 6
    shown = squash(pictures[1], (figures.SIDE_PX, figures.SIDE_PX))
    np.testing.assert_array_equal(drawn(axes[1]), shown)
    both = np.stack((found[1].cam_HW, found[1].adacam_HW))
    limits = float(both.min()), float(both.max())
    np.testing.assert_array_equal(drawn(axes[3]), draw.overlay(shown, found[1].cam_HW, limits))
    np.testing.assert_array_equal(drawn(axes[5]), draw.overlay(shown, found[1].adacam_HW, limits))


def test_figure_7_draws_the_boxes_where_eq_5_puts_them(pictures: list[Image.Image]) -> None:
    found = explain(build_model("compact", num_classes=3, seed=1), pictures[0])
    axes = figures.fig7(pictures[:1], [found]).axes
    shown = squash(pictures[0], (figures.SIDE_PX, figures.SIDE_PX))
    left, top, right, bottom = found.top(1)[0].box
    x0, y0, x1, y1 = (cells * figures.SIDE_PX / 14 for cells in (left, top, right + 1, bottom + 1))
    changed = np.argwhere((drawn(axes[0]) != shown).any(-1))
    rim = 4
    assert np.abs(changed.min(0) - (y0, x0)).max() <= rim
    assert np.abs(changed.max(0) - (y1, x1)).max() <= rim


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_command_writes_every_format(kind: str, start: bytes, pictures: list[Image.Image], tmp_path: Path) -> None:
    pictures[0].save(tmp_path / "a.png")
    out = tmp_path / f"figure.{kind}"
    model = str(bundled()["compact_mfa"])
    assert main(["figure", "fig7", "--model", model, "--images", str(tmp_path / "a.png"), "--out", str(out)]) == 0
    assert out.read_bytes().startswith(start)
    if kind == "svg":
        assert "top-10" in out.read_text()  # real text, not outlines


def test_figure_6_from_runs(tmp_path: Path) -> None:
    for pooling, accuracies in (("gap", (0.2, 0.5)), ("mfa", (0.3, 0.7))):
        run = Run(tmp_path / pooling)
        run.create(Recipe(backbone="compact", pooling=pooling))
        for step, accuracy in enumerate(accuracies, start=1):
            run.append({"event": "validation", "step": 100 * step, "accuracy": accuracy, "n": 10, "time_s": 1.0})
    out = tmp_path / "curves.pdf"
    runs = [str(tmp_path / pooling) for pooling in ("gap", "mfa")]
    assert main(["figure", "fig6", "--runs", *runs, "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")
    (panel,) = figures.fig6({"tiny": {"mfa": [(100, 0.3), (200, 0.7)]}}).axes
    np.testing.assert_allclose(panel.lines[0].get_xydata(), [(100, 30), (200, 70)])


@pytest.mark.parametrize(
    "words", [["fig5", "--out", "a.png"], ["fig6", "--out", "a.png"], ["fig7", "--model", "x", "--out", "a.gif"]]
)
def test_wrong_requests_are_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figure", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
