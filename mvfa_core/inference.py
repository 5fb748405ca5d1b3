"""A model looked at without leaving a trace: the one place that prepares a caller's model and puts everything back.

Where a model is computed and how finely, `settle` says once (`devices`, `precision`); a device that has no memory left
gives its work to the CPU, and the model's `place` tells it.

Whoever calls may be in the middle of training, with layers frozen in evaluation mode, under `torch.inference_mode()`,
`torch.no_grad()` or autocast, and may hand over a model in half precision or wrapped for several devices. What follows
the features is computed in float32 or float64 always, as in training (`training.speed.Network`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch
from torch import nn

from mvfa_core.backbones import expect_pictures
from mvfa_core.checks import expect
from mvfa_core.devices import FULL, UNABLE, Place, is_out_of_memory, let_go, machine_of
from mvfa_core.model import Classifier
from mvfa_core.precision import BOUND, FLOAT32, asked_precision, computing_in, tensor_float32
from mvfa_core.stages import Stages

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Module = TypeVar("Module", bound=nn.Module)
_EXACT = (torch.float32, torch.float64)


def unwrapped(model: nn.Module) -> nn.Module:
    """The module inside of what `torch.compile`, DataParallel, DistributedDataParallel or averaging put around it."""
    while not isinstance(model, Classifier):
        inner = getattr(model, "_orig_mod", getattr(model, "module", None))
        if not isinstance(inner, nn.Module):
            break
        model = inner
    return model


def classifier_of(model: nn.Module) -> Classifier:
    """The model of this project that was handed over, without what is wrapped around it.

    Raises:
        ValueError: another kind of thing, or a model whose weights have no values.
    """
    found = unwrapped(model) if isinstance(model, nn.Module) else model
    known = isinstance(found, Classifier)
    expect(known, "model", "one that build_model or load_model gave", type(found).__name__)
    empty = [name for name, tensor in found.state_dict(keep_vars=True).items() if tensor.is_meta]
    values = "weights with values; load them, or build the model on a device that keeps any"
    expect(not empty, "model", values, f"{len(empty)} on the meta device, which keeps none")
    return found  # type: ignore[return-value]


def device_of(network: nn.Module) -> torch.device:
    """Where its first weight lies; the CPU for a network without any."""
    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[nn.Module]:
    """Every module in evaluation mode inside, and afterwards each in the mode that was its own: in fine-tuning some are
    frozen. Random numbers that are drawn inside are drawn by nobody."""
    device = device_of(network)
    on_cpu = device.type == "cpu"
    modes = [(module, module.training) for module in network.modules()]
    with torch.random.fork_rng([] if on_cpu else [device], device_type="cuda" if on_cpu else device.type):
        try:
            for module, _ in modes:
                module.training = False  # not by eval(), which some networks answer with more than a mode
            yield network
        finally:
            for module, training in modes:
                module.training = training


@contextmanager
def inference(model: nn.Module, *, gradients: bool = False) -> Iterator[Classifier]:
    """The model as it is looked at: in evaluation mode, outside of the caller's inference mode and autocast, its head
    in float32 or float64.

    Args:
        model: a `Classifier`, also a wrapped one; it is left as it was.
        gradients: whether gradients are recorded.

    Raises:
        ValueError: see `classifier_of`.
    """
    classifier = classifier_of(model)
    device = device_of(classifier)
    with (
        torch.inference_mode(False),
        torch.set_grad_enabled(gradients),
        torch.autocast(device.type, enabled=False),
        tensor_float32(False),  # the order of the anchors hangs on the last bits
        evaluation_mode(classifier),
    ):
        yield _with_exact_head(classifier)


def inspects(
    function: Callable[Concatenate[Classifier, Asked], Answer],
) -> Callable[Concatenate[Classifier, Asked], Answer]:
    """For a function whose first argument is a model that it only looks at: it is called as within `inference`, and as
    `with_room` does."""

    @wraps(function)
    def inside(model: Classifier, *args: Asked.args, **options: Asked.kwargs) -> Answer:
        with inference(model) as seen:
            return with_room(function, seen, *args, **options)

    return inside


def with_room(function: Callable[..., Answer], classifier: Classifier, *args: Any, **options: Any) -> Answer:
    """What a function says of a model and of pictures behind its backbone, which are brought to where its head is.
    Where the device has no memory left, it is asked again with the model on the CPU, where the model stays."""
    try:
        return function(classifier, *(_near(one, classifier) for one in args), **options)
    except (RuntimeError, MemoryError) as error:
        if device_of(classifier.pooling).type == "cpu" or not is_out_of_memory(error):
            raise
    # out of the handler, whose traceback keeps what was computed so far
    _to_cpu(classifier, FULL)
    return function(classifier, *(_near(one, classifier) for one in args), **options)


def _near(one: Any, classifier: Classifier) -> Any:
    """An encoding, F_BDHW where the head is; anything else as it is."""
    F_BDHW, device = getattr(one, "F_BDHW", None), device_of(classifier.pooling)
    if not isinstance(F_BDHW, torch.Tensor) or F_BDHW.device == device or not is_dataclass(one):
        return one
    return replace(one, F_BDHW=F_BDHW.to(device))  # type: ignore[type-var]


def _with_exact_head(classifier: Classifier) -> Classifier:
    """The model itself, or one with the same backbone and a copy of its head that gradients can be taken through."""
    parameters = list(classifier.pooling.parameters())
    exact = parameters[0].dtype in _EXACT and len({parameter.dtype for parameter in parameters}) == 1
    if exact and not any(parameter.is_inference() for parameter in parameters):
        return classifier
    head = copy.deepcopy(classifier.pooling)
    return with_parts(classifier, pooling=head if exact else head.float())


def head_on_cpu(classifier: Classifier) -> Classifier:
    """The model itself, or one with the same backbone, where that is, and a copy of its head on the CPU: for hundreds
    of small operations a picture, each of which an accelerator takes longer to begin than a CPU to finish, and for
    double precision, which not every accelerator has."""
    if all(parameter.device.type == "cpu" for parameter in classifier.pooling.parameters()):
        return classifier
    return with_parts(classifier, pooling=copy.deepcopy(classifier.pooling).cpu())


def with_parts(module: Module, **parts: nn.Module) -> Module:
    """A module that shares everything with another one but those parts."""
    own = copy.copy(module)
    own._modules = {**module._modules, **parts}
    return own


def features(classifier: Classifier, image_B3SS: torch.Tensor) -> torch.Tensor:
    """The feature map F_BDHW of normalised pictures, computed on the device and in the precision of the backbone, and
    brought to those of the head. A device without memory for it gives the model to the CPU."""
    try:
        return _features(classifier, image_B3SS)
    except (RuntimeError, MemoryError) as error:
        if device_of(classifier).type == "cpu" or not is_out_of_memory(error):
            raise
    _to_cpu(classifier, FULL)
    return _features(classifier, image_B3SS)


def _features(classifier: Classifier, image_B3SS: torch.Tensor) -> torch.Tensor:
    weight = next(classifier.backbone.parameters(), next(classifier.parameters()))
    image_B3SS = image_B3SS.to(weight.device, weight.dtype)
    if classifier.place.precision == FLOAT32:
        F_BDHW = classifier.backbone(image_B3SS)
    else:
        with computing_in(classifier.place.precision, weight.device):
            F_BDHW = classifier.backbone(image_B3SS)
    own = next(classifier.pooling.parameters())
    return F_BDHW.to(own.device, own.dtype)


def stages_of(classifier: Classifier, image_B3SS: torch.Tensor) -> Stages:
    """All stages of normalised pictures (B, 3, S, S), in any precision of the model's weights."""
    expect_pictures(image_B3SS, classifier.stride)
    return classifier.pooling(features(classifier, image_B3SS))


