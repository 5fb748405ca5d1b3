"""One picture followed through one model, with the terms of every sum kept apart (Eq. 1-9).

    D channels · C classes · H W grid in cells · N = H*W cells · K anchors · R sizes · M = K*R views, m = k*R + r
    T classes that are spelled out · P channels that are spelled out · Q largest terms of a sum

One pass of the module over all N cells in their order by falling A serves every K: the first K of them are the anchors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from mvfa_core.adacam import attention_map
from mvfa_core.checks import expect, expect_k
from mvfa_core.explain import Encoding, expect_room
from mvfa_core.heads import MLPHead, PrototypeHead, TailHead, pointwise
from mvfa_core.inference import head_on_cpu, inspects
from mvfa_core.lesson.record import CamProof, LessonFacts, Views
from mvfa_core.maps import cam
from mvfa_core.model import GAP, MFA, Classifier
from mvfa_core.regions import all_cells, region_boxes
from mvfa_core.stages import Stages

MOST_TOLD = 5
"""Classes of every head that are spelled out; the others are summed up."""
CHANNELS = 8
ONE_CLASS = "one class a picture, for the lesson tells of a softmax over all classes"
TERMS = 3


@inspects
def lesson_facts(
    model: Classifier,
    encoding: Encoding,
    *,
    k: int | None = None,
    sizes: Sequence[int] | None = None,
    truth: int | None = None,
) -> LessonFacts:
    """The facts of the lesson for an encoded picture.

    Args:
        k, sizes: K and L_R in cells; the model's own if not given. A GAP model makes no use of them.
        truth: the true class, which is always among those spelled out.

    Raises:
        ValueError: K or a size out of range, a model of any number of classes a picture, or one whose
            numbers are not finite.
    """
    alone = getattr(model.pooling, "labels", "single") == "multi"
    expect(not alone, "model", ONE_CLASS, "any number, a sigmoid for each class")
    model, encoding = head_on_cpu(model), replace(encoding, F_BDHW=encoding.F_BDHW.cpu())
    pooling, F_BDHW = model.pooling, encoding.F_BDHW
    gap = isinstance(pooling, GAP)
    cells = F_BDHW.shape[-2] * F_BDHW.shape[-1]
    expect_room(model, encoding, k=None if gap else cells, sizes=None if gap else sizes)
    with torch.no_grad():
        stages, G_BCHW, weights = _pass(pooling, F_BDHW, sizes)
        A_BHW, f_BC = (stages.A_BHW, stages.f_BC) if stages.A_BHW is not None else attention_map(G_BCHW)
        assert A_BHW is not None and f_BC is not None
        count = _anchors(pooling, k, A_BHW[0].numel())
        share_C = _shares(stages, count)
        target = int(_sums(stages, count).argmax())
        told = _told(f_BC[0], share_C, target, truth)
        channel_P = _channels(F_BDHW[0], weights, target)
        z_C = G_BCHW[0].mean(dim=(-2, -1)).double()
        terms = _terms(F_BDHW[0], weights, target)
        picked = torch.tensor(told)
        loss_T = None
        if stages.logits_BMC is None:
            loss_T = _numpy(-stages.ensemble_BC[0].double().log_softmax(dim=0)[picked])
        return LessonFacts(
            classes=model.classes,
            told=told,
            target=target,
            pooling="gap" if isinstance(pooling, GAP) else "mfa",
            head=_head(pooling),
            grid=stages.grid,
            channels=F_BDHW.shape[1],
            size_px=encoding.size_px,
            channel_P=channel_P,
            F_PHW=_numpy(F_BDHW[0, list(channel_P)]),
            u_P=_numpy(F_BDHW[0, list(channel_P)].double().mean(dim=(-2, -1))),
            term_NQ=terms and terms[0],
            weight_NQ=terms and terms[1],
            feature_NQ=terms and terms[2],
            rest_N=terms and terms[3],
            bias=0.0 if weights is None else float(weights[1][target]),
            G_THW=_numpy(G_BCHW[0, picked]),
            z_T=_numpy(z_C[picked]),
            f_T=_numpy(z_C.softmax(dim=0)[picked]),
            f_rest=float(1 - z_C.softmax(dim=0)[picked].sum()) if len(told) < len(z_C) else 0.0,
            A_HW=_numpy(A_BHW[0]),
            A_rest_N=_numpy(_A_rest(G_BCHW[0], z_C, told)),
            rank_HW=_ranks(A_BHW[0]),
            cam=None if weights is None else _proof(F_BDHW, weights, G_BCHW[0, target], target),
            answer_T=_numpy(share_C[picked]),
            views=_views(pooling, stages, target, told, channel_P, count) if isinstance(pooling, MFA) else None,
            loss_T=loss_T,
        )


Weights = tuple[torch.Tensor, torch.Tensor]


def _pass(
    pooling: MFA | GAP, F_BDHW: torch.Tensor, sizes: Sequence[int] | None
) -> tuple[Stages, torch.Tensor, Weights | None]:
    """Stages over all cells, the class maps G, and the W_CD and b_C that make them where they are linear in F."""
    if isinstance(pooling, MFA):
        stages = pooling(F_BDHW, k=F_BDHW.shape[-2] * F_BDHW.shape[-1], sizes=sizes)
        assert stages.G_BCHW is not None
        if isinstance(pooling.head, TailHead):
            return stages, stages.G_BCHW, None
        layer = pooling.auxiliary
        assert layer.bias is not None
        return stages, stages.G_BCHW, (layer.weight.flatten(1), layer.bias)
    weights = pooling.head.class_weights()
    if weights is not None:
        return pooling(F_BDHW), pointwise(F_BDHW, *weights), weights
    maps_BEHW = pooling.head.maps(F_BDHW)  # the whole head at every cell
    return pooling(F_BDHW), pooling.head.finish(maps_BEHW.movedim(1, -1)).movedim(-1, 1), None


def _anchors(pooling: MFA | GAP, k: int | None, cells: int) -> int:
    if isinstance(pooling, GAP):
        return 0
    return expect_k(cells if pooling.anchors == "all" else pooling.k if k is None else k, cells)


def _sums(stages: Stages, count: int) -> torch.Tensor:
    """Eq. 8 over the first `count` anchors, (C,) in float64; a GAP model's logits."""
    if stages.logits_BMC is None or stages.sizes is None:
        return stages.ensemble_BC[0].double()
    return stages.logits_BMC[0, : count * len(stages.sizes)].double().sum(dim=0)


