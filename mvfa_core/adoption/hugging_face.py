"""Classifiers of transformers, built from a configuration alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from mvfa_core.checks import expect
from mvfa_core.weights.files import WeightsError


def build_from_config(arguments: Mapping[str, Any]) -> nn.Module:
    """A classifier of transformers from its configuration alone, with fresh weights; no code is fetched or run.

    Raises:
        WeightsError: transformers is not installed. ValueError: it has no such classifier, or the configuration asks
            for code of its own.
    """
    try:
        import transformers
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES as KNOWN
    except ImportError as error:
        raise WeightsError("a network of transformers needs that package; pip install transformers") from error
    config = dict(arguments.get("config") or {})
    expect("auto_map" not in config, "config.json", "no code of its own, which is never run", "auto_map")
    kind = config.pop("model_type", None)
    expect(kind in KNOWN, "model_type", "that of an image classifier of transformers", repr(kind)[:60])
    own = transformers.AutoConfig.for_model(kind, **config)
    return transformers.AutoModelForImageClassification.from_config(own, trust_remote_code=False)
