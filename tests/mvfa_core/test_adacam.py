"""Class maps to attention, Eq. 1-2, against loops."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mvfa_core.adacam import attention_map, label_dial
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import CASES, DTYPES, EVERY_CASE, C, Case, D, array, close, features, layer, refusal


def random_maps(case: Case, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, C, case.height, case.width, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_attention_is_the_loop(case: Case, dtype: torch.dtype) -> None:
    G_BCHW = random_maps(case, dtype)
    A_BHW, f_BC = attention_map(G_BCHW)
    assert A_BHW.dtype == f_BC.dtype == dtype
    for b in range(3):
        f_C = oracles.auxiliary(array(G_BCHW[b]))
        close(f_BC[b], f_C, dtype)
        close(A_BHW[b], oracles.attention(array(G_BCHW[b]), f_C), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_maps_of_conv_then_mean_are_the_cam_of_mean_then_layer(dtype: torch.dtype) -> None:
    """[Conv1x1 -> GAP] and [GAP -> FC] with the same weights: the same logits, and G_c = CAM_c + b_c."""
    F_BDHW = features(CASES["wide"], dtype)
    conv, fc = nn.Conv2d(D, C, 1).to(dtype), nn.Linear(D, C).to(dtype)
    with torch.no_grad():
        fc.weight.copy_(conv.weight[:, :, 0, 0])
        fc.bias.copy_(conv.bias)
    G_BCHW, (weight_CD, bias_C) = conv(F_BDHW), layer(fc)
    close(G_BCHW.mean(dim=(2, 3)), array(fc(F_BDHW.mean(dim=(2, 3)))), dtype)
    close(G_BCHW, oracles.class_maps(array(F_BDHW), weight_CD, 0 * bias_C) + bias_C[:, None, None], dtype)
    close(attention_map(G_BCHW)[1], array(fc(F_BDHW.mean(dim=(2, 3))).softmax(dim=1)), dtype)


def test_a_common_constant_moves_attention_and_leaves_probabilities() -> None:
    """A bias in the 1x1 convolution that all classes share shifts A by itself."""
    G_BCHW = random_maps(CASES["tall"])
    (A, f), (moved, same) = attention_map(G_BCHW), attention_map(G_BCHW + 2.5)
    close(moved, array(A + 2.5))
    close(same, array(f))


def test_a_bias_of_one_class_changes_the_weights_but_not_the_shape_of_its_map() -> None:
    G_BCHW = random_maps(CASES["wide"])
    G_BCHW[:, 2] += 60.0
    A, f = attention_map(G_BCHW)
    assert (f[:, 2] > 1 - 1e-12).all()
    close(A, array(G_BCHW[:, 2]))


def test_huge_logits_do_not_overflow() -> None:
    A, f = attention_map(random_maps(CASES["wide"], torch.float32) * 1e30)
    assert torch.isfinite(A).all()
    close(f.sum(dim=1), [1.0, 1.0, 1.0], torch.float32)


def test_gradients_of_attention_and_probabilities() -> None:
    G_BCHW = random_maps(CASES["single cells"]).requires_grad_()
    assert torch.autograd.gradcheck(attention_map, (G_BCHW,))


def test_the_dial_runs_from_the_best_map_through_attention_to_the_mean_map() -> None:
    G_BCHW = random_maps(CASES["wide"])
    best = G_BCHW.mean(dim=(2, 3)).argmax(dim=1)
    close(label_dial(G_BCHW, 1.0), array(attention_map(G_BCHW)[0]))
    close(label_dial(G_BCHW, 1e-4), array(G_BCHW[torch.arange(3), best]))
    close(label_dial(G_BCHW, float("inf")), array(G_BCHW.mean(dim=1)))


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_dial_at_no_temperature(temperature: float) -> None:
    with refusal("temperature", "positive"):
        label_dial(random_maps(CASES["wide"]), temperature)


@pytest.mark.parametrize("shape", [(4, 3, 5), (3, 5), (1, 2, 3, 4, 5), (0, 4, 3, 5), (2, 4, 0, 5)])
def test_maps_of_the_wrong_dimensions(shape: tuple[int, ...]) -> None:
    with refusal("G_BCHW", str(shape)):
        attention_map(torch.zeros(shape))
    with refusal("G_BCHW", str(shape)):
        label_dial(torch.zeros(shape), 1.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_maps_that_are_not_finite(bad: float) -> None:
    G_BCHW = random_maps(CASES["wide"])
    G_BCHW[1, 2, 3, 4] = bad
    with refusal("G_BCHW", "1 NaN"):
        attention_map(G_BCHW)
