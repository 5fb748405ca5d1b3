"""An explanation of a picture: one pass of the backbone, no hooks, nothing left behind, and every number right."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.hooks import RemovableHandle

import mvfa_core
from mvfa_core import build_model
from mvfa_core.explain import Encoding, encode, explain_encoding
from mvfa_core.model import Classifier
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, close, layer, oracle_head, refusal

GRID = 5, 8
SIZE_PX = 320, 150
K, SIZES, CLASSES = 6, (1, 3, 5), ("ant", "bee", "cat", "dog")
MODELS = {
    "mfa": {},
    "mfa mlp": {"head": "mlp", "head_options": {"hidden": (9,)}},
    "mfa prototype": {"head": "prototype", "head_options": {"gamma": 0.3}},
    "gap": {"pooling": "gap"},
    "gap mlp": {"pooling": "gap", "head": "mlp", "head_options": {"hidden": (9,)}},
    "gap prototype": {"pooling": "gap", "head": "prototype", "head_options": {"gamma": 0.3}},
}


def make(name: str, seed: int = 1) -> Classifier:
    return build_model("compact", num_classes=4, k=K, sizes=SIZES, seed=seed, classes=CLASSES, **MODELS[name])


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Classifier:
    return make(request.param)


@pytest.fixture
def encoding() -> Encoding:
    """A feature map of 5 x 8 cells of a picture of 320 x 150 px, without a backbone."""
    F_BDHW = torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8))
    return Encoding(F_BDHW, SIZE_PX)


def picture(width: int = 90, height: int = 40) -> Image.Image:
    values = np.random.default_rng(4).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def single(array_: np.ndarray | None, wanted: object) -> None:
    assert array_.dtype == np.float32
    close(array_, wanted, torch.float32)


@pytest.mark.parametrize("target", [None, 0, 3])
@pytest.mark.parametrize("name", ["mfa", "mfa mlp"])
def test_mfa_fields_are_the_loop(name: str, target: int | None, encoding: Encoding) -> None:
    model = make(name)
    result = explain_encoding(model, encoding, target=target)
    F, head, (aux_CD, aux_C) = array(encoding.F_BDHW), oracle_head(model.pooling.head), layer(model.pooling.auxiliary)
    wanted = oracles.mfa(F, (aux_CD, aux_C), head, K, SIZES)
    assert result.predicted == wanted.prediction_B[0]
    assert result.target == (result.predicted if target is None else target)
    assert (result.classes, result.pooling, result.grid, result.size_px) == (CLASSES, "mfa", GRID, SIZE_PX)
    assert (result.k, result.sizes) == (K, SIZES)
    np.testing.assert_allclose(result.logits_C, wanted.ensemble_BC[0], rtol=1e-4, atol=1e-4)
    single(result.ensemble_C, oracles.softmax(wanted.ensemble_BC[0] / (K * len(SIZES))))
    single(result.auxiliary_C, wanted.f_BC[0])
    single(result.adacam_HW, wanted.A_BHW[0])
    single(result.cam_HW, wanted.G_BCHW[0, result.target] - aux_C[result.target])
    single(result.confidence_MC, [oracles.softmax(g) for g in wanted.logits_BMC[0]])
    assert result.anchors_K2.tolist() == [list(point) for point in wanted.anchors_BK2[0]]
    assert result.boxes_KR4.tolist() == [[list(box) for box in regions] for regions in wanted.boxes_BKR4[0]]
    by_hand = [[oracles.box_in_pixels(box, GRID, SIZE_PX) for box in regions] for regions in wanted.boxes_BKR4[0]]
    single(result.boxes_px_KR4, by_hand)


def test_every_model_gives_probabilities_that_fit_its_prediction(model: Classifier, encoding: Encoding) -> None:
    result = explain_encoding(model, encoding)
    assert result.ensemble_C.sum() == pytest.approx(1, abs=1e-5)
    assert result.ensemble_C.argmax() == result.logits_C.argmax() == result.predicted == result.target
    if result.pooling == "gap":
        return
    assert result.confidence_MC.shape == (K * len(SIZES), 4)
    np.testing.assert_allclose(result.confidence_MC.sum(axis=1), 1, atol=1e-5)
    assert result.auxiliary_C.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("target", range(4))
def test_contributions_add_up_to_the_logit_unless_the_head_is_deep(
    model: Classifier, target: int, encoding: Encoding
) -> None:
    result = explain_encoding(model, encoding, target=target)
    if model.config["head"] == "mlp":
        assert result.contribution_HW is None
        return
    assert result.contribution_HW.shape == GRID
    total = result.contribution_HW.astype(np.float64).sum() + result.contribution_bias
    assert total == pytest.approx(float(result.logits_C[target]), abs=1e-3)


@pytest.mark.parametrize("target", [0, 2])
@pytest.mark.parametrize("name", ["gap", "gap prototype"])
def test_gap_fields_are_the_equations(name: str, target: int, encoding: Encoding) -> None:
    model = make(name)
    result = explain_encoding(model, encoding, target=target)
    F_DHW = array(encoding.F_BDHW[0])
    weight_CD, bias_C = (array(value) for value in model.pooling.head.class_weights())
    G_CHW = oracles.class_maps(F_DHW[None], weight_CD, bias_C)[0]
    logits_C = np.array([oracles.global_mean(G_HW) for G_HW in G_CHW])
    single(result.logits_C, logits_C)
    single(result.ensemble_C, oracles.softmax(logits_C))
    single(result.cam_HW, G_CHW[target] - bias_C[target])
    single(result.grad_cam_HW, G_CHW[target] - bias_C[target])
    single(result.adacam_HW, oracles.attention(G_CHW, oracles.softmax(logits_C)))
    fields = ("auxiliary_C", "k", "sizes", "anchors_K2", "boxes_KR4", "boxes_px_KR4", "confidence_MC", "logits_MC")
    assert all(getattr(result, field) is None for field in fields)
    assert result.pooling == "gap"


def test_grad_cam_shares_the_unit_of_cam(encoding: Encoding) -> None:
    """A linear main head with the auxiliary layer's weights: both maps are the same numbers."""
    model = make("mfa")
    with torch.no_grad():
        model.pooling.head.fc.weight.copy_(model.pooling.auxiliary.weight[:, :, 0, 0])
    result = explain_encoding(model, encoding, target=2)
    single(result.grad_cam_HW, result.cam_HW)


