"""The bytes that the browser is given, read back by hand."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
import torch

from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.web.payload import MOST_ERROR, SMALL_BYTES, payload_of
from tests.mvfa_core.samples import refusal
from tests.mvfa_core.web import drawn


def opened(part: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The header, and what lies from each array's offset on."""
    (length,) = struct.unpack_from("<I", part)
    header = json.loads(part[4 : 4 + length])
    return header, {stored["name"]: part[4 + length + stored["offset"] :] for stored in header["arrays"]}


def test_a_small_payload_is_float32_to_the_bit() -> None:
    model, encoding = drawn.case(4)
    wanted = explain_encoding(model, encoding)
    payload = payload_of(model, encoding)
    header, arrays = opened(payload.to_bytes())
    assert header["grid"] == list(wanted.grid) and header["classes"] == len(wanted.classes)
    assert header["size_px"] == list(encoding.size_px) and header["pooling"] == "mfa"
    assert header["settings"] == {
        "k": 1, "sizes": [3, 5], "predicted": wanted.predicted, "anchors": "adacam", "different": 0,
    }  # fmt: skip
    assert [stored["kind"] for stored in header["arrays"]] == ["float32"] * 6
    np.testing.assert_array_equal(np.frombuffer(arrays["A"], "<f4", wanted.adacam_HW.size), wanted.adacam_HW.ravel())
    np.testing.assert_array_equal(np.frombuffer(arrays["f"], "<f4", len(wanted.classes)), wanted.auxiliary_C)
    np.testing.assert_array_equal(np.frombuffer(arrays["G"], "<f4", payload.G_HWC.size), payload.G_HWC.ravel())
    assert all(stored["offset"] % 4 == 0 for stored in header["arrays"])


@pytest.mark.parametrize("grid", [(14, 14), (13, 15), (56, 7)])
def test_large_maps_are_sent_in_steps(grid: tuple[int, int]) -> None:
    encoding = Encoding(torch.randn(1, drawn.D, *grid), (224, 224))
    payload = payload_of(drawn.classifier(601), encoding)
    assert payload.G_HWC.nbytes > SMALL_BYTES
    header, arrays = opened(payload.to_bytes())
    kinds = {stored["name"]: stored["kind"] for stored in header["arrays"]}
    assert kinds["G"] == kinds["logits"] == "steps16" and kinds["A"] == kinds["f"] == kinds["bias"] == "float32"
    low_C, step_C = np.frombuffer(arrays["G"], "<f4", 1202).astype(np.float64).reshape(2, 601)
    steps_HWC = np.frombuffer(arrays["G"], "<u2", payload.G_HWC.size, offset=8 * 601).reshape(payload.G_HWC.shape)
    off = np.abs(low_C + step_C * steps_HWC - payload.G_HWC)
    assert off.max() <= np.ptp(payload.G_HWC, axis=(0, 1)).max() / 131_000 <= MOST_ERROR


def test_maps_of_too_wide_a_range_stay_float32() -> None:
    model = drawn.classifier(601)
    with torch.no_grad():
        model.pooling.head.fc.weight.mul_(500)
    payload = payload_of(model, Encoding(torch.randn(1, drawn.D, 14, 14), (224, 224)))
    header, arrays = opened(payload.to_bytes())
    assert {stored["name"]: stored["kind"] for stored in header["arrays"]}["logits"] == "float32"
    assert payload.logits_HWC is not None
    np.testing.assert_array_equal(np.frombuffer(arrays["logits"], "<f4", 601), payload.logits_HWC[0, 0])


def test_a_class_without_any_variation_is_kept_exactly() -> None:
    model = drawn.classifier(601)
    with torch.no_grad():
        model.pooling.head.fc.weight[7] = 0
    payload = payload_of(model, Encoding(torch.randn(1, drawn.D, 14, 14), (224, 224)))
    _, arrays = opened(payload.to_bytes())
    low_C, step_C = np.frombuffer(arrays["logits"], "<f4", 1202).reshape(2, 601)
    assert payload.logits_HWC is not None
    assert step_C[7] == 0 and low_C[7] == payload.logits_HWC[3, 3, 7]


def test_the_gap_twin_sends_its_maps_once() -> None:
    model, encoding = drawn.case(10, pooling="gap")
    header, _ = opened(payload_of(model, encoding).to_bytes())
    assert [stored["name"] for stored in header["arrays"]] == ["A", "f", "G", "G_bias", "bias"]
    assert header["settings"]["k"] == 0 and header["settings"]["sizes"] == []


def test_random_anchors_are_refused() -> None:
    model, encoding = drawn.case(10, anchors="random")
    with refusal("random anchors"):
        payload_of(model, encoding)


def test_an_endless_head_is_refused() -> None:
    model, encoding = drawn.case(10)
    with torch.no_grad():
        model.pooling.head.fc.bias[0] = torch.inf
    with refusal("finite numbers"):
        payload_of(model, encoding)


def test_k_and_sizes_are_those_asked_for() -> None:
    model, encoding = drawn.case(4)
    payload = payload_of(model, encoding, k=3, sizes=(1, 7))
    assert payload.settings.k == 3 and payload.settings.sizes == (1, 7)
    assert payload.settings.predicted == explain_encoding(model, encoding, k=3, sizes=(1, 7)).predicted
    with refusal("k"):
        payload_of(model, encoding, k=1000)
