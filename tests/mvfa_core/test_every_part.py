"""Every backbone, head, mixing and ablation lives through a training step, an evaluation and an explanation.

Pictures are small where the model is heavy; the full sizes are in test_backbones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mvfa_core.adacam import covered_cells
from mvfa_core.backbones import BACKBONES, find_backbone
from mvfa_core.data.mixing import MIXINGS, mix
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.ensembles import ENSEMBLES, combine
from mvfa_core.explain import explain
from mvfa_core.heads import HEADS, PrototypeHead
from mvfa_core.losses import mfa_loss, prototype_loss
from mvfa_core.model import ANCHORS, POOLINGS, Classifier, build_model
from mvfa_core.regions import repeated_anchors
from mvfa_core.training.engine import Trainer, predict
from mvfa_core.training.objective import objective
from mvfa_core.training.recipes import Recipe

CPU = torch.device("cpu")
TINY = Recipe(backbone="compact", k=2, sizes=(1, 3), steps=1, batch=4, augment="none", lr=1e-3)


def tiny_data(side: int) -> DataSet:
    rng = np.random.default_rng(0)
    labels = np.arange(4) % 3
    pictures = PictureSet(rng.integers(1, 255, (4, side, side, 3), dtype=np.uint8), labels, ("a", "b", "c", "d"))
    return DataSet("tiny", ("x", "y", "z"), pictures, pictures)


def model_of(recipe: Recipe) -> Classifier:
    return build_model(
        recipe.backbone, recipe.pooling, 3, k=recipe.k, sizes=recipe.sizes, head=recipe.head,
        head_options=recipe.head_options(), anchors=recipe.anchors, classes=("x", "y", "z"),
    )  # fmt: skip


def lives_through(recipe: Recipe, side: int) -> None:
    """A step that moves the backbone, an evaluation in range, an explanation on the right grid."""
    model, data = model_of(recipe), tiny_data(side)
    before = [parameter.detach().clone() for parameter in model.backbone.parameters()]
    events = list(Trainer(model, recipe, data, CPU).run())
    assert all(np.isfinite(event.loss) for event in events if hasattr(event, "loss"))
    assert any(not torch.equal(a, b) for a, b in zip(before, model.backbone.parameters(), strict=True))
    assert set(predict(model, data.val)) <= {0, 1, 2}
    model.side = side
    found = explain(model, data.val.images[0])
    assert found.adacam_HW.shape == found.grid == (side // model.stride, side // model.stride)
    assert np.isclose(found.ensemble_C.sum(), 1)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("backbone", [*BACKBONES, "timm:resnet10t"])
def test_every_backbone(backbone: str, pooling: str) -> None:
    side = 2 * find_backbone(backbone).stride
    # at the recipe's own check K is measured against the full side, at the model's call against this small one
    lives_through(replace(TINY, backbone=backbone, pooling=pooling), max(side, 32))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("head", HEADS)
def test_every_head(head: str, pooling: str) -> None:
    lives_through(replace(TINY, head=head, pooling=pooling, hidden=(8, 5)), 32)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("name", MIXINGS)
def test_every_mixing(name: str, pooling: str) -> None:
    lives_through(replace(TINY, mix=name, pooling=pooling), 32)


@pytest.mark.parametrize("anchors", ANCHORS)
def test_every_kind_of_anchors(anchors: str) -> None:
    lives_through(replace(TINY, anchors=anchors), 32)


def test_label_anchors_are_the_best_cells_of_the_label_s_map_in_training_only() -> None:
    model = model_of(replace(TINY, anchors="label")).train()
    image, labels = torch.randn(2, 3, 32, 32), torch.tensor([2, 0])
    stages = model(image, labels)
    for b, label in enumerate(labels):
        x, y = stages.anchors_BK2[b, 0].tolist()
        assert stages.G_BCHW[b, label, y, x] == stages.G_BCHW[b, label].max()
    with pytest.raises(ValueError, match="labels_B"):
        model(image)
    assert torch.equal(model.eval()(image, labels).anchors_BK2, model(image).anchors_BK2)


def test_all_cells_are_all_cells_once() -> None:
    stages = model_of(replace(TINY, anchors="all"))(torch.randn(1, 3, 32, 40))
    assert sorted(map(tuple, stages.anchors_BK2[0].tolist())) == [(x, y) for x in range(5) for y in range(4)]


def test_covering_anchors_go_round_the_cells_that_the_evidence_covers() -> None:
    A_BHW = torch.zeros(3, 6, 7)
    A_BHW[0, 2:4, 3:5] = 2.0  # four cells of one height
    A_BHW[1] = torch.arange(42.0).view(6, 7)  # a slope: more than the five asked for
    covering = repeated_anchors(A_BHW + 5, 5, covered_cells(A_BHW + 5)).tolist()
    assert covering[0] == [[3, 2], [4, 2], [3, 3], [4, 3], [3, 2]]
    assert covering[1] == [[x, 5] for x in (6, 5, 4, 3, 2)]
    assert covering[2] == [[0, 0]] * 5, "no rise anywhere: the first cell alone"


@given(arrays(np.float64, (1, 5, 6), elements=st.floats(-50, 50)), st.floats(0.1, 10), st.floats(-9, 9))
def test_covered_cells_by_the_formula(A: np.ndarray, factor: float, constant: float) -> None:
    a = np.maximum(A - A.mean(), 0)
    assume(a.max() > 1e-6)
    ratio = a.sum() ** 2 / (a**2).sum()
    assume(abs(ratio % 1 - 0.5) > 1e-6)
    for map_BHW in (A, A * factor + constant):
        assert covered_cells(torch.from_numpy(map_BHW)).tolist() == [round(ratio)]


def test_random_anchors_follow_torch_s_generator() -> None:
    model, image = model_of(replace(TINY, anchors="random")), torch.randn(1, 3, 64, 64)
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(model(image).anchors_BK2)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_without_the_global_loss_the_auxiliary_head_gets_no_gradient() -> None:
    for choice, moved in (("on", True), ("off", False)):
        recipe = replace(TINY, global_loss=choice)
        model, labels = model_of(recipe), torch.tensor([0, 1])
        objective(model, model(torch.randn(2, 3, 32, 32)), labels, recipe).total.backward()
        gradient = model.pooling.auxiliary.weight.grad
        assert (gradient is not None and bool(gradient.any())) == moved


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_prototype_loss_is_the_mean_squared_distance_to_the_own_prototype(pooling: str) -> None:
    model = model_of(replace(TINY, head="prototype", pooling=pooling))
    head = model.pooling.head
    assert isinstance(head, PrototypeHead)
    stages, labels = model(torch.randn(3, 3, 32, 32)), torch.tensor([2, 0, 1])
    views = stages.F_BDHW.mean((2, 3))[:, None] if stages.views_BMD is None else stages.views_BMD
    by_hand = [
        ((view - head.prototypes_CD[label]) ** 2).sum().item()
        for image, label in zip(views, labels, strict=True)
        for view in image
    ]
    found = prototype_loss(stages, labels, head.prototypes_CD)
    assert found.item() == pytest.approx(np.mean(by_hand), rel=1e-4)
    soft = torch.nn.functional.one_hot(labels, 3).float()
    assert prototype_loss(stages, soft, head.prototypes_CD).item() == pytest.approx(found.item(), rel=1e-6)


def test_ensemble_rules_by_hand() -> None:
    logits = torch.tensor([[[4.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]])
    assert combine(logits).tolist() == [[4, 2, 0]]
    assert combine(logits, "majority")[0].tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    by_hand = np.mean([np.exp(view) / np.exp(view).sum() for view in logits[0].numpy()], axis=0)
    assert combine(logits, "probability-mean")[0].numpy() == pytest.approx(by_hand, rel=1e-6)
    with pytest.raises(ValueError, match=r"logit-sum.*'mean'"):
        combine(logits, "mean")
    assert set(ENSEMBLES) == {"logit-sum", "probability-mean", "majority"}


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_mixed_labels_say_how_much_of_each_picture_is_there(name: str) -> None:
    torch.manual_seed(3)
    image = torch.zeros(2, 3, 32, 32)
    image[1] = 1  # the share of ones in a picture is the share of the second one
    mixed, targets = mix(image, torch.tensor([0, 1]), 3, name)
    torch.testing.assert_close(mixed.mean((1, 2, 3)), targets[:, 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(targets.sum(1), torch.ones(2))
    assert mfa_loss(model_of(TINY)(mixed), targets).total.isfinite()


def test_cutout_removes_one_square_of_a_quarter_of_the_side() -> None:
    torch.manual_seed(0)
    cut, labels = mix(torch.ones(3, 3, 224, 224), torch.tensor([0, 1, 2]), 3, "cutout")
    assert labels.tolist() == [0, 1, 2]
    assert ((cut == 0).sum((1, 2, 3)) == 3 * 56 * 56).all()
    places = {tuple((picture[0] == 0).nonzero()[0].tolist()) for picture in cut}
    assert len(places) > 1