def test_a_deep_gap_head_has_no_cam(encoding: Encoding) -> None:
    result = explain_encoding(make("gap mlp"), encoding)
    assert result.cam_HW is None
    assert result.grad_cam_HW.shape == result.adacam_HW.shape == GRID


def test_k_and_sizes_of_a_call(encoding: Encoding) -> None:
    model = make("mfa")
    result = explain_encoding(model, encoding, k=2, sizes=(7,))
    wanted = oracles.mfa(
        array(encoding.F_BDHW), layer(model.pooling.auxiliary), oracle_head(model.pooling.head), 2, (7,)
    )
    assert (result.k, result.sizes) == (2, (7,))
    assert result.boxes_KR4.tolist() == [[list(box) for box in regions] for regions in wanted.boxes_BKR4[0]]
    np.testing.assert_allclose(result.logits_C, wanted.ensemble_BC[0], rtol=1e-4, atol=1e-4)
    total = result.contribution_HW.astype(np.float64).sum() + result.contribution_bias
    assert total == pytest.approx(float(result.logits_C[result.target]), abs=1e-3)


@pytest.mark.parametrize("size", [(90, 40), (40, 90), (1, 300), (112, 112)])
def test_a_picture_is_squashed_and_its_boxes_come_back_to_its_own_size(size: tuple[int, int]) -> None:
    model = make("mfa")
    result = mvfa_core.explain(model, picture(*size))
    assert result.size_px == size
    assert result.grid == (14, 14)
    for box, pixels in zip(result.boxes_KR4.reshape(-1, 4), result.boxes_px_KR4.reshape(-1, 4), strict=True):
        assert pixels.tolist() == pytest.approx(oracles.box_in_pixels(tuple(box.tolist()), (14, 14), size), rel=1e-5)
    assert result.boxes_px_KR4[..., 2].max() <= size[0] * (1 + 1e-6)
    assert result.boxes_px_KR4[..., 3].max() <= size[1] * (1 + 1e-6)


