"""Adopt: any classifier that averages its last map becomes a model of this project, without training.

B images · S side in px · D channels · C classes · H W grid in cells · K anchors

G = W F + b at every cell      f = softmax(mean of G), the classifier's own answer      A = sum_c f_c G_c
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mvfa_core.adoption import anatomy as anatomies
from mvfa_core.adoption.anatomy import Anatomy, NotAdoptableError, affine_of, anatomy_of
from mvfa_core.adoption.architectures import from_module
from mvfa_core.adoption.classes import names_for
from mvfa_core.adoption.folders import fetched
from mvfa_core.adoption.network import Reaching, Tail, without
from mvfa_core.adoption.pooling import SINGLE, AdoptedMFA
from mvfa_core.adoption.preprocessing import Adapter, Preprocessing
from mvfa_core.adoption.sources import HUB, Blueprint, Source, build, first_layer, from_name
from mvfa_core.adoption.weight_files import Weights, read, source_of
from mvfa_core.backbones import Backbone
from mvfa_core.checks import expect, is_whole
from mvfa_core.heads import LinearHead, TailHead
from mvfa_core.inference import features, inference, with_parts
from mvfa_core.model import Classifier
from mvfa_core.names import visible_names

ADOPTED = "adopted"
SHARE = 4
"""One of so many cells is an anchor where nothing is said."""
SIZES = (3, 5, 7, 9)


class AdoptedBackbone(nn.Module):
    """Pictures as this project has them -> the network's last map, image_B3SS -> F_BDHW."""

    def __init__(self, adapter: Adapter, network: Reaching) -> None:
        super().__init__()
        self.adapter, self.network = adapter, network

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        return self.network(self.adapter(image_B3SS))


def adopt(
    source: str | Path | nn.Module | Weights,
    *,
    architecture: str | None = None,
    classes: Path | str | Sequence[str] | None = None,
    size: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    labels: str = SINGLE,
    k: int | None = None,
    sizes: Sequence[int] | None = None,
) -> Classifier:
    """A classifier as a model of this project, with its own weights and nothing trained.

    Args:
        source: "timm:NAME", "torchvision:NAME" or "hf-hub:OWNER/NAME" (downloaded), a folder of timm or transformers, a
            file of weights, either of these as `weight_files.read` gave it, or a module in memory.
        architecture: the network that a file of weights is of, "timm:NAME" or "torchvision:NAME"; looked for if not
            given.
        classes: a file of C names, or the names.
        size: picture side in px; the network's own if not given.
        mean, std: of each channel, for values from 0 to 1; the network's own if not given.
        labels: "single" for one class a picture, "multi" for a network that was trained with a sigmoid for each class;
            no weights can tell.
        k, sizes: K and L_R; a quarter of the cells, and sizes that fit the grid, if not given.

    Raises:
        NotAdoptableError: it does not average its last map, or the numbers do not bear out that it does.
        ValueError: weights that cannot be had or do not fit (`WeightsError`), or a value that cannot be.
    """
    with torch.inference_mode(False):
        known = found(source, architecture)
        told = known.preprocessing.changed(size, mean, std, _channels(known.network))
        return adopted(known, told, classes=classes, labels=labels, k=k, sizes=sizes)


def adopted(
    known: Source,
    preprocessing: Preprocessing,
    *,
    classes: Path | str | Sequence[str] | None = None,
    labels: str = SINGLE,
    k: int | None = None,
    sizes: Sequence[int] | None = None,
) -> Classifier:
    """As `adopt`, of a network that is there with its values."""
    from mvfa_core.adoption.exactness import self_test  # the photographs for it take a moment to import

    anatomy, grid, count = _looked_at(known.network, preprocessing)
    spec = _spec(known, anatomy, preprocessing) | {"labels": labels}
    k = anchors_for(grid) if k is None else k
    config = _config(count, k, fitting_sizes(grid) if sizes is None else sizes, spec)
    model = _assembled(known.network, anatomy, config, names_for(count, classes, known.classes), grid)
    model.backbone.adapter = Adapter.of(preprocessing)
    _set_head(model.pooling.head, known.network, anatomy)
    spec["self_test"] = self_test(model, known.network, anatomy.kind).as_json()
    return model.eval()


def found(source: str | Path | nn.Module | Weights, architecture: str | None) -> Source:
    """The network with its values, and what is known of it."""
    if isinstance(source, nn.Module):
        return from_module(source)
    if isinstance(source, Weights):
        return source_of(source, architecture)
    if isinstance(source, str) and not Path(source).exists() and ":" in source:
        if not source.startswith(f"{HUB}:"):
            return from_name(source)
        return replace(source_of(read(fetched(source)), None), origin=source)
    return source_of(read(Path(source)), architecture)


def _channels(network: nn.Module) -> int:
    """How many channels the network's first convolution takes; 3 for one without any."""
    first = first_layer(network)
    return 3 if first is None else first[1].in_channels


def _looked_at(network: nn.Module, preprocessing: Preprocessing) -> tuple[Anatomy, tuple[int, int], int]:
    """The anatomy, the grid and C, of a pass on noise of the preprocessing's size."""
    side = preprocessing.side
    shape = (2, len(preprocessing.mean), side, side)
    noise_BCSS = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    try:
        anatomy = anatomy_of(network, noise_BCSS)
    except (RuntimeError, AssertionError, TypeError, IndexError) as error:
        why = " ".join(str(error).split())[:160]
        raise NotAdoptableError(f"the network does not take pictures of {side} x {side} px ({why}); choose another size"
                                ) from error  # fmt: skip
    grid = anatomies.grid_of(network, anatomy, noise_BCSS[:1])
    with torch.no_grad():
        count = anatomies.logits_of(network(noise_BCSS[:1])).shape[1]
    return anatomy, grid, count