# --- where a model is computed ---


def settle(model: Classifier, device: torch.device) -> Classifier:
    """The model itself, on a device from now on, in the precision that is asked for; `place` says what became of it.

    It is tried there once. Without memory for it, or without one of its operations, it is computed on the CPU. A
    precision below float32 is taken if the answers for four photographs agree with float32's (`precision.BOUND`).

    Raises:
        ValueError: `MVFA_PRECISION` asks for what there is not.
    """
    asked = asked_precision(device)
    model.place = Place(str(device), machine_of(device), asked=asked)
    if device.type != "cpu":
        _try_on(model, device)
    if asked != FLOAT32 and not model.place.why:
        _quicken(model, asked)
    return model


def _try_on(model: Classifier, device: torch.device) -> None:
    try:
        model.to(device)
        # features that are not finite are told with the picture that has them
        with suppress(ValueError), inference(model) as seen:
            stages_of(seen, torch.zeros(1, 3, model.side, model.side))
    except (RuntimeError, MemoryError, TypeError) as error:  # MPS answers with a TypeError where it has no float64
        why = FULL if is_out_of_memory(error) else UNABLE
    else:
        return
    _to_cpu(model, why)


def _to_cpu(model: Classifier, why: str) -> None:
    """Bring a model to the CPU, and note the reason."""
    device, cpu = device_of(model), torch.device("cpu")
    model.to(cpu)
    let_go(device)
    model.place = replace(model.place, device="cpu", machine=machine_of(cpu), precision=FLOAT32, apart=None, why=why)


def _quicken(model: Classifier, precision: str) -> None:
    """Compute the backbone in a precision if the answers agree with float32's."""
    from mvfa_core.images import to_tensor
    from mvfa_core.photographs import PHOTOGRAPHS, photograph

    image_B3SS = torch.cat([to_tensor(photograph(name), model.side) for name in PHOTOGRAPHS])
    plain = model.place
    with inference(model) as seen:
        exact_BC = stages_of(seen, image_B3SS).ensemble_BC.cpu()
        seen.place = replace(plain, precision=precision)
        quick_BC = stages_of(seen, image_B3SS).ensemble_BC.cpu()
    if model.place.why:  # its memory ran out meanwhile
        return
    apart = float((quick_BC - exact_BC).abs().max() / exact_BC.abs().max().clamp_min(1e-30))
    same = bool((quick_BC.argmax(dim=1) == exact_BC.argmax(dim=1)).all())
    agree = same and apart <= BOUND[precision]
    model.place = replace(plain, precision=precision if agree else FLOAT32, apart=apart)
