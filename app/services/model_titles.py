"""What a model is called in a list, in people's words: what it knows, its backbone, its method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.base.i18n import _
from app.services import models, visitor_files
from mvfa_core import names
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC

IMAGENET = "imagenet-1k"
BACKBONES = {
    "compact": "compact",
    "mobilenet24": "MobileNet24",
    "timm:tf_efficientnet_lite0": "EfficientNet-Lite0",
}
"""How the backbones of bundled models are written; another one by its own name."""


def titles(model_ids: Sequence[str]) -> Callable[[str], str]:
    """How models are shown in a list: bundled ones by what they know, one's own by the name of its file, runs by the
    name of their folder. No two are shown alike."""
    own = visitor_files.titles()
    said = [_bundled(name) if models.is_bundled(name) else own.get(name, name) for name in model_ids]
    shown = dict(zip(model_ids, names.visible_names(said), strict=True))
    return lambda name: shown.get(name, names.visible(name))


def _bundled(model_id: str) -> str:
    try:
        return bundled_title(models.card(model_id))
    except (ValueError, OSError, KeyError, TypeError):  # the page says what is wrong with it
        return model_id


def bundled_title(card: dict[str, Any]) -> str:
    """Of a model that comes with the project."""
    data, model = card["data"], card["model"]
    if data == IMAGENET:
        return _("ImageNet, {count} classes").format(count=f"{len(card['classes']):,}")
    method = model["pooling"].upper()
    if data == SYNTHETIC:
        return _("Generated shapes, {method}").format(method=method)
    title = CATALOGUE[data].title.partition(" (")[0] if data in CATALOGUE else data
    return _("{data}, {backbone} {method}").format(data=title, backbone=backbone(model["backbone"]), method=method)


def backbone(name: str) -> str:
    """A backbone's name for people."""
    return BACKBONES.get(name, names.visible(name))
