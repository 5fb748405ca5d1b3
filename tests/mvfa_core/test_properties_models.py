"""What holds of heads, models and losses, whatever they are asked for."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import example, given
from hypothesis import strategies as st

from mvfa_core.backbones import expect_pictures, find_backbone
from mvfa_core.heads import LinearHead, MLPHead, PrototypeHead, build_head, pointwise
from mvfa_core.losses import classification_loss, gap_loss, mfa_loss, prototype_loss
from mvfa_core.model import ANCHORS, GAP, MFA, build_model
from mvfa_core.regions import all_cells, repeated_anchors, top_anchors
from mvfa_core.training.objective import objective
from mvfa_core.training.recipes import Recipe
from tests.corpus.drawn import (
    CLASSES,
    JSON,
    POOLINGS,
    SEEDS,
    SIZES,
    SMALL,
    WORDS,
    Grid,
    few,
    fewer,
    map_of,
    refused,
    small_model,
    tensor,
)


@few
@given(SMALL, SEEDS, st.sampled_from(["linear", "mlp", "prototype", "conv"]), st.integers(1, 6), st.integers(1, 4))
def test_heads(grid: Grid, seed: int, name: str, channels: int, classes: int) -> None:
    """Averaging commutes with the first layer; a linear head at a cell is its weights times the features there."""
    F_BDHW = tensor(seed, 2, channels, *grid)
    with refused(classes >= 2 and name != "conv"), torch.no_grad():
        head = build_head(name, channels, classes)
        pooled = head.maps(F_BDHW).mean((-2, -1))
        torch.testing.assert_close(
            pooled, head.maps(F_BDHW.mean((-2, -1), keepdim=True))[..., 0, 0], rtol=1e-4, atol=1e-5
        )
        assert head.finish(pooled).shape == (2, classes)
        if (weights := head.class_weights()) is not None:
            torch.testing.assert_close(head.maps(F_BDHW), pointwise(F_BDHW, *weights))
        if isinstance(head, PrototypeHead):
            distance = (F_BDHW.mean((-2, -1))[:, None] - head.prototypes_CD).square().sum(-1)
            wanted = (-head.gamma * distance).softmax(1)
            torch.testing.assert_close(head.finish(pooled).softmax(1), wanted, rtol=1e-4, atol=1e-5)
        assert isinstance(head, LinearHead | MLPHead | PrototypeHead)


@few
@given(st.sampled_from(["linear", "mlp", "prototype"]), JSON)
def test_options_of_heads(name: str, value: Any) -> None:
    """A card may ask for any option."""
    option = {"linear": "bias", "mlp": "hidden", "prototype": "gamma"}[name]
    try:
        if isinstance(value, int) and abs(value) > 10**9:
            return
        build_head(name, 2, 2, **{option: value})
    except (ValueError, TypeError, RuntimeError, OverflowError):  # what `load_model` makes a sentence of
        return
    assert name != "linear"


@fewer
@given(
    st.sampled_from(["compact", "nothing"]),
    st.sampled_from(["mfa", "gap", "max"]),
    st.integers(-1, 4),
    st.integers(-1, 5),
    SIZES,
    st.sampled_from([*ANCHORS, "best"]),
    st.lists(st.text(max_size=3), max_size=4),
)
def test_building_models(backbone: str, pooling: str, classes: int, k: int, sizes: list[int], anchors: str,
                         names: list[str]) -> None:  # fmt: skip
    """A model that gives one logit a class and names each of them, or a sentence."""
    odd = sizes and all(r > 0 and r % 2 for r in sizes)
    fits = backbone == "compact" and pooling != "max" and classes >= 2 and len(names) == classes and odd
    with refused(bool(fits and (pooling == "gap" or (k >= 1 and anchors in ANCHORS)))):
        model = build_model(backbone, pooling, classes, k=k, sizes=sizes, anchors=anchors, classes=names).eval()
        assert len(set(model.classes)) == classes
        assert isinstance(model.pooling, MFA if pooling == "mfa" else GAP)
        with torch.no_grad():
            stages = model.pooling(tensor(1, 2, model.pooling.channels, 3, 3))
        assert stages.ensemble_BC.shape == (2, classes) and stages.grid == (3, 3)
        assert model.config["backbone"] == backbone


@few
@given(SMALL, SEEDS, st.sampled_from(ANCHORS), st.integers(1, 20))
def test_anchors_of_every_kind(grid: Grid, seed: int, anchors: str, k: int) -> None:
    """In the grid, K of them or every cell; repeated ones are the best few, in turn."""
    with refused(k <= grid[0] * grid[1] or anchors == "all"):
        module = MFA(3, 2, k=k, sizes=(1,), anchors=anchors).eval()
        with torch.no_grad():
            stages = module(tensor(seed, 2, 3, *grid))
        count = grid[0] * grid[1] if anchors == "all" else k
        assert stages.anchors_BK2.shape == (2, count, 2)
        assert (stages.anchors_BK2 >= 0).all() and (stages.anchors_BK2 < torch.tensor(grid[::-1])).all()
        assert stages.views_BMD.shape == (2, count, 3)
    A_BHW, k = torch.from_numpy(map_of(seed, grid))[None], min(k, grid[0] * grid[1])
    few_B = torch.tensor([1 + seed % 5])
    found = repeated_anchors(A_BHW, k, few_B)[0].tolist()
    best = top_anchors(A_BHW, k)[0].tolist()
    assert found == [best[i % min(k, int(few_B))] for i in range(k)]
    assert sorted(map(tuple, top_anchors(A_BHW, grid[0] * grid[1])[0].tolist())) == sorted(
        map(tuple, all_cells(*grid).tolist())
    )


@few
@given(WORDS | WORDS.map("timm:".__add__) | st.sampled_from(["vgg16", "compact ", "timm:hf-hub:a/b", "resnet50"]))
@example("timm:\x1b[31m\n")
def test_names_of_backbones(name: str) -> None:
    """None is fetched: timm is asked for what it has itself."""
    with refused(name in ("vgg16", "compact", "resnet50")):
        assert find_backbone(name).stride >= 1


@few
@given(st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_sides_of_pictures(shape: list[int]) -> None:
    fits = len(shape) == 4 and shape[1] == 3 and min(shape) > 0 and shape[2] % 16 == 0 == shape[3] % 16
    with refused(fits):
        expect_pictures(torch.zeros(shape), 16)


# --- losses ---


@few
@given(SMALL, SEEDS, POOLINGS, st.booleans(), st.sampled_from(["sum", "mean", "on", "off"]))
def test_losses_of_both_kinds(grid: Grid, seed: int, pooling: str, mixed: bool, how: str) -> None:
    """One-hot probabilities cost what the classes cost; the objective follows the recipe."""
    model = small_model(pooling, "prototype" if mixed else "linear")
    with torch.no_grad():
        stages = model.pooling(tensor(seed, 2, model.pooling.channels, *grid))
        labels = torch.tensor([seed % CLASSES, (seed + 1) % CLASSES])
        hot = torch.nn.functional.one_hot(labels, CLASSES).float()
        loss = classification_loss(stages, labels)
        torch.testing.assert_close(classification_loss(stages, hot).total, loss.total)
        torch.testing.assert_close(loss.total, (gap_loss if pooling == "gap" else mfa_loss)(stages, labels).total)
        recipe = Recipe(pooling=pooling, k=1, head="prototype" if mixed else "linear",
                        **({"local": how} if how in ("sum", "mean") else {"global_loss": how}))  # fmt: skip
        told = objective(model, stages, labels, recipe)
        assert torch.isfinite(told.total) and float(told.total) >= 0
        if mixed:
            prototypes = model.pooling.head.prototypes_CD
            pull = prototype_loss(stages, labels, prototypes)
            vectors = stages.F_BDHW.mean((-2, -1))[:, None] if stages.views_BMD is None else stages.views_BMD
            by_hand = (vectors - prototypes[labels][:, None]).square().sum(-1).mean()
            torch.testing.assert_close(pull, by_hand, rtol=1e-3, atol=1e-3)
            torch.testing.assert_close(prototype_loss(stages, hot, prototypes), pull)
