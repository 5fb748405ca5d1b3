"""What holds of every estimate of memory: it is above what the arrays take that are really there, it rises with every
size, and what is found to fit does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from app.services import class_subset
from mvfa_core import budget
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.class_subset import classes_for, ensemble_logits, likeliest, only, width_of
from mvfa_core.evaluation.metrics import confused, confusion
from mvfa_core.explain import expect_room, explain_encoding
from mvfa_core.figures.request import LEAST_DPI, Options
from mvfa_core.figures.room import expect_room as expect_room_for
from mvfa_core.figures.room import fitting_dpi, placed
from mvfa_core.figures.sheet import Sheet, Tile
from mvfa_core.model import build_model
from tests.corpus.drawn import GRIDS, HEADS, ODD, POOLINGS, SEEDS, encoding, few, fewer, refused, small_model
from tests.mvfa_core.evaluation.test_properties_evaluation import findings_of

COUNTS = st.sampled_from([1, 2, 10, 1000, 36_000, 100_000])
CELLS = st.sampled_from([1, 49, 196, 1024])
VIEWS = st.sampled_from([0, 1, 200, 784, 71_680])
INCHES = st.floats(0.1, 400)


@few
@given(st.sampled_from(["", "16", "512", "1048576", "15", "1048577", "-1", "1e3", "many", "٣٣", "0", " 64 "]))
def test_the_setting(told: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(budget.VARIABLE, told)
        with refused(told.strip() in ("", "16", "512", "1048576", "64")):
            assert budget.allowed() == 10**6 * int(told.strip() or budget.DEFAULT_MB)
            assert budget.megabytes(budget.VARIABLE) == (int(told) if told.strip() else None)
            budget.expect_fits(budget.allowed(), "it", "do less")
            with pytest.raises(budget.TooLargeError, match=f"allowed .{budget.VARIABLE}"):
                budget.expect_fits(budget.allowed() + 1, "it", "do less")
            assert budget.amount(budget.allowed()).endswith("B")


@few
@given(COUNTS, CELLS, VIEWS, st.sampled_from([0, 256, 10**6]))
@example(36_000, 196, 12_544, 0)
def test_classes_that_fit(classes: int, cells: int, views: int, width: int) -> None:
    """As many as are found to fit do, and one more does not; unless not even two fit."""
    most = budget.classes_that_fit(cells, views, width)
    if most > 2:
        assert budget.of_explanation(most, cells, views, width) <= budget.allowed()
    assert budget.of_explanation(most + 1, cells, views, width) > budget.allowed()
    assert budget.of_explanation(classes, cells, views, width) < budget.of_explanation(classes + 1, cells, views, width)
    assert budget.of_votes(classes, views) <= budget.of_explanation(classes, cells, views, width)
    assert budget.of_atlas(classes, cells, 13) < budget.of_atlas(classes + 1, cells, 14)
    assert budget.of_matrix(classes) < budget.of_matrix(classes + 1)


@few
@given(SEEDS, GRIDS, POOLINGS, ODD)
def test_estimates_are_above_what_is_there(seed: int, grid: tuple[int, int], pooling: str, sizes: list[int]) -> None:
    model, one, cells = small_model(pooling), encoding(seed, grid), grid[0] * grid[1]
    found = explain_encoding(model, one, **({"k": cells, "sizes": sizes} if pooling == "mfa" else {}))
    views = 0 if found.logits_MC is None else len(found.logits_MC)
    there = sum(value.nbytes for value in vars(found).values() if isinstance(value, np.ndarray))
    # what does not grow with C, M or N: a few numbers a view and a cell
    assert budget.of_explanation(len(found.classes), cells, views) > there - 4 * 16 * (views + cells + 8)
    atlas = class_atlas(model, one, (0.5, 1.0))
    assert budget.of_atlas(len(found.classes), cells, 2) > sum(
        value.nbytes for value in (atlas.G_CHW, atlas.dial_THW, atlas.weights_TC)
    )


@fewer
@given(SEEDS, GRIDS, POOLINGS, HEADS, st.integers(2, 4))
def test_narrowed_models(seed: int, grid: tuple[int, int], pooling: str, head: str, most: int) -> None:
    """The likeliest classes of the whole model's own answer, in their order, with the logits that they had."""
    model, one = small_model(pooling, head), encoding(seed, grid)
    with torch.no_grad():
        whole_C = model.pooling(one.F_BDHW).ensemble_BC[0]
        torch.testing.assert_close(ensemble_logits(model, one.F_BDHW), whole_C, rtol=1e-3, atol=1e-3)
    narrow = likeliest(model, one, most)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(budget.VARIABLE, str(budget.LEAST_MB))
        expect_room(model, one)
        assert classes_for(model, one, 7) == len(model.classes)
    index = [model.classes.index(name) for name in narrow.classes]
    assert len(index) == most and index == sorted(index) and int(whole_C.argmax()) in index
    assert float(whole_C[index].min()) >= float(whole_C.sort(descending=True).values[most - 1]) - 1e-3
    again = explain_encoding(only(model, torch.tensor(range(len(model.classes)))), one)
    assert again.ensemble_C == pytest.approx(explain_encoding(model, one).ensemble_C, abs=1e-5)
    assert explain_encoding(narrow, one).classes == narrow.classes
    assert narrow.backbone is model.backbone and len(model.classes) > most - 1 and width_of(model.pooling.head) >= 0


