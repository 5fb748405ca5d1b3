"""Class activation maps of the `grad-cam` package, raw: on the grid, with their sign, in their own unit.

    B images · D channels · C classes · H W grid in cells

F and its gradient are known without hooks and without a call of the backbone, so only the package's own formula is
asked for. The hooks that it insists on lie on a layer that does nothing. Its methods that mask
or remove channels one by one (Score-CAM, Ablation-CAM) would call it once a channel, and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from mvfa_core.checks import expect_choice, expect_target
from mvfa_core.explain import Encoding, expect_room
from mvfa_core.i18n import N_
from mvfa_core.inference import inspects
from mvfa_core.model import MFA, Classifier


def _of(name: str) -> Callable[..., Any]:
    """A class of the package, which is loaded with the first map: that takes as long as loading torch."""

    def make(model: nn.Module, target_layers: list[nn.Module]) -> Any:
        import pytorch_grad_cam

        return getattr(pytorch_grad_cam, name)(model, target_layers)

    return make


OTHER_MAPS = {
    "Grad-CAM++": _of("GradCAMPlusPlus"),
    "XGrad-CAM": _of("XGradCAM"),
    "HiResCAM": _of("HiResCAM"),
    "LayerCAM": _of("LayerCAM"),
    N_("Grad-CAM, cell by cell"): _of("GradCAMElementWise"),
    "Eigen-CAM": _of("EigenCAM"),
    "EigenGrad-CAM": _of("EigenGradCAM"),
}


class _Tail(nn.Module):
    """F -> the mean view logits (for GAP its logits), with a layer that does nothing for the package to hook."""

    def __init__(self, pooling: nn.Module, options: dict) -> None:
        super().__init__()
        self.pooling, self.options, self.target_layer = pooling, options, nn.Identity()

    def forward(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        stages = self.pooling(F_BDHW, **self.options)
        views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
        return stages.ensemble_BC / views


@inspects
def other_map(
    model: Classifier,
    encoding: Encoding,
    method: str,
    target: int,
    *,
    k: int | None = None,
    sizes: Sequence[int] | None = None,
) -> np.ndarray:
    """One map of `OTHER_MAPS` for one class, (H, W).

    Args:
        k, sizes: K and L_R for this call; the model's own if not given. A GAP model takes none.

    Raises:
        ValueError: a method that is not known, or a class out of range.
    """
    expect_choice(method, OTHER_MAPS, "method")
    target = expect_target(target, len(model.classes))
    expect_room(model, encoding, k=k, sizes=sizes)
    tail = _Tail(model.pooling, {"k": k, "sizes": sizes} if isinstance(model.pooling, MFA) else {})
    F_BDHW = encoding.F_BDHW.detach().requires_grad_()
    with torch.enable_grad():
        (gradient_BDHW,) = torch.autograd.grad(tail(F_BDHW)[0, target], F_BDHW)
    arrays = [tensor.detach().cpu().numpy() for tensor in (F_BDHW, gradient_BDHW)]
    with OTHER_MAPS[method](tail, [tail.target_layer]) as package:
        map_BHW = package.get_cam_image(F_BDHW, tail.target_layer, [], *arrays, eigen_smooth=False)
    return np.asarray(map_BHW[0], dtype=np.float32)
