"""Where a classifier averages its last map, and what stands between that mean and its answer.

    B images · D channels · C classes · H W grid in cells · N tokens

Nothing is known of any architecture by its name. One pass on noise is written down (`trace`); among all calls that gave
the mean over the cells of a map, the last one is looked for from which a chain of modules leads to the very logits that
the network gave. What was found is proved afterwards by numbers, on other pictures (`exactness`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from mvfa_core.adoption.network import ACTIVATIONS, Reaching, Tail
from mvfa_core.adoption.trace import TOKEN, Call, Trace, traced
from mvfa_core.checks import expect, is_whole

EXACT, POOLED, TOKENS = "exact", "pooled", "tokens"
KINDS = (EXACT, POOLED, TOKENS)
AFFINE_TOLERANCE = 1e-9
"""Of the largest number, in float64."""
MOST_STEPS = 64


class NotAdoptableError(ValueError):
    """A network whose answer is no function of the mean over its last map; the sentence says why and what to do."""


@dataclass(frozen=True)
class Anatomy:
    """How a network is cut in two at its mean.

    Attributes:
        kind: one of `KINDS`.
        point: the module, by its path, or the function that takes the mean (or the class token).
        nth: for a function, how many calls of it come before; None for a module.
        layout: how the last map lies (`trace.LAYOUTS`).
        prefix: tokens before those of the cells.
        tail: from the mean to the logits, {"module": path or "function": name, "shape": of its input without B}.
        channels: D.
        linear: whether the tail computes W v + b.
    """

    kind: str
    point: str
    nth: int | None
    layout: str
    prefix: int
    tail: tuple[dict[str, Any], ...]
    channels: int
    linear: bool

    def as_json(self) -> dict[str, Any]:
        """As it stands on a card."""
        return {**asdict(self), "tail": list(self.tail)}


def from_card(value: object) -> Anatomy:
    """What `as_json` gave. Raises `ValueError` for anything else; a card may come from a stranger."""
    expect(isinstance(value, dict), "anatomy", "a description of where the network is cut", type(value).__name__)
    assert isinstance(value, dict)
    try:
        anatomy = Anatomy(**{**value, "tail": tuple(value["tail"])})
    except (TypeError, KeyError):
        raise ValueError("anatomy: its fields are not those that adopt writes") from None
    words = all(isinstance(word, str) for word in (anatomy.kind, anatomy.point, anatomy.layout))
    numbers = is_whole(anatomy.channels, 1) and is_whole(anatomy.prefix, 0) and isinstance(anatomy.linear, bool)
    numbers = numbers and (anatomy.nth is None or is_whole(anatomy.nth, 0))
    steps = len(anatomy.tail) <= MOST_STEPS and all(_is_step(step) for step in anatomy.tail)
    expect(words and numbers and steps and anatomy.kind in KINDS, "anatomy", "fields as adopt writes them", value)
    return anatomy


def _is_step(step: object) -> bool:
    if not isinstance(step, dict) or len(step) != 2 or not isinstance(shape := step.get("shape"), list):
        return False
    known = isinstance(step.get("module"), str) or step.get("function") in ACTIVATIONS
    return known and 0 < len(shape) <= 4 and all(is_whole(side, 1) for side in shape)


def anatomy_of(network: nn.Module, image_BCSS: torch.Tensor) -> Anatomy:
    """The anatomy of a network in evaluation mode.

    Args:
        image_BCSS: at least two pictures of noise, in the channels and the size that the network takes.

    Raises:
        NotAdoptableError: it has no mean over a map, or its answer does not follow from that mean alone.
    """
    trace = traced(network, image_BCSS)
    logits_BC = logits_of(trace.answer)
    for point in _points(trace):
        if (tail := _chain(trace, point, logits_BC)) is not None:
            return _told(network, point, tail)
    raise NotAdoptableError(_why_not(trace))


def logits_of(answer: Any) -> torch.Tensor:
    """The logits (B, C) in what a network answers: a tensor, a record with `logits`, or the first of several.

    Raises:
        NotAdoptableError: there are none.
    """
    named = answer.get("logits") if isinstance(answer, dict) else getattr(answer, "logits", None)
    if named is not None:
        answer = named
    elif isinstance(answer, tuple | list) and answer:
        answer = answer[0]
    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or answer.shape[1] < 2:
        got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise NotAdoptableError(f"the network answers with {got}, not with logits (B, C) of at least two classes; "
                                "give a classifier")  # fmt: skip
    return answer


def _points(trace: Trace) -> list[Call]:
    """The calls that gave a mean or a class token, the last one first; of one inside the other the outer module, which
    can be cut off without looking at every function."""
    means = [call for call in trace.calls if call.layout is not None]
    twice = {call.name for call in trace.calls if call.is_module and call.nth > 0}
    means = [call for call in means if not (call.is_module and call.name in twice)]
    outer = [call for call in means if not any(other.is_module and other.holds(call) for other in means)]
    # a class token is looked for only where no mean leads to the answer
    return sorted(outer, key=lambda call: (call.layout != TOKEN, call.end), reverse=True)


def _chain(trace: Trace, point: Call, logits_BC: torch.Tensor) -> tuple[dict[str, Any], ...] | None:
    """The modules and activations, one after the other, that make the logits from what the point gave, or None. What
    changes no number (a flatten, dropout in evaluation mode) is left out."""
    if point.made is None:
        return None
    now, done, tail = point.made, point.end, []
    for call in sorted(trace.calls, key=lambda call: call.start):
        if call.start < done or call.given is None or call.made is None or not _same(call.given, now):
            continue
        if not _same(call.made, now):
            if not call.is_module and call.name not in ACTIVATIONS:
                continue
            tail.append({"module" if call.is_module else "function": call.name, "shape": list(call.shape)})
        now, done = call.made, call.end
    return tuple(tail) if len(tail) <= MOST_STEPS and _same(now, logits_BC) else None


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape[0] == b.shape[0] and a.numel() == b.numel() and torch.equal(a.flatten(), b.flatten())


def _told(network: nn.Module, point: Call, tail: tuple[dict[str, Any], ...]) -> Anatomy:
    layout, prefix = point.layout, 0
    assert layout is not None
    if layout == TOKEN:
        layout, prefix = "BND", point.shape[0] - math.isqrt(point.shape[0] - 1) ** 2
    channels = point.shape[layout.index("D") - 1]
    affine = affine_of(Tail.of(network, tail), channels) is not None
    kind = TOKENS if point.layout == TOKEN else EXACT if affine else POOLED
    return Anatomy(kind, point.name, None if point.is_module else point.nth, layout, prefix, tail, channels, affine)


def affine_of(tail: Tail, channels: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """W_CD and b_C if the tail computes W v + b, in the precision of its weights; None if it does not.

    A single layer's own numbers are handed over as they are. Of a chain they are read off the answers to zero and to
    the unit vectors, in float64, and tried on others.
    """
    if len(tail) == 0:
        return torch.eye(channels), torch.zeros(channels)
    if (layer := tail.single_layer()) is not None:
        return layer
    double = tail.in_double()
    with torch.no_grad():
        bias_C = double(torch.zeros(1, channels, dtype=torch.float64))[0]
        weight_CD = (double(torch.eye(channels, dtype=torch.float64)) - bias_C).T
        tried_ND = torch.randn(8, channels, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3
        expected = double(tried_ND)
        difference = (tried_ND @ weight_CD.T + bias_C - expected).abs().max()
    is_affine = bool(difference <= AFFINE_TOLERANCE * expected.abs().max())
    return (weight_CD.float(), bias_C.float()) if is_affine else None


def _why_not(trace: Trace) -> str:
    if any(call.layout not in (None, TOKEN) for call in trace.calls):
        why = "more than a chain of layers stands between the mean over its last map and its answer"
    elif any(call.layout == TOKEN for call in trace.calls):
        why = "it takes a class token, but no chain of layers leads from that one alone to its answer"
    else:
        why = "it never averages a map over all its cells, and has no class token"
    if trace.flattened is not None:
        channels, height, width = trace.flattened
        why = (f"its last map of {channels} x {height} x {width} is flattened into {channels * height * width:,} "
               "numbers, so that no cell has weights for the classes of its own")  # fmt: skip
    return (f"this network cannot be adopted: {why}. Its backbone can be trained on with a head that averages: "
            "python -m mvfa_core train --weights FILE --backbone NAME")  # fmt: skip


def grid_of(network: nn.Module, anatomy: Anatomy, image_BCSS: torch.Tensor) -> tuple[int, int]:
    """(H, W) in cells of the last map for pictures of that size."""
    with torch.no_grad():
        F_BDHW = Reaching(network, anatomy.point, anatomy.nth, anatomy.layout, anatomy.prefix)(image_BCSS)
    return F_BDHW.shape[-2], F_BDHW.shape[-1]
