"""What a backbone made of a picture, and explanations of that, from the caches that all sessions share.

Every cache is keyed by names and digests and bounded by bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.services import inference_queue, models
from app.services.cache import cached
from app.services.class_subset import fitted
from app.services.gallery import Picture
from mvfa_core.analysis.atlas import ClassAtlas, class_atlas
from mvfa_core.analysis.cells import CellStory, cell_story
from mvfa_core.analysis.other_methods import other_map
from mvfa_core.explain import Encoding, Explanation, encode, explain_encoding


@dataclass(frozen=True)
class ModelInfo:
    """What the controls must know of a model: its class names, whether it has views, and its own K and L_R.

    `cells` is H*W for the pictures it is given, the most anchors there can be. `known` is how many classes it has,
    `classes` those that are looked at: all of them, or the likeliest of the picture.
    """

    classes: tuple[str, ...]
    pooling: str
    k: int
    sizes: tuple[int, ...]
    cells: int
    known: int
    card: dict[str, Any]


def model_for(version: tuple[str, int], digest: str, encoding: Encoding) -> Any:
    """The model of that version as it is asked about one picture; see `narrowed.fitted`."""
    return fitted(models.model(*version), version, digest, encoding)


@cached("features", megabytes=192)
def _encoding(file: str, stamp_ns: int, digest: str, _one: Any) -> Encoding:
    return inference_queue.infer(encode, models.model(file, stamp_ns), _one.picture, _one.size_px)


def encoding(model_id: str, one: Picture) -> Encoding:
    """A picture after a model's backbone: the only call of a backbone in this app."""
    return _encoding(*models.version(model_id), one.digest, one)


def model_info(model_id: str, one: Picture) -> ModelInfo:
    """What the controls must know of a model. May raise `ValueError` with a sentence for the visitor."""
    key = models.version(model_id)
    whole, found = models.model(*key), encoding(model_id, one)
    model = fitted(whole, key, one.digest, found)
    rows, columns = found.F_BDHW.shape[-2:]
    views = model.config["pooling"] == "mfa"
    k, sizes = (model.config["k"], tuple(model.config["sizes"])) if views else (1, (1,))
    return ModelInfo(
        model.classes, model.config["pooling"], k, sizes, rows * columns, len(whole.classes), models.card(model_id)
    )


@cached("explanations", megabytes=64)
def _explanation(
    file: str,
    stamp_ns: int,
    digest: str,
    target: int | None,
    k: int | None,
    sizes: tuple[int, ...] | None,
    _one: Any,
) -> Explanation:
    found = _encoding(file, stamp_ns, digest, _one)
    return inference_queue.infer(
        explain_encoding, model_for((file, stamp_ns), digest, found), found, target=target, k=k, sizes=sizes
    )


def explanation(
    model_id: str, one: Picture, target: int | None, k: int | None, sizes: tuple[int, ...] | None
) -> Explanation:
    """Everything about a picture. May raise `ValueError` with a sentence for the visitor."""
    return _explanation(*models.version(model_id), one.digest, target, k, sizes, one)


@cached("cells", megabytes=32)
def _cell(
    file: str, stamp_ns: int, digest: str, cell: tuple[int, int], sizes: tuple[int, ...] | None, _one: Any
) -> CellStory:
    found = _encoding(file, stamp_ns, digest, _one)
    return inference_queue.infer(cell_story, model_for((file, stamp_ns), digest, found), found, cell, sizes=sizes)


def cell(model_id: str, one: Picture, place: tuple[int, int], sizes: tuple[int, ...] | None) -> CellStory:
    """Everything about one cell (x, y) of a picture. May raise `ValueError` with a sentence for the visitor."""
    return _cell(*models.version(model_id), one.digest, place, sizes, one)


@cached("atlases", megabytes=64)
def _atlas(file: str, stamp_ns: int, digest: str, temperatures: tuple[float, ...], _one: Any) -> ClassAtlas:
    found = _encoding(file, stamp_ns, digest, _one)
    return inference_queue.infer(class_atlas, model_for((file, stamp_ns), digest, found), found, temperatures)


def atlas(model_id: str, one: Picture, temperatures: tuple[float, ...]) -> ClassAtlas:
    """All class maps of a picture, and the dial at those temperatures."""
    return _atlas(*models.version(model_id), one.digest, temperatures, one)


@cached("other maps", megabytes=16)
def _other_map(
    file: str,
    stamp_ns: int,
    digest: str,
    method: str,
    target: int,
    k: int | None,
    sizes: tuple[int, ...] | None,
    _one: Any,
) -> Any:
    found = _encoding(file, stamp_ns, digest, _one)
    return inference_queue.infer(
        other_map, model_for((file, stamp_ns), digest, found), found, method, target, k=k, sizes=sizes
    )


def other(model_id: str, one: Picture, method: str, target: int, k: int | None, sizes: tuple[int, ...] | None) -> Any:
    """The map (H, W) of another method of `OTHER_MAPS`."""
    return _other_map(*models.version(model_id), one.digest, method, target, k, sizes, one)
