"""A model as one ONNX file that other runtimes can run: prediction, AdaCAM, anchors and boxes.

B images · S side in px · C classes · H W grid · K anchors · R sizes
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mvfa_core.files import expect_writable, whole_file
from mvfa_core.images import MEAN, STD
from mvfa_core.inference import inference
from mvfa_core.model import MFA, Classifier

TOLERANCE = 1e-4
OUTPUTS = {"mfa": ("logits", "attention", "anchors", "boxes"), "gap": ("logits",)}


class ExportError(ValueError):
    """The model could not be exported; the sentence says why."""


class _Flat(nn.Module):
    """The parts of `Stages` that leave with the model, as a plain tuple. Logits are the mean over the views, whose
    arg max is Eq. 8's, so that their size does not depend on K."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, image_B3SS: torch.Tensor) -> tuple[torch.Tensor, ...]:
        stages = self.model(image_B3SS)
        if stages.logits_BMC is None:
            return (stages.ensemble_BC,)
        return stages.logits_BMC.mean(dim=1), stages.A_BHW, stages.anchors_BK2, stages.boxes_BKR4


def export_onnx(model: Classifier, path: Path | str) -> dict:
    """Write the model with a dynamic batch, run it with onnxruntime, and compare with PyTorch.

    The input is `image`, normalised (B, 3, S, S); the outputs are named in `OUTPUTS`. What a reader needs travels in
    the file's metadata, each as JSON: `classes` (names, in the order of the logits), `side` (S in px), `mean` and `std`
    (of each channel, red first, for values from 0 to 1: normalised is (value - mean) / std), and `config`.

    Args:
        model: in any precision and mode, also a wrapped one; it is left as it was.
        path: where the file goes; the folders above it are made.

    Returns:
        the greatest absolute difference of each output over a batch of another size than the traced one.

    Raises:
        ExportError: onnx, onnxscript or onnxruntime is not installed, the exporter cannot write the backbone down, or
            the outputs differ by more than 1e-4.
        OSError: no file can be written there; this is looked at before the work.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 - the exporter needs it
    except ImportError as error:
        raise ExportError(f"{error.name} is not installed; pip install onnx onnxscript onnxruntime") from error
    path = Path(path)
    expect_writable(path)
    with inference(model) as seen:
        # a copy in float32 on the CPU: the caller's model keeps its device and precision
        flat = _Flat(copy.deepcopy(seen).cpu().float()).eval()
        names = OUTPUTS["mfa" if isinstance(seen.pooling, MFA) else "gap"]
        proto = _traced(flat, seen, names)
        facts = {name: json.dumps(value, ensure_ascii=False) for name, value in facts_of(seen).items()}
        onnx.helper.set_model_props(proto, facts)
        content = proto.SerializeToString()
        found = _differences(flat, onnxruntime.InferenceSession(content), names, seen.side)
    if max(found.values()) > TOLERANCE:
        raise ExportError(f"onnxruntime and PyTorch differ by {max(found.values()):.2g}, more than {TOLERANCE:g}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(content)
    return found


def facts_of(model: Classifier) -> dict[str, Any]:
    """What stands in the metadata of an exported model."""
    return {"classes": model.classes, "side": model.side, "mean": MEAN, "std": STD, "config": model.config}


def _traced(flat: nn.Module, model: Classifier, names: tuple[str, ...]) -> Any:
    traced = torch.randn(2, 3, model.side, model.side, generator=torch.Generator().manual_seed(0))
    try:
        program = torch.onnx.export(
            flat, (traced,), dynamo=True, input_names=["image"], output_names=list(names),
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},), verbose=False,
        )  # fmt: skip
    except Exception as error:  # of many kinds, one for each way in which a network cannot be written down
        why = " ".join(str(error).split())[:160] or type(error).__name__
        raise ExportError(f"{model.config['backbone']}: PyTorch cannot write this backbone as ONNX ({why})") from error
    assert program is not None
    return program.model_proto


def _differences(flat: nn.Module, session: object, names: tuple[str, ...], side: int) -> dict[str, float]:
    image_B3SS = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = flat(image_B3SS)
    got = session.run(list(names), {"image": image_B3SS.numpy()})  # type: ignore[attr-defined]
    return {
        name: float(np.abs(ours.double().numpy() - theirs.astype(np.float64)).max())
        for name, ours, theirs in zip(names, expected, got, strict=True)
    }