def _shares(stages: Stages, count: int) -> torch.Tensor:
    views = 1 if stages.sizes is None else count * len(stages.sizes)
    return (_sums(stages, count) / views).softmax(dim=0)


def _head(pooling: MFA | GAP) -> str:
    return {MLPHead: "mlp", TailHead: "mlp", PrototypeHead: "prototype"}.get(type(pooling.head), "linear")


def _told(f_C: torch.Tensor, share_C: torch.Tensor, target: int, truth: int | None) -> tuple[int, ...]:
    """The classes to spell out: the likeliest of both heads, the target and the truth, by falling f."""
    most = min(MOST_TOLD, len(f_C))
    kept = {target, *f_C.topk(most).indices.tolist(), *share_C.topk(most).indices.tolist()}
    kept |= set() if truth is None else {truth}
    return tuple(sorted(kept, key=lambda c: (-float(f_C[c]), c)))


def _channels(F_DHW: torch.Tensor, weights: Weights | None, target: int) -> tuple[int, ...]:
    """The channels whose mean speaks most for the target; for a head that is not linear, those of the largest mean."""
    u_D = F_DHW.mean(dim=(-2, -1))
    push_D = u_D if weights is None else u_D * weights[0][target]
    return tuple(push_D.argsort(descending=True, stable=True)[:CHANNELS].tolist())


