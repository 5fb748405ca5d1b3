"""Where a network comes from: timm, torchvision, or a module in memory (`weights` has the files).

A `Blueprint` is what a card keeps of it: library, name and arguments, enough to build the same layers again without a
network connection. What a card or a configuration asks for is looked at before it is built: no argument that would make
a library fetch or open anything, and no foreign code, ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from mvfa_core.adoption.preprocessing import Preprocessing
from mvfa_core.checks import expect, is_whole
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError

TIMM, TORCHVISION, TRANSFORMERS = "timm", "torchvision", "transformers"
LIBRARIES = (TIMM, TORCHVISION, TRANSFORMERS)
HUB = "hf-hub"
CHANNELS, MOST_CHANNELS = "in_chans", 64
"""The argument that says how many channels a network's first layer takes, where it is not red, green and blue."""
_FORBIDDEN = re.compile(
    r"pretrained|checkpoint|cache|url|path|file|hub|trust|weights|script|export|overlay|device|dtype"
)


@dataclass(frozen=True)
class Blueprint:
    """How a library builds the network: `build(Blueprint("timm", "resnet18", {"num_classes": 10}))`."""

    library: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.library}:{self.name}"


@dataclass(frozen=True)
class Source:
    """A network with values, in evaluation mode on the CPU, and what is known of it besides.

    Attributes:
        origin: where it came from, in the words in which it was asked for.
        blueprint: None for a module that no library builds.
        classes: names from its configuration.
        notes: sentences that its user should read.
    """

    network: nn.Module
    origin: str
    blueprint: Blueprint | None
    preprocessing: Preprocessing
    classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def parsed(name: str) -> Blueprint:
    """ "timm:resnet50" -> a blueprint without arguments; a bare name may stand for timm's or torchvision's.

    Raises:
        WeightsError: no such library, or it has no such name.
    """
    library, colon, rest = name.partition(":")
    if not colon:
        library, rest = (TORCHVISION if is_known(TORCHVISION, name) else TIMM), name
    if library not in (TIMM, TORCHVISION):
        raise WeightsError(f"{visible(name)}: name a network as timm:NAME or torchvision:NAME")
    if not is_known(library, rest):
        near = ", ".join(_near(library, rest)) or "none"
        raise WeightsError(f"{visible(name)}: {library} has no network of that name (near: {near})")
    return Blueprint(library, rest)


def is_known(library: str, name: str) -> bool:
    """Whether a library has a classifier of that name."""
    if library == TORCHVISION:
        return name in torchvision_names()
    import timm

    return re.fullmatch(r"[\w.\-]+", name) is not None and timm.is_model(name)


def torchvision_names() -> list[str]:
    """The classifiers of torchvision."""
    from torchvision import models

    return models.list_models(module=models)


def _near(library: str, name: str) -> list[str]:
    import difflib

    import timm

    known = torchvision_names() if library == TORCHVISION else timm.list_models()
    return difflib.get_close_matches(name.split(".")[0], known, n=5, cutoff=0.5)


def build(blueprint: Blueprint) -> nn.Module:
    """The network with fresh weights, in evaluation mode. Nothing is fetched.

    Raises:
        ValueError: the library does not know the name, or an argument that is not allowed or does not fit.
    """
    arguments = _allowed(blueprint)
    if blueprint.library != TRANSFORMERS:
        parsed(str(blueprint))
    with torch.random.fork_rng(devices=[]):
        try:
            return _built(blueprint, arguments)
        except NotImplementedError:  # some compute with numbers while they are built, which "meta" has none of
            where = torch.get_default_device()
            with torch.device("cpu"):
                return _built(blueprint, arguments).to(where)


def _built(blueprint: Blueprint, arguments: dict[str, Any]) -> nn.Module:
    if blueprint.library == TRANSFORMERS:
        from mvfa_core.adoption.hugging_face import build_from_config

        return build_from_config(arguments).eval()
    if blueprint.library == TORCHVISION:
        return _torchvision(blueprint.name, arguments).eval()
    import timm

    return timm.create_model(blueprint.name, pretrained=False, **arguments).eval()


def _allowed(blueprint: Blueprint) -> dict[str, Any]:
    """The arguments, if they are plain numbers and words that cannot make a library open or fetch anything."""
    known = blueprint.library in LIBRARIES
    expect(known, "library", f"one of {', '.join(LIBRARIES)}", blueprint.library)
    for name, value in blueprint.arguments.items():
        if blueprint.library != TRANSFORMERS:
            expect(not _FORBIDDEN.search(name), "arguments", "those of a network's shape", name)
            expect(_is_plain(value), name, "a number, a word, or a list of numbers", f"{value!r:.60}")
    return blueprint.arguments


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 64 and all(isinstance(one, int | float | bool) for one in value)
    return isinstance(value, int | float | bool) or (
        isinstance(value, str) and re.fullmatch(r"\w{0,40}", value) is not None
    )