def test_both_ways_to_an_explanation_agree_for_pictures_and_arrays(model: Classifier) -> None:
    whole, parts = mvfa_core.explain(model, picture()), explain_encoding(model, encode(model, picture()))
    from_array = mvfa_core.explain(model, np.asarray(picture()))
    for other in (parts, from_array):
        for name, value in vars(whole).items():
            if isinstance(value, np.ndarray):
                assert np.array_equal(value, getattr(other, name)), name
            else:
                assert value == getattr(other, name), name


def test_nothing_of_torch_leaves(model: Classifier) -> None:
    for name, value in vars(mvfa_core.explain(model, picture())).items():
        plain = value is None or type(value) in (np.ndarray, int, float, str, tuple)
        assert plain, f"{name} is {type(value)}"


class Counted(nn.Module):
    """A backbone that counts its calls."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.calls = inner, 0

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.inner(image_B3SS)


def test_the_backbone_runs_once_for_a_picture_and_never_for_an_encoding(model: Classifier) -> None:
    model.backbone = Counted(model.backbone)
    mvfa_core.explain(model, picture())
    assert model.backbone.calls == 1
    kept = encode(model, picture())
    assert model.backbone.calls == 2
    gap = model.config["pooling"] == "gap"
    for target in range(4):
        explain_encoding(model, kept, target=target)
        explain_encoding(model, kept, **({} if gap else {"k": 3 + target, "sizes": (3,)}))
    assert model.backbone.calls == 2


def test_no_hook_is_registered(model: Classifier) -> None:
    """Every hook of a module or tensor takes the next number of one counter."""
    before = RemovableHandle.next_id
    torch.ones(1, requires_grad=True).register_hook(lambda gradient: gradient)
    assert RemovableHandle.next_id == before + 1
    mvfa_core.explain(model, picture())
    assert RemovableHandle.next_id == before + 1


def test_nothing_is_left_in_the_model(model: Classifier) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    kept = encode(model, picture())
    F_BDHW = kept.F_BDHW.clone()
    explain_encoding(model, kept, target=1)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not kept.F_BDHW.requires_grad
    assert kept.F_BDHW.grad is None
    assert torch.equal(kept.F_BDHW, F_BDHW)


def test_gradients_that_wait_for_an_optimiser_are_not_touched(model: Classifier) -> None:
    for p in model.parameters():
        p.grad = torch.full_like(p, 0.5)
    mvfa_core.explain(model, picture())
    assert all((p.grad == 0.5).all() for p in model.parameters())


def test_an_explanation_works_where_gradients_are_switched_off(model: Classifier) -> None:
    wanted = mvfa_core.explain(model, picture())
    with torch.no_grad():
        assert np.array_equal(mvfa_core.explain(model, picture()).grad_cam_HW, wanted.grad_cam_HW)


@pytest.mark.parametrize("target", [-1, 4, 1.0, True])
def test_a_class_out_of_range(model: Classifier, target: object) -> None:
    with refusal("target", "0 to 3", repr(target)):
        mvfa_core.explain(model, picture(), target=target)


@pytest.mark.parametrize("options", [{"k": 0}, {"k": 41}, {"k": True}, {"k": 2.0}, {"sizes": ()}, {"sizes": (2,)}])
def test_k_and_sizes_out_of_range(options: dict, encoding: Encoding) -> None:
    with refusal(next(iter(options))):
        explain_encoding(make("mfa"), encoding, **options)


@pytest.mark.parametrize("options", [{"k": 5}, {"sizes": (3,)}, {"k": 5, "sizes": (3,)}])
@pytest.mark.parametrize("name", ["gap", "gap mlp"])
def test_a_gap_model_takes_no_k_and_no_sizes(name: str, options: dict, encoding: Encoding) -> None:
    with refusal("GAP"):
        explain_encoding(make(name), encoding, **options)


def test_a_model_whose_features_are_not_finite(model: Classifier) -> None:
    with torch.no_grad():
        next(model.backbone.parameters())[0] = float("nan")
    with refusal("F_BDHW", "NaN"):
        mvfa_core.explain(model, picture())
