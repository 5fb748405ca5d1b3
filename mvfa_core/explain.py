"""Explain a picture: one forward pass of the backbone, then everything the pages and the command line show.

    B images · D channels · C classes · H W grid in cells · K anchors · R sizes · M = K*R views

`encode` is the only call of the backbone; `explain_encoding` takes milliseconds, so K, L_R and the class may change
as often as a hand moves.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import torch

from mvfa_core import budget
from mvfa_core.adacam import attention_map
from mvfa_core.checks import as_whole, expect, expect_sizes, expect_target, looking_once
from mvfa_core.explanation import Explanation, Region
from mvfa_core.heads import MLPHead, TailHead
from mvfa_core.images import Picture, as_picture, to_tensor
from mvfa_core.inference import features, inference, with_room
from mvfa_core.maps import TopRegions, cam, contribution_map, grad_cam, gradient_map, leaf, top_regions
from mvfa_core.model import GAP, MFA, Classifier
from mvfa_core.regions import cells_to_pixels
from mvfa_core.stages import Stages

__all__ = [
    "Encoding", "Explanation", "Region", "TopRegions",
    "cam", "contribution_map", "encode", "explain", "explain_encoding", "grad_cam", "top_regions",
]  # fmt: skip


@dataclass(frozen=True)
class Encoding:
    """A picture after the backbone: F_BDHW with B = 1, and the picture's (width, height) in px."""

    F_BDHW: torch.Tensor
    size_px: tuple[int, int]


def encode(model: Classifier, picture: Picture, size_px: tuple[int, int] | None = None) -> Encoding:
    """The backbone's one call: picture -> F, on the model's device, in evaluation mode without gradients. F is float32,
    float64 for a model of that kind; the model, modes and random numbers stay as they were.

    size_px: (width, height) that boxes are told in, where the picture is a smaller copy; its own if not given.
    """
    picture = as_picture(picture)
    with inference(model) as model:
        return Encoding(features(model, to_tensor(picture, model.side)), size_px or picture.size)


def explain(
    model: Classifier,
    picture: Picture,
    *,
    target: int | None = None,
    k: int | None = None,
    sizes: Sequence[int] | None = None,
    size_px: tuple[int, int] | None = None,
) -> Explanation:
    """Everything about one picture from one forward pass of the backbone.

    The model is left as it was, each module in its own mode; gradients and random numbers are not touched either.

    Args:
        model: also one wrapped by DataParallel or `torch.compile`, in any precision, in any mode.
        picture: a PIL picture or a uint8 array (height, width, 3); it is squashed to the model's side.
        target: the class to explain; the predicted one if not given.
        k, sizes: K and L_R in cells for this call; the model's own if not given.
        size_px: (width, height) that boxes are told in, where the picture is a smaller copy; its own if not given.

    Raises:
        ValueError: class, K or a size out of range, a model whose features are not finite or whose weights have no
            values, another thing than a model of this project, or an explanation that takes more memory than it may
            (`budget.TooLargeError`).
    """
    return explain_encoding(model, encode(model, picture, size_px), target=target, k=k, sizes=sizes)


def explain_encoding(
    model: Classifier,
    encoding: Encoding,
    *,
    target: int | None = None,
    k: int | None = None,
    sizes: Sequence[int] | None = None,
) -> Explanation:
    """As `explain`, from a picture that has been through the backbone."""
    with inference(model, gradients=True) as model:  # one pass serves the answer and Grad-CAM
        return with_room(_explained, model, encoding, target, {"k": k, "sizes": sizes})


def _explained(model: Classifier, encoding: Encoding, target: int | None, options: dict) -> Explanation:
    gap = isinstance(model.pooling, GAP)
    expect(
        not gap or not any(value is not None for value in options.values()),
        "k and sizes",
        "none, for a GAP model has no views",
        ", ".join(f"{name}={value}" for name, value in options.items()),
    )
    if options["sizes"] is not None:
        options["sizes"] = expect_sizes(options["sizes"])
    expect_room(model, encoding, **options)
    F_BDHW = leaf(encoding.F_BDHW.to(next(model.pooling.parameters()).dtype))
    # behind a linear head Grad-CAM is its CAM, exactly: a backward pass through a thousand classes would be for nothing
    linear = model.pooling.head.class_weights() is not None
    with looking_once(), torch.set_grad_enabled(not linear):
        stages = model.pooling(F_BDHW, **({} if gap else options))
    logits_C = stages.ensemble_BC[0].detach()
    predicted = int(logits_C.argmax())
    target = predicted if target is None else expect_target(target, len(model.classes))
    views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
    return Explanation(
        classes=model.classes,
        target=target,
        predicted=predicted,
        pooling="gap" if gap else "mfa",
        size_px=encoding.size_px,
        grid=stages.grid,
        ensemble_C=_numpy(model.pooling.confidence(logits_C / views)),
        logits_C=_numpy(logits_C),
        **_maps(model.pooling, stages, target, views),
        **({} if gap else _views(model.pooling, stages, encoding.size_px)),
        labels=getattr(model.pooling, "labels", "single"),
    )


