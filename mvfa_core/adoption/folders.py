"""A network in a folder as the Hugging Face hub has them, of timm or of transformers; and folders fetched from the hub.

`config.json` says what to build, `model.safetensors` or `pytorch_model.bin` holds the weights. Code that a folder
brings along is never run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mvfa_core.adoption.classes import names_in
from mvfa_core.adoption.preprocessing import Preprocessing
from mvfa_core.adoption.sources import (
    HUB,
    TIMM,
    TRANSFORMERS,
    Blueprint,
    Source,
    build,
    downloaded,
    from_timm_config,
    parsed,
)
from mvfa_core.adoption.weights import fill
from mvfa_core.checks import expect, is_whole
from mvfa_core.files import read_json
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError
from mvfa_core.weights.state_dicts import Contents

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
WANTED = [CONFIG, PREPROCESSOR, *WEIGHTS]
LARGEST_CONFIG = 16 * 2**20


def fetched(name: str) -> Path:
    """The folder of a network of the hub, "hf-hub:OWNER/NAME", fetched as it is, without any code.

    Raises:
        WeightsError: no such name, or it could not be fetched.
    """
    own = name.removeprefix(f"{HUB}:")
    if re.fullmatch(r"[\w.\-]{1,96}/[\w.\-]{1,96}", own) is None:
        raise WeightsError(f"{visible(name)}: name a network of the hub as {HUB}:OWNER/NAME")
    from huggingface_hub import snapshot_download

    return Path(downloaded(name, lambda: snapshot_download(own, allow_patterns=WANTED)))


def weights_in(folder: Path) -> Path:
    """The file of weights in a folder that has a configuration beside it.

    Raises:
        WeightsError: there is none, or no configuration.
    """
    file = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if file is None or not (folder / CONFIG).is_file():
        raise WeightsError(f"{visible(folder.name)}: holds no {CONFIG} with {' or '.join(WEIGHTS)} beside it, as a "
                           "folder of timm or transformers does")  # fmt: skip
    return file


def blueprint_of(folder: Path) -> Blueprint:
    """What the configuration of a folder says is to be built; nothing is.

    Raises:
        ValueError: it describes no classifier.
    """
    config = _json(folder, CONFIG) or {}
    return _of_timm(config) if _is_timm(config) else _of_transformers(config)


def from_folder(folder: Path, contents: Contents, shown: str) -> Source:
    """The network of a folder with the values of its file of weights, whose name is `shown`.

    Raises:
        WeightsError: the values do not fit the configuration.
        ValueError: a configuration that describes no classifier.
    """
    name, config, blueprint = visible(folder.name), _json(folder, CONFIG) or {}, blueprint_of(folder)
    network = build(blueprint)
    fill(network, contents, f"{name}/{shown}", str(blueprint))
    if _is_timm(config):
        preprocessing = from_timm_config({**_mapping(config.get("pretrained_cfg")), **_shown_config(config)})
        names = config.get("label_names")
    else:
        preprocessing = _prepared(_json(folder, PREPROCESSOR) or {}, config)
        names = config.get("id2label")
    return Source(network, name, blueprint, preprocessing, _names(names))


def _is_timm(config: Mapping[str, Any]) -> bool:
    return isinstance(config.get("architecture"), str)


def _json(folder: Path, name: str) -> dict[str, Any] | None:
    if not (folder / name).is_file():
        return None
    try:
        value = read_json(folder / name, LARGEST_CONFIG)
    except ValueError as error:
        raise WeightsError(f"{name}: is no JSON ({visible(str(error), 120)})") from error
    expect(isinstance(value, dict), name, "a JSON object", type(value).__name__)
    return value


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _names(value: object) -> tuple[str, ...] | None:
    """Names that a configuration has for its classes; "LABEL_0" and the like are none."""
    if not isinstance(value, Mapping | list) or not value:
        return None
    names = names_in(value)
    return None if all(re.fullmatch(r"LABEL_\d+", name) for name in names) else tuple(names)


def _of_timm(config: Mapping[str, Any]) -> Blueprint:
    named = parsed(f"{TIMM}:{config['architecture']}")
    count = config.get("num_classes", _mapping(config.get("pretrained_cfg")).get("num_classes", 1000))
    return Blueprint(TIMM, named.name, {**_mapping(config.get("model_args")), "num_classes": count})


def _shown_config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: config[key] for key in ("mean", "std", "input_size", "crop_pct") if key in config}


def _of_transformers(config: Mapping[str, Any]) -> Blueprint:
    kind = config.get("model_type")
    expect(isinstance(kind, str), CONFIG, "an architecture of timm or a model_type of transformers", repr(kind))
    return Blueprint(TRANSFORMERS, str(kind), {"config": dict(config)})


def _prepared(prepared: Mapping[str, Any], config: Mapping[str, Any]) -> Preprocessing:
    """What transformers' `preprocessor_config.json` says of the pictures."""
    plain = Preprocessing()
    size, cropped = prepared.get("size"), prepared.get("crop_size")
    wide = _side(size) or _side(config.get("image_size")) or plain.side
    side = _side(cropped) or wide
    normal = prepared.get("do_normalize", True)
    mean, std = (_three(prepared.get(f"image_{what}"), normal, none) for what, none in (("mean", 0.0), ("std", 1.0)))
    crop = min(side / wide, 1.0) if cropped is not None else prepared.get("crop_pct")
    share = float(crop) if isinstance(crop, int | float) else None
    known = "transformers' configuration" if prepared else plain.origin
    return Preprocessing(mean or plain.mean, std or plain.std, side, share, known)


def _three(values: object, normal: object, none: float) -> tuple[float, ...] | None:
    if not normal:
        return (none,) * 3
    plain = isinstance(values, Sequence) and all(isinstance(value, int | float) for value in values)
    return tuple(map(float, values)) if plain and isinstance(values, Sequence) else None


def _side(value: object) -> int | None:
    if isinstance(value, Mapping):
        value = value.get("height", value.get("shortest_edge"))
    return int(value) if is_whole(value, 16, 4096) and isinstance(value, int) else None
