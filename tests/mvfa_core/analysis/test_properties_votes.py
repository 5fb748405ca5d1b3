"""What holds of votes, of the lesson and the film of a picture, of receptive fields, and of refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from app.features.lesson.browser_words import option, question
from app.features.lesson.lesson import numbers, told
from mvfa_core import checks
from mvfa_core.analysis.receptive_field import (
    Reach,
    ReceptiveField,
    UnknownStepError,
    measured_receptive_field,
    reach_of,
    receptive_field,
)
from mvfa_core.analysis.votes import (
    agreement,
    anchor_winners,
    contrast,
    pushes,
    scale_profile,
    tally,
    verdicts,
    winners,
)
from mvfa_core.ensembles import ENSEMBLES, combine, logit_sum, majority, probability_mean
from mvfa_core.explain import encode, explain_encoding
from mvfa_core.lesson import lesson_facts, questions
from mvfa_core.model import build_model
from mvfa_core.stages import Stages
from mvfa_core.training.attention_history import frames_of, shown_map
from tests.corpus.drawn import (
    CLASSES,
    HEADS,
    JSON,
    ODD,
    POOLINGS,
    SEEDS,
    SMALL,
    Grid,
    encoding,
    few,
    fewer,
    refused,
    small_model,
    tensor,
)  # fmt: skip


@few
@given(SMALL, SEEDS, HEADS, ODD, st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1))
def test_votes(grid: Grid, seed: int, head: str, sizes: list[int], target: int, against: int) -> None:
    """Counted by loops over the views: pushes sum to the logit, tallies to M, entropy splits in two."""
    found = explain_encoding(
        small_model("mfa", head), encoding(seed, grid), k=1 + seed % (grid[0] * grid[1]), sizes=sizes
    )
    logits = found.logits_MC.astype(np.float64)
    views = len(logits)
    np.testing.assert_allclose(pushes(found, target).sum(), found.logits_C[target], rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(
        pushes(found, target, against), found.logits_MC[:, target] - found.logits_MC[:, against]
    )
    by_hand = [max(range(CLASSES), key=lambda c: row[c]) for row in logits]
    assert winners(found).tolist() == by_hand
    assert tally(found).tolist() == [by_hand.count(c) for c in range(CLASSES)]
    groups = [found.logits_MC[a * len(sizes) : (a + 1) * len(sizes)].sum(0) for a in range(found.k)]
    assert anchor_winners(found).tolist() == [int(group.argmax()) for group in groups]
    profile = scale_profile(found, target)
    assert profile.shape == (len(sizes),) and ((profile >= 0) & (profile <= 1 + 1e-6)).all()
    np.testing.assert_allclose(profile.mean(), found.confidence_MC[:, target].mean(), rtol=1e-4, atol=1e-6)
    split = agreement(found)
    assert -1e-9 <= split.disagree <= split.total + 1e-9 <= math.log2(CLASSES) + 1e-6 and split.unsure >= 0
    np.testing.assert_allclose(split.total, split.unsure + split.disagree, atol=1e-9)
    for one in verdicts(found):
        assert one.share_C[one.winner] == one.share_C.max() and abs(float(one.share_C.sum()) - 1) < 1e-4
    assert [one.rule for one in verdicts(found)] == list(ENSEMBLES)
    assert views == found.k * len(sizes)


@few
@given(SMALL, SEEDS, HEADS, st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1))
def test_contrast(grid: Grid, seed: int, head: str, a: int, b: int) -> None:
    """Why a and not b is what a is ahead by."""
    model, one = small_model("mfa", head), encoding(seed, grid)
    first, second = (explain_encoding(model, one, target=c) for c in (a, b))
    with refused(head != "mlp"):
        difference_HW, bias = contrast(first, second)
        np.testing.assert_allclose(
            difference_HW.sum() + bias, first.logits_C[a] - first.logits_C[b], rtol=1e-3, atol=1e-3
        )


@few
@given(st.integers(1, 3), st.integers(1, 6), st.integers(2, 4), SEEDS, st.sampled_from([*ENSEMBLES, "mean", ""]))
def test_ensembles(b: int, m: int, c: int, seed: int, rule: str) -> None:
    """No rule looks at the order of the views; shares sum to 1; one view is its own answer."""
    logits_BMC = tensor(seed, b, m, c)
    with refused(rule in ENSEMBLES):
        scores_BC = combine(logits_BMC, rule)
        torch.testing.assert_close(combine(logits_BMC.flip(1), rule), scores_BC)
        if m == 1:
            assert (scores_BC.argmax(1) == logits_BMC[:, 0].argmax(1)).all()
    torch.testing.assert_close(logit_sum(logits_BMC), sum(logits_BMC[:, i] for i in range(m)))
    for shares_BC in (probability_mean(logits_BMC), majority(logits_BMC)):
        torch.testing.assert_close(shares_BC.sum(1), torch.ones(b))


# --- the lesson and the film ---


@fewer
@given(SMALL, SEEDS, POOLINGS, HEADS, st.integers(-1, 22), ODD, st.none() | st.integers(0, CLASSES - 1))
def test_walks(grid: Grid, seed: int, pooling: str, head: str, k: int, sizes: list[int], truth: int | None) -> None:
    """Every sum that the lesson spells out adds up, and it says what the explanation says."""
    model, one = small_model(pooling, head), encoding(seed, grid)
    options = {"k": k, "sizes": sizes} if pooling == "mfa" else {}
    with refused(pooling == "gap" or 1 <= k <= grid[0] * grid[1]):
        found = lesson_facts(model, one, truth=truth, **options)
        same = explain_encoding(model, one, **options)
        assert found.target == same.predicted and (truth is None or truth in found.told)
        np.testing.assert_allclose(found.f_T.sum() + found.f_rest, 1, atol=1e-5)
        np.testing.assert_allclose(found.A_HW, same.adacam_HW, rtol=1e-3, atol=1e-3)
        assert sorted(found.rank_HW.ravel()) == list(range(1, found.cells + 1))
        np.testing.assert_allclose(found.answer_T, same.ensemble_C[list(found.told)], rtol=1e-3, atol=1e-4)
        if found.term_NQ is not None:
            by_hand = (found.weight_NQ * found.feature_NQ).sum(1) + found.rest_N + found.bias
            np.testing.assert_allclose(by_hand, found.G_THW[found.place].ravel(), rtol=1e-3, atol=1e-3)
        if found.views is not None:
            np.testing.assert_allclose(found.views.sums_T, same.logits_C[list(found.told)], rtol=1e-3, atol=1e-3)
        for asked in questions(found, None):
            assert len(asked.options) >= 2 and asked.right in range(len(asked.options))
            said_first, said_then = question(asked.kind, asked.numbers)
            assert said_first and said_then and all(option(asked.kind, value) for value in asked.options)
        said = told(found, None, truth)  # type: ignore[arg-type]
        assert said["names"][said["label"]] == found.classes[found.target if truth is None else truth]


@few
@given(
    st.recursive(st.floats(allow_nan=False, allow_infinity=False), lambda one: st.lists(one, max_size=3), max_leaves=6)
)
def test_numbers_of_a_walk(values: Any) -> None:
    shown = numbers(values)
    assert np.shape(values) == np.shape(shown) if isinstance(values, float) else len(shown) == len(values)
    if isinstance(values, float):
        assert shown == pytest.approx(values, rel=1e-6, abs=0)


@few
@given(SMALL, SEEDS, POOLINGS, HEADS)
def test_frames(grid: Grid, seed: int, pooling: str, head: str) -> None:
    """A frame is finite, on the grid, and says what the model says."""
    model, one = small_model(pooling, head), encoding(seed, grid)
    with torch.no_grad():
        stages = model.pooling(one.F_BDHW)
        (frame,) = frames_of(model, stages, ["7"], ["a"])
        map_BHW = shown_map(model, stages, stages.ensemble_BC.argmax(1))
    assert np.shape(frame["adacam"]) == grid == tuple(map_BHW.shape[1:])
    np.testing.assert_allclose(frame["adacam"], map_BHW[0], rtol=1e-3)
    assert frame["predicted"] == model.classes[int(stages.ensemble_BC.argmax())] and 0 <= frame["confidence"] <= 1


# --- what a cell saw ---


@few
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 2), st.integers(0, 1), st.integers(1, 2)), min_size=1, max_size=3
    )
)
def test_reach(layers: list[tuple[int, int, int, int]]) -> None:
    """The rule says which pixels have a gradient."""
    network = nn.Sequential(*(nn.Conv2d(1, 1, k, stride=s, padding=p, dilation=d, bias=False) for k, s, p, d in layers))
    for layer in network:
        nn.init.constant_(layer.weight, 1.0)
    reach = reach_of(network)
    by_hand = Reach()
    for kernel, stride, padding, dilation in layers:
        by_hand = by_hand.through(kernel, stride, padding, dilation)
    assert reach == by_hand and reach.size >= 1 and reach.joined(by_hand) == reach
    image = torch.zeros(1, 1, 48, 1 + 47, requires_grad=True)
    out = network(image)
    cell = out.shape[-1] // 2
    seen = torch.autograd.grad(out[0, 0, cell, cell], image)[0][0, 0].abs().amax(0).nonzero().flatten()
    low, high = cell * reach.jump + reach.low, cell * reach.jump + reach.high
    if low >= 0 and high < 48:
        assert (int(seen[0]), int(seen[-1])) == (low, high)
    with pytest.raises(UnknownStepError):
        reach.through(1, 2).joined(reach)


@few
@given(st.lists(st.integers(0, 13), min_size=4, max_size=4), st.integers(1, 500), st.integers(1, 500))
def test_sights(box: list[int], width: int, height: int) -> None:
    """What a box saw holds the box, lies in the picture, and grows with it."""
    found: ReceptiveField = receptive_field(small_model())
    cells = len(found.columns_W2)
    x0, x1 = sorted(value % cells for value in box[:2])
    y0, y1 = sorted(value % cells for value in box[2:])
    left, top, right, bottom = found.of((x0, y0, x1, y1), (width, height))
    assert 0 <= left <= x0 * width / cells + 1e-6 and 0 <= top <= y0 * height / cells + 1e-6
    assert (x1 + 1) * width / cells <= right + 1e-6 <= width + 2e-6 and bottom <= height + 1e-6


@fewer
@given(st.just("compact"))
def test_measured_sights_miss_at_most(name: str) -> None:
    """A gradient is never seen where the rule sees none."""
    model = build_model(name, "gap", 2)
    model.side = 32
    ruled, measured = receptive_field(model), measured_receptive_field(model)
    if not ruled.everywhere:
        assert (measured.columns_W2[:, 0] >= ruled.columns_W2[:, 0]).all()
        assert (measured.columns_W2[:, 1] <= ruled.columns_W2[:, 1]).all()


@fewer
@given(st.integers(1, 30), st.integers(1, 30), SEEDS)
def test_encoding(height: int, width: int, seed: int) -> None:
    """The backbone's one call leaves the model's mode alone and the same picture gives the same features."""
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    model = small_model()
    first, second = encode(model, picture), encode(model, picture)
    assert torch.equal(first.F_BDHW, second.F_BDHW) and first.size_px == (width, height) and not model.training


# --- refusals ---


@few
@given(JSON, st.integers(1, 9), st.lists(JSON, max_size=4))
def test_checks(value: Any, most: int, several: list[Any]) -> None:
    """Whatever is handed in: the value that was meant, or a sentence."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    assert checks.is_whole(value, 1, most) == (whole and 1 <= value <= most)
    with refused(whole and 1 <= value <= most):
        checks.expect_k(value, most)
    with refused(whole and 0 <= value < most):
        checks.expect_target(value, most)
    with refused(
        bool(several) and all(isinstance(r, int) and not isinstance(r, bool) and r > 0 and r % 2 for r in several)
    ):
        assert checks.expect_sizes(several) == tuple(several)
    known = [repr(one)[:40] for one in several]
    with refused(repr(value)[:40] in known):
        checks.expect_choice(repr(value)[:40], known, "value")
    with refused(bool(several)):
        checks.expect(bool(several), "several", "one or more", len(several))


@few
@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), SEEDS, st.sampled_from([0.0, math.nan, math.inf, 3e38]))
def test_checks_of_tensors(shape: list[int], seed: int, value: float) -> None:
    values = tensor(seed, *shape)
    with refused(len(shape) == 3 and min(shape, default=0) > 0):
        checks.expect_dims(values, "BHW", "values")
    if values.numel():
        values = values.flatten()
        values[seed % len(values)] = value
        with refused(math.isfinite(value), checks.NotFiniteError):
            checks.expect_finite(torch.cat([values, values]), "values")
    assert not checks.being_traced()


def test_stages_without_views_have_none() -> None:
    """The one thing that nothing need be drawn for."""
    assert Stages(torch.zeros(1, 1, 1, 1), torch.zeros(1, 2)).views_BMD is None