def anchors_for(grid: tuple[int, int]) -> int:
    """K as a share of the cells: a quarter."""
    return max(grid[0] * grid[1] // SHARE, 1)


def fitting_sizes(grid: tuple[int, int]) -> tuple[int, ...]:
    """The paper's region sizes that are smaller than the grid; single cells for a grid too small for any."""
    return tuple(r for r in SIZES if r < min(grid)) or (1,)


def _spec(known: Source, anatomy: Anatomy, preprocessing: Preprocessing) -> dict[str, Any]:
    """What a card keeps of an adoption, anything JSON."""
    made = known.blueprint
    blueprint = None if made is None else {"library": made.library, "name": made.name, "arguments": made.arguments}
    return {
        "origin": known.origin,
        "name": type(known.network).__name__ if made is None else str(made),
        "network": blueprint,
        "anatomy": anatomy.as_json(),
        "preprocessing": preprocessing.as_json(),
        "notes": list(known.notes),
    }


def _config(count: int, k: int, sizes: Sequence[int], spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "backbone": spec["name"], "pooling": "mfa", "num_classes": count, "head": "linear", "seed": 0,
        "head_options": {}, "k": k, "sizes": list(sizes), "anchors": "adacam", ADOPTED: spec,
    }  # fmt: skip


def at_side(model: Classifier, side: int) -> Classifier:
    """The same adopted model for pictures of another side in px, with K and L_R that fit the grid there. It shares all
    weights with the one that was given.

    Raises:
        ValueError: not an adopted model, or a side that its network does not take.
    """
    expect(ADOPTED in model.config, "model", "one that was adopted", model.config["backbone"])
    preprocessing = model.config[ADOPTED]["preprocessing"] | {"side": side}
    with inference(model) as seen:
        try:
            F_BDHW = features(seen, torch.zeros(1, 3, side, side))
        except (RuntimeError, AssertionError) as error:
            why = " ".join(str(error).split())[:160]
            raise ValueError(f"side: the network does not take pictures of {side} x {side} px ({why})") from error
    grid = (F_BDHW.shape[-2], F_BDHW.shape[-1])
    own = with_parts(model, pooling=with_parts(model.pooling))
    own.side, own.pooling.k, own.pooling.sizes = side, anchors_for(grid), fitting_sizes(grid)
    own.stride = stride_of(side, grid)
    spec = model.config[ADOPTED] | {"preprocessing": preprocessing, "grid": list(grid)}
    own.config = model.config | {"k": own.pooling.k, "sizes": list(own.pooling.sizes), ADOPTED: spec}
    return own


def stride_of(side: int, grid: tuple[int, int]) -> int:
    """Picture px per cell; 1 where the cells do not fill the picture evenly, so that any side may be tried."""
    return side // grid[0] if grid[0] == grid[1] and side % grid[0] == 0 else 1


def _set_head(head: nn.Module, network: nn.Module, anatomy: Anatomy) -> None:
    """The numbers of a linear head: those of the network's last layer, or what its chain of layers comes to."""
    if isinstance(head, LinearHead):
        affine = affine_of(Tail.of(network, anatomy.tail), anatomy.channels)
        assert affine is not None
        with torch.no_grad():
            head.fc.weight.copy_(affine[0])
            head.fc.bias.copy_(affine[1])


def rebuilt(*, classes: Sequence[str], **config: Any) -> Classifier:
    """The adopted model that a card describes, without its weights; nothing is fetched.

    Raises:
        ValueError: a card that describes none, or a library that builds no such network.
    """
    spec = config[ADOPTED]
    expect(len(classes) == config["num_classes"], "classes", f"{config['num_classes']} names", f"{len(classes)} names")
    anatomy = anatomies.from_card(spec.get("anatomy"))
    made, grid = spec.get("network"), spec.get("grid")
    plain = isinstance(made, dict) and isinstance(made.get("arguments"), dict)
    plain = plain and all(isinstance(made.get(key), str) for key in ("library", "name"))
    expect(plain, "network", "library, name and arguments", "another thing")
    sides = isinstance(grid, list) and len(grid) == 2 and all(is_whole(side, 1, 4096) for side in grid)
    expect(sides, "grid", "two numbers of cells", repr(grid)[:60])
    network = build(Blueprint(made["library"], made["name"], made["arguments"]))
    return _assembled(network, anatomy, config, visible_names(classes), (grid[0], grid[1]))


def _assembled(
    network: nn.Module, anatomy: Anatomy, config: dict[str, Any], classes: Sequence[str], grid: tuple[int, int]
) -> Classifier:
    """The model with the network's own tail as its head; a linear head has no values yet."""
    spec = config[ADOPTED]
    spec["grid"] = list(grid)
    preprocessing = spec["preprocessing"]
    side, channels = preprocessing["side"], len(preprocessing["mean"])
    expect(is_whole(side, 1, 4096) and is_whole(channels, 1), "preprocessing", "a side in px", repr(side)[:60])
    reaching = Reaching(without(network, anatomy.tail), anatomy.point, anatomy.nth, anatomy.layout, anatomy.prefix)
    head: LinearHead | TailHead
    if anatomy.linear:
        head = LinearHead(anatomy.channels, config["num_classes"])
    else:
        head = TailHead(Tail.of(network, anatomy.tail))
    entry = Backbone(build, anatomy.channels, stride_of(side, grid), side, "adopted")
    pooling = AdoptedMFA(
        anatomy.channels, head, k=config["k"], sizes=config["sizes"], labels=spec.get("labels", SINGLE)
    )
    backbone = AdoptedBackbone(Adapter(channels), reaching)
    return Classifier(backbone, pooling, entry=entry, config=config, classes=classes)