def _terms(
    F_DHW: torch.Tensor, weights: Weights | None, target: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """For every cell the largest terms of G_c(x, y) = sum_d w_{c,d} F_d(x, y) + b_c: channels, weights, features; and
    the sum of all other terms."""
    if weights is None:
        return None
    weight_D, F_ND = weights[0][target], F_DHW.flatten(1).T
    term_ND = F_ND.double() * weight_D.double()
    channel_NQ = term_ND.abs().topk(min(TERMS, F_ND.shape[1]), dim=1).indices
    rest_N = term_ND.scatter(1, channel_NQ, 0.0).sum(dim=1)
    return channel_NQ.numpy(), _numpy(weight_D[channel_NQ]), _numpy(F_ND.gather(1, channel_NQ)), _numpy(rest_N)


def _A_rest(G_CHW: torch.Tensor, z_C: torch.Tensor, told: Sequence[int]) -> torch.Tensor:
    """sum_i f_i G_i over all classes but the first `TERMS` told ones, (N,)."""
    f_C = z_C.softmax(dim=0)
    f_C[list(told[:TERMS])] = 0.0
    return f_C @ G_CHW.double().flatten(1)


def _proof(F_BDHW: torch.Tensor, weights: Weights, G_HW: torch.Tensor, target: int) -> CamProof:
    cam_HW, bias = cam(F_BDHW, weights[0], target)[0], weights[1][target]
    return CamProof(
        cam_HW=_numpy(cam_HW),
        bias=float(bias),
        left_HW=_numpy(G_HW - bias - cam_HW),
        most=float((G_HW - bias - cam_HW).abs().max()),
        logit_conv=float(G_HW.double().mean()),
        logit_fc=float(weights[0][target].double() @ F_BDHW[0].double().mean(dim=(-2, -1)) + bias),
    )


def _ranks(A_HW: torch.Tensor) -> np.ndarray:
    order_N = A_HW.flatten().argsort(descending=True, stable=True)
    rank_N = torch.empty_like(order_N)
    rank_N[order_N] = torch.arange(1, len(order_N) + 1)
    return rank_N.reshape(A_HW.shape).numpy()


def _odds(logits_MC: torch.Tensor, target: int) -> torch.Tensor:
    others = [c for c in range(logits_MC.shape[1]) if c != target]
    return logits_MC[:, target] - logits_MC[:, others].logsumexp(dim=1)


def _views(
    pooling: MFA, stages: Stages, target: int, told: Sequence[int], channel_P: Sequence[int], count: int
) -> Views:
    assert stages.logits_BMC is not None and stages.anchors_BK2 is not None and stages.sizes is not None
    assert stages.weights_BMHW is not None and stages.G_BCHW is not None
    picked, sizes, used = torch.tensor(told), stages.sizes, count * len(stages.sizes)
    logits_NRC = stages.logits_BMC[0].double().unflatten(0, (-1, len(sizes)))
    running_NC = logits_NRC.sum(dim=1).cumsum(dim=0)
    counts_N1 = torch.arange(1, len(running_NC) + 1)[:, None] * len(sizes)
    logits_MC = logits_NRC.flatten(0, 1)[:used]
    loss_MT = -logits_MC.log_softmax(dim=1)[:, picked]
    F_PHW = stages.F_BDHW[0, list(channel_P)].double()
    boxes_NR4 = region_boxes(all_cells(*stages.grid)[None], sizes, stages.grid)[0]
    weights = pooling.head.class_weights()
    z_C = stages.G_BCHW[0].double().mean(dim=(-2, -1))
    return Views(
        k=count,
        sizes=tuple(sizes),
        rule=pooling.anchors,
        order_N2=stages.anchors_BK2[0].numpy(),
        boxes_NR4=boxes_NR4.numpy(),
        pooled_MP=_numpy(torch.einsum("mhw,phw->mp", stages.weights_BMHW[0, :used].double(), F_PHW)),
        logits_MT=_numpy(logits_MC[:, picked]),
        loss_MT=_numpy(loss_MT),
        odds_M=_numpy(_odds(logits_MC, target)),
        winner_M=logits_MC.argmax(dim=1).numpy(),
        bias_T=None if weights is None else _numpy(weights[1][picked]),
        sums_NT=_numpy(running_NC[:, picked]),
        path_NT=_numpy((running_NC / counts_N1).softmax(dim=1)[:, picked]),
        path_winner_N=running_NC.argmax(dim=1).numpy(),
        global_T=_numpy(-z_C.log_softmax(dim=0)[picked]),
        local_T=_numpy(loss_MT.sum(dim=0)),
    )


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
