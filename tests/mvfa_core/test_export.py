"""ONNX: the same numbers from another runtime, for any batch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from mvfa_core import build_model
from mvfa_core.export import OUTPUTS, TOLERANCE, export_onnx


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_another_runtime_gives_the_same_for_any_batch(pooling: str, tmp_path: Path) -> None:
    model = build_model("compact", pooling, 3, classes=("a", "b", "c"), seed=4).eval()
    file = tmp_path / "model.onnx"
    assert max(export_onnx(model, file).values()) <= TOLERANCE
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(str(file))
    assert tuple(output.name for output in session.get_outputs()) == OUTPUTS[pooling]
    for batch in (1, 5):
        image = torch.randn(batch, 3, 112, 112)
        got = dict(zip(OUTPUTS[pooling], session.run(None, {"image": image.numpy()}), strict=True))
        with torch.no_grad():
            stages = model(image)
        views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
        np.testing.assert_allclose(got["logits"], stages.ensemble_BC / views, atol=TOLERANCE)
        if pooling == "mfa":
            np.testing.assert_allclose(got["attention"], stages.A_BHW, atol=TOLERANCE)
            np.testing.assert_array_equal(got["anchors"], stages.anchors_BK2)
            np.testing.assert_array_equal(got["boxes"], stages.boxes_BKR4)
    facts = {entry.key: json.loads(entry.value) for entry in onnx.load(file).metadata_props}
    assert facts["classes"] == ["a", "b", "c"]
    assert facts["side"] == 112


def test_equal_attention_keeps_row_major_order_in_the_other_runtime_too(tmp_path: Path) -> None:
    model = build_model("compact", "mfa", 2, k=7).eval()
    torch.nn.init.zeros_(model.pooling.auxiliary.weight)
    export_onnx(model, tmp_path / "flat.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "flat.onnx"))
    (anchors,) = session.run(["anchors"], {"image": np.zeros((1, 3, 112, 112), np.float32)})
    assert anchors[0].tolist() == [[x, 0] for x in range(7)]
