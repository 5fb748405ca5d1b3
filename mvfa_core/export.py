"""A model as one ONNX file that other runtimes can run: prediction, AdaCAM, anchors and boxes.

B images · S side in px · C classes · H W grid · K anchors · R sizes
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

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

    The input is `image`, normalised (B, 3, S, S); the outputs are named in `OUTPUTS`. Class names and normalisation
    travel in the file's metadata.

    Returns:
        the greatest absolute difference of each output over a batch of another size than the traced one.

    Raises:
        ExportError: onnx, onnxscript or onnxruntime is not installed, or the outputs differ by more than 1e-4.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 - the exporter needs it
    except ImportError as error:
        raise ExportError(f"{error.name} is not installed; pip install onnx onnxscript onnxruntime") from error
    path = Path(path)
    flat = _Flat(model.cpu()).eval()
    names = OUTPUTS["mfa" if isinstance(model.pooling, MFA) else "gap"]
    part = path.with_name(path.name + ".part")
    traced = torch.randn(2, 3, model.side, model.side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        program = torch.onnx.export(
            flat, (traced,), dynamo=True, input_names=["image"], output_names=list(names),
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},), verbose=False,
        )  # fmt: skip
    assert program is not None
    proto = program.model_proto
    facts = {"classes": model.classes, "side": model.side, "config": model.config}
    onnx.helper.set_model_props(proto, {name: json.dumps(value) for name, value in facts.items()})
    part.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(proto, str(part))
    found = _differences(flat, onnxruntime.InferenceSession(str(part)), names, model.side)
    if max(found.values()) > TOLERANCE:
        part.unlink()
        raise ExportError(f"onnxruntime and PyTorch differ by {max(found.values()):.2g}, more than {TOLERANCE:g}")
    os.replace(part, path)
    return found


def _differences(flat: nn.Module, session: object, names: tuple[str, ...], side: int) -> dict[str, float]:
    image_B3SS = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = flat(image_B3SS)
    got = session.run(list(names), {"image": image_B3SS.numpy()})  # type: ignore[attr-defined]
    return {
        name: float(np.abs(ours.double().numpy() - theirs.astype(np.float64)).max())
        for name, ours, theirs in zip(names, expected, got, strict=True)
    }