@few
@given(st.lists(st.tuples(st.floats(0.2, 9), st.floats(0.2, 9)), max_size=400), INCHES, INCHES, st.integers(36, 1200))
def test_dots_that_fit(pictures: list[tuple[float, float]], width: float, height: float, dpi: int) -> None:
    for size in ((width, height), (0.0, 0.0)):
        fits = budget.dpi_that_fits(size, pictures, dpi, 1600)
        assert 0 <= fits <= dpi and budget.of_figure(size, pictures, fits, 1600) <= budget.allowed()
        too_many = budget.of_figure(size, pictures, fits + 1, 1600) > budget.allowed()
        assert fits == dpi or too_many or max(size) * (fits + 1) > budget.MOST_CANVAS_PX


@fewer
@given(st.integers(1, 20), st.sampled_from([1.0, 7.0, 40.0]), st.sampled_from([36, 620, 1200]))
@example(20, 40.0, 620)
def test_figures_have_room_or_say_how_many_dots(rows: int, width: float, dpi: int) -> None:
    """A link of 620 dpi took 5.9 GB."""
    tile = Tile("a", Image.new("RGB", (4, 4)), above="", below="")
    sheet = Sheet("fig5", ("",) * rows, ((tile,),) * rows, span="own")
    options = Options(width=width, dpi=dpi, labels=False)
    places, _ = placed(sheet, options, "png")
    fits = fitting_dpi(places, options, "png")
    with refused(fits == dpi):
        expect_room_for(places, options, "png")
    assert fits >= LEAST_DPI or rows * width > 300
    assert 12 * places.width * places.height * fits**2 <= budget.allowed()
    if fits >= LEAST_DPI:
        expect_room_for(places, Options(width=width, dpi=fits, labels=False), "png")


@fewer
@given(SEEDS, st.integers(1, 12))
def test_counts_without_a_matrix(seed: int, n: int) -> None:
    """The same as in the matrix, and no memory for what is nought."""
    found = findings_of(seed, n)
    whole = confusion(found)
    assert [[i, j, int(whole[i, j])] for i, j in np.argwhere(whole).tolist()] == confused(found).tolist()


def test_a_checkpoint_of_many_classes() -> None:
    """36,000 classes and 64 region sizes took 11.6 GB; now the likeliest are looked at, and more is refused at once."""
    classes, sizes = 36_000, tuple(range(1, 128, 2))
    with torch.device("meta"):
        model = build_model("compact", "mfa", classes, k=196, sizes=sizes)
    one = encoding(0, (14, 14))
    with pytest.raises(budget.TooLargeError, match=r"would take [0-9.]+ GB"):
        expect_room(model, one)
    most = classes_for(model, one, class_subset.MOST_SIZES + len(sizes))
    assert 500 < most < 1500 and budget.of_explanation(most, 196, 196 * 71) < budget.allowed()
    assert classes_for(small_model(), one, 7) == len(small_model().classes)