def expect_room(
    model: Classifier, encoding: Encoding, *, k: int | None = None, sizes: Sequence[int] | None = None
) -> None:
    """Raise `budget.TooLargeError` if a pass of the module, and what is counted from it, takes more than it may."""
    pooling, head = model.pooling, model.pooling.head
    cells = encoding.F_BDHW.shape[-2] * encoding.F_BDHW.shape[-1]
    views, count = 0, len(model.classes)
    if isinstance(pooling, MFA):
        asked = as_whole(pooling.k if k is None else k)
        few = pooling.anchors != "all" and asked is not None and 1 <= asked <= cells
        anchors = asked if few and asked is not None else cells
        views = anchors * len(pooling.sizes if sizes is None else sizes)
    width = head.first.out_features if isinstance(head, MLPHead) else 0
    width = pooling.channels if isinstance(head, TailHead) else width
    budget.expect_fits(
        budget.of_explanation(count, cells, views, width),
        f"{count:,} classes, {views:,} views" if views else f"{count:,} classes",
        "ask for fewer anchors or region sizes" if views else "the model has too many classes for it",
    )


def _maps(pooling: MFA | GAP, stages: Stages, target: int, views: int) -> dict:
    """The maps of an explanation; all of them stay on the grid, (H, W)."""
    weights = pooling.head.class_weights()
    if weights is None:
        scale = stages.grid[0] * stages.grid[1] / views
        gradient_BHW = gradient_map(stages.ensemble_BC[0, target], stages.F_BDHW) * scale
    else:  # d logit / d F = W_c sum_i w_i, and every view's weights sum to 1
        gradient_BHW = cam(stages.F_BDHW.detach(), weights[0].detach(), target)
    with torch.no_grad():
        return {"grad_cam_HW": _numpy(gradient_BHW[0]), **_linear_maps(pooling, stages, target)}


def _linear_maps(pooling: MFA | GAP, stages: Stages, target: int) -> dict:
    F_BDHW, weights = stages.F_BDHW, pooling.head.class_weights()
    if isinstance(pooling, MFA):
        A_BHW = _filled(stages.A_BHW)
        linear = not isinstance(pooling.head, TailHead)
        cam_weight_CD: torch.Tensor | None = pooling.auxiliary.weight[:, :, 0, 0] if linear else None
    else:  # the head at every cell is what a 1x1 convolution with its weights would give
        cell_logits = pooling.head.finish(pooling.head.maps(F_BDHW).movedim(1, -1)).movedim(-1, 1)
        A_BHW = attention_map(cell_logits)[0]
        cam_weight_CD = None if weights is None else weights[0]
    contribution, bias = (None, 0.0)
    if weights is not None:
        contribution_BHW, bias = contribution_map(stages, *weights, target)
        contribution = _numpy(contribution_BHW[0])
    cam_BHW = None if cam_weight_CD is None else cam(F_BDHW, cam_weight_CD, target)
    if isinstance(pooling.head, TailHead):  # the head at every cell is as near to a CAM as it comes
        cam_BHW = _filled(stages.G_BCHW)[:, target]
    return {
        "cam_HW": None if cam_BHW is None else _numpy(cam_BHW[0]),
        "adacam_HW": _numpy(A_BHW[0]),
        "contribution_HW": contribution,
        "contribution_bias": bias,
    }


def _views(pooling: MFA | GAP, stages: Stages, size_px: tuple[int, int]) -> dict:
    """What only MFA has: anchors, regions and their votes."""
    boxes_KR4 = _filled(stages.boxes_BKR4)[0]
    return {
        "auxiliary_C": _numpy(_filled(stages.f_BC)[0]),
        "k": boxes_KR4.shape[0],
        "sizes": stages.sizes,
        "anchors_K2": _filled(stages.anchors_BK2)[0].cpu().numpy(),
        "boxes_KR4": boxes_KR4.cpu().numpy(),
        "boxes_px_KR4": cells_to_pixels(boxes_KR4, stages.grid, (size_px[1], size_px[0])).cpu().numpy(),
        "confidence_MC": _numpy(pooling.confidence(_filled(stages.logits_BMC)[0])),
        "logits_MC": _numpy(_filled(stages.logits_BMC)[0]),
    }


def _filled(tensor: torch.Tensor | None) -> torch.Tensor:
    assert tensor is not None, "an MFA model fills every stage"
    return tensor


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


class _Callable(ModuleType):
    """`mvfa_core.explain` is a room with tools and, called, the tool most people want: both names are public."""

    def __call__(self, *args: Any, **options: Any) -> Explanation:
        return explain(*args, **options)


sys.modules[__name__].__class__ = _Callable
