"""Which network a bare file of weights is of, told by the names and shapes of its tensors alone.

`architectures.json` holds, for every classifier of torchvision and timm, a digest of the names and shapes of its
tensors without those of its head, whose number of rows is the number of classes. Running this module makes the file
again (`python -m mvfa_core.adoption.architectures`). Several networks may have the same tensors and compute different
things with them (the padding of `tf_efficientnet_b0`): then nobody can tell from the file, and a name is asked for.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import torch
from torch import nn

from mvfa_core.adoption import sources, weights
from mvfa_core.adoption.preprocessing import Preprocessing
from mvfa_core.adoption.sources import TIMM, TORCHVISION, Blueprint
from mvfa_core.files import parse_json
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError
from mvfa_core.weights.state_dicts import Contents

INDEX = Path(__file__).with_name("architectures.json")
Shapes = Mapping[str, tuple[int, ...]]
MOST_TRIED = 8
"""Networks that are built to see whether they compute the same."""
ALIKE = 1e-4
FIRST = (
    "conv1.weight", "conv1.0.weight", "conv1.conv.weight", "conv_proj.weight", "conv_stem.weight", "stem.0.weight",
    "stem.0.0.weight", "features.0.weight", "features.0.0.weight", "features.conv0.weight", "layers.0.weight",
    "Conv2d_1a_3x3.conv.weight", "patch_embed.proj.weight",
)  # fmt: skip
"""What first layers are called. A file may be of a network for grey pictures or for more bands than three."""


@cache
def _index() -> dict[str, dict]:
    return parse_json(INDEX.read_text())


def digest(shapes: Shapes, head: frozenset[str]) -> str:
    """A short name for tensors' names and shapes without those of the head. Counters, which older versions of torch did
    not save, are left out."""
    text = sorted(f"{key}{tuple(shape)}" for key, shape in shapes.items() if key not in head and shape != ())
    return hashlib.blake2b("\n".join(text).encode(), digest_size=9).hexdigest()


def candidates(shapes: Shapes) -> list[str]:
    """The networks whose tensors have these names and shapes, torchvision's first."""
    index = _index()
    fitting = [
        name
        for number, head in enumerate(index["heads"])
        if all(key in shapes for key in head)
        for name in index["networks"].get(f"{number} {digest(shapes, frozenset(head))}", [])
    ]
    return sorted(fitting, key=lambda name: (not name.startswith(TORCHVISION), name))


def architecture_of(contents: Contents, shown: str) -> tuple[Blueprint, tuple[str, ...]]:
    """The network that a file's tensors are of, and the others that they would fit.

    torchvision's is taken where there is one: timm has variants with the same tensors (`resnetblur18`), which people
    name when they mean them. Of timm's several, one is taken only if all compute the same.

    Raises:
        WeightsError: none is known, or several are that compute different things; the sentence names them.
    """
    names = _candidates_below(contents)
    if not names:
        raise WeightsError(f"{shown}: its tensors are of no network of torchvision or timm that is known here; "
                           f"{contents.described()}. Name it with --architecture")  # fmt: skip
    if names[0].startswith(TORCHVISION) or len(names) == 1:
        return sources.parsed(names[0]), tuple(names[1:])
    known = [weights.sized(sources.parsed(name), contents) for name in names[:MOST_TRIED]]
    first = sources.build(known[0])
    weights.fill(first, contents, shown, names[0])
    if len(names) <= MOST_TRIED and all(alike(first, other, other.arguments["num_classes"]) for other in known[1:]):
        return sources.parsed(names[0]), ()
    raise WeightsError(f"{shown}: fits {', '.join(names[:MOST_TRIED])}, which have the same tensors and compute "
                       "different things with them; name the right one with --architecture")  # fmt: skip


def _candidates_below(contents: Contents) -> list[str]:
    """The candidates for the tensors below the prefix at which there are some."""
    whole = {key: tuple(tensor.shape) for key, tensor in contents.tensors.items()}
    for prefix in _prefixes(whole):
        shapes = {key.removeprefix(prefix): shape for key, shape in whole.items() if key.startswith(prefix)}
        if names := candidates(shapes) or candidates(in_colour(shapes)):
            return names
    return []


def in_colour(shapes: Shapes) -> Shapes:
    """The same shapes as if the first layer took red, green and blue, where one of `FIRST` takes other channels."""
    own = dict(shapes)
    for key in FIRST:
        if len(shape := own.get(key, ())) == 4 and shape[1] != 3:
            own[key] = (shape[0], 3, *shape[2:])
            break
    return own