def _torchvision(name: str, arguments: dict[str, Any]) -> nn.Module:
    """A network of torchvision; "in_chans", timm's word for input channels, is ours here, for it has none."""
    from torchvision import models

    if CHANNELS in arguments:
        others = {name: value for name, value in arguments.items() if name != CHANNELS}
        return with_channels(_torchvision(name, others), arguments[CHANNELS])
    # auxiliary classifiers answer in training alone, and drawing numbers that are overwritten takes seconds
    for extra in ({"aux_logits": False, "init_weights": False}, {"init_weights": False}):
        with suppress(TypeError):
            return models.get_model(name, weights=None, **extra, **arguments)
    return models.get_model(name, weights=None, **arguments)


def first_layer(network: nn.Module) -> tuple[str, nn.Conv2d] | None:
    """The name of a network's first convolution, and that layer; None for a network without any."""
    named = network.named_modules()
    return next(((name, module) for name, module in named if isinstance(module, nn.Conv2d)), None)


def with_channels(network: nn.Module, channels: int) -> nn.Module:
    """The network itself with a fresh first convolution that takes so many channels.

    Raises:
        ValueError: no such number, or no convolution over all channels to begin with.
    """
    expect(is_whole(channels, 1, MOST_CHANNELS), CHANNELS, f"a whole number from 1 to {MOST_CHANNELS}", channels)
    name, layer = first_layer(network) or ("", None)
    expect(layer is not None and layer.groups == 1, "network", "one whose first convolution takes all channels", name)
    assert layer is not None
    shape: Any = {part: getattr(layer, part) for part in ("kernel_size", "stride", "padding", "dilation")}
    own = nn.Conv2d(channels, layer.out_channels, bias=layer.bias is not None, padding_mode=layer.padding_mode, **shape)
    network.set_submodule(name, own)
    return network


def from_name(name: str) -> Source:
    """A pretrained network of timm or torchvision, downloaded by the library itself.

    Raises:
        WeightsError: an unknown name, or it could not be downloaded.
    """
    blueprint = parsed(name)
    origin = str(blueprint)
    if blueprint.library == TIMM:
        import timm

        network = downloaded(origin, lambda: timm.create_model(blueprint.name, pretrained=True))
    else:
        from torchvision import models

        network = downloaded(origin, lambda: models.get_model(blueprint.name, weights="DEFAULT"))
        for part in ("AuxLogits", "aux1", "aux2"):
            if hasattr(network, part):
                setattr(network, part, None)
    classes = classes_of(network)
    blueprint = Blueprint(blueprint.library, blueprint.name, {"num_classes": classes} if classes else {})
    return Source(network.eval(), origin, blueprint, known_preprocessing(blueprint, network))


def downloaded(name: str, make: Callable[[], Any]) -> Any:
    """What a library fetches, or a `WeightsError` with the reason in words."""
    try:
        return make()
    except Exception as error:  # a missing network shows as many kinds of error, one per download library
        reason = visible(str(error).partition("\n")[0], 160)
        raise WeightsError(
            f"{visible(name)}: its weights could not be downloaded ({reason}); go online once, or give a local file"
        ) from error


def classes_of(network: nn.Module) -> int | None:
    """How many classes the library says that its network has."""
    count = getattr(network, "num_classes", None)
    return count if isinstance(count, int) and count > 1 else None


def known_preprocessing(blueprint: Blueprint, network: nn.Module | None = None) -> Preprocessing:
    """What timm or torchvision says of how the network's pictures are prepared; nothing is fetched."""
    if blueprint.library == TRANSFORMERS:
        return Preprocessing()
    if blueprint.library == TIMM:
        import timm

        config = getattr(network, "pretrained_cfg", None) or vars(timm.get_pretrained_cfg(blueprint.name))
        return from_timm_config(config)
    from torchvision import models

    transforms: Any = models.get_model_weights(blueprint.name)["DEFAULT"].transforms()
    side, resized = int(transforms.crop_size[0]), int(transforms.resize_size[0])
    mean, std = (tuple(map(float, values)) for values in (transforms.mean, transforms.std))
    return Preprocessing(mean, std, side, min(side / resized, 1.0), "torchvision's configuration")


def from_timm_config(config: dict[str, Any]) -> Preprocessing:
    """timm's `pretrained_cfg`; what it does not say is ImageNet's."""
    plain = Preprocessing()
    mean, std, size = config.get("mean") or plain.mean, config.get("std") or plain.std, config.get("input_size")
    side = int(size[-1]) if size else plain.side
    crop = config.get("crop_pct")
    return Preprocessing(
        tuple(map(float, mean)), tuple(map(float, std)), side, float(crop) if crop else None, "timm's configuration"
    )