def _prefixes(shapes: Shapes) -> Iterator[str]:
    """Beginnings that many names have in common, as wrappers write them; the averaged weights' first."""
    counts: dict[str, int] = {"": 0}
    for key in shapes:
        parts = key.split(".")
        for depth in range(1, min(len(parts), 5)):
            prefix = ".".join(parts[:depth]) + "."
            counts[prefix] = counts.get(prefix, 0) + 1
    most = [prefix for prefix, count in counts.items() if not prefix or count >= 4]
    yield from sorted(most, key=lambda prefix: (prefix.count("."), "ema" not in prefix))[:64]


def alike(network: nn.Module, blueprint: Blueprint, classes: int | None) -> Blueprint | None:
    """The blueprint, sized for the network's classes and channels, if what it builds computes the same with the same
    weights; else None."""
    from mvfa_core.adoption.anatomy import NotAdoptableError, logits_of

    arguments = {**blueprint.arguments, **({"num_classes": classes} if classes else {})}
    first = sources.first_layer(network)
    channels = 3 if first is None else first[1].in_channels
    if channels != 3:
        arguments[sources.CHANNELS] = channels
    own = network.state_dict()
    try:
        if classes is None:
            arguments["num_classes"] = len(next(t for k, t in reversed(own.items()) if t.ndim and k.endswith("weight")))
        blueprint = Blueprint(blueprint.library, blueprint.name, arguments)
        with torch.device("meta"):
            other = sources.build(blueprint)
        if {k: v.shape for k, v in other.state_dict().items()} != {k: v.shape for k, v in own.items()}:
            return None
        other = sources.build(blueprint)
        other.load_state_dict(own)
        side = sources.known_preprocessing(blueprint, other).side
        image_BCSS = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            expected, got = logits_of(network(image_BCSS)), logits_of(other(image_BCSS))
    except (RuntimeError, ValueError, TypeError, StopIteration, NotAdoptableError):
        return None
    return blueprint if bool((expected - got).abs().max() <= ALIKE * expected.abs().max()) else None


# --- making the index ---


def made() -> Iterator[tuple[str, frozenset[str], Shapes]]:
    """(name, names of the head's tensors, all shapes) of every classifier of torchvision and timm that can be built
    without values."""
    import timm

    names = [f"{TORCHVISION}:{name}" for name in sources.torchvision_names()]
    for name in names + [f"{TIMM}:{name}" for name in timm.list_models()]:
        library, _, own = name.partition(":")
        try:
            with torch.device("meta"):
                network = sources.build(Blueprint(library, own, {"num_classes": weights.PROBE}))
        except Exception:  # of many kinds; a network that cannot be built so is named by its user
            continue
        shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
        yield name, frozenset(key for key, shape in shapes.items() if weights.PROBE in shape), shapes


def write_index(path: Path = INDEX) -> int:
    """Write the index anew; returns how many networks stand in it."""
    heads: list[frozenset[str]] = []
    networks: dict[str, list[str]] = {}
    for name, head, shapes in made():
        if not head:
            continue
        if head not in heads:
            heads.append(head)
        networks.setdefault(f"{heads.index(head)} {digest(shapes, head)}", []).append(name)
    entries = [f"{json.dumps(key)}: {json.dumps(names)}" for key, names in sorted(networks.items())]
    text = (
        '{"heads": '
        + json.dumps([sorted(head) for head in heads])
        + ',\n"networks": {\n'
        + ",\n".join(entries)
        + "\n}}\n"
    )
    path.write_text(text)
    return sum(map(len, networks.values()))


if __name__ == "__main__":
    write_index()


def from_module(network: nn.Module) -> sources.Source:
    """A classifier in memory. It is copied, and left as it was. Where a library built it, the copy can be saved."""
    own = copy.deepcopy(network).cpu().float().eval()
    blueprint = _blueprint_of(own)
    preprocessing = Preprocessing() if blueprint is None else sources.known_preprocessing(blueprint, own)
    return sources.Source(own, visible(type(network).__name__), blueprint, preprocessing)


def _blueprint_of(network: nn.Module) -> Blueprint | None:
    """The library's name and arguments that give the same layers as the module has, if any do."""
    module = type(network).__module__.partition(".")[0]
    if module not in (TIMM, TORCHVISION):
        return None
    config = getattr(network, "pretrained_cfg", None)
    name = config.get("architecture") if isinstance(config, dict) else None
    if module == TIMM and isinstance(name, str) and sources.is_known(TIMM, name):
        names = [f"{TIMM}:{name}"]
    else:
        shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
        found = candidates(shapes) or candidates(in_colour(shapes))
        names = [one for one in found if one.startswith(module)]
    classes = sources.classes_of(network)
    return next((b for one in names if (b := alike(network, sources.parsed(one), classes)) is not None), None)
