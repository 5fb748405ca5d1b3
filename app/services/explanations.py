"""What a backbone made of a picture, and explanations of that, from the caches that all sessions share.

Every computation stands once: its declaration names the cache, its size and the key, its body what is computed. Bodies
wait in the queue for the network (`inference_queue.infer`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.services import inference_queue, models
from app.services.cache import cached
from app.services.class_subset import fitted
from app.services.gallery import Picture
from app.services.models import Version
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


def model_for(version: Version, digest: str, encoding: Encoding) -> Any:
    """The model of that version as it is asked about one picture; see `class_subset.fitted`."""
    return fitted(models.model(*version), version, digest, encoding)


@cached("features", megabytes=192, key=lambda version, picture: (version, picture.digest))
def encoding(version: Version, picture: Picture) -> Encoding:
    """A picture after a model's backbone: the only call of a backbone in this app."""
    return inference_queue.infer(encode, models.model(*version), picture.picture, picture.size_px)


def model_and_encoding(model_id: str, picture: Picture) -> tuple[Any, Encoding]:
    """A model as it is asked about a picture, and the picture after its backbone: both of one version of the
    file, which a run may replace between two looks at it."""
    version = models.version(model_id)
    features = encoding(version, picture)
    return model_for(version, picture.digest, features), features


def by_model_and_picture(model_id: str, picture: Picture, *options: Any) -> tuple[Any, ...]:
    """The key of whatever follows from a model, a picture and values: version of the file, digest, values."""
    return models.version(model_id), picture.digest, options


def model_info(model_id: str, picture: Picture) -> ModelInfo:
    """What the controls must know of a model. May raise `ValueError` with a sentence for the visitor."""
    version = models.version(model_id)
    features = encoding(version, picture)
    model, known = model_for(version, picture.digest, features), len(models.model(*version).classes)
    rows, columns = features.F_BDHW.shape[-2:]
    views = model.config["pooling"] == "mfa"
    k, sizes = (model.config["k"], tuple(model.config["sizes"])) if views else (1, (1,))
    return ModelInfo(model.classes, model.config["pooling"], k, sizes, rows * columns, known, models.card(model_id))


@cached("explanations", megabytes=64, key=by_model_and_picture)
def explanation(
    model_id: str, picture: Picture, target: int | None, k: int | None, sizes: tuple[int, ...] | None
) -> Explanation:
    """Everything about a picture. May raise `ValueError` with a sentence for the visitor."""
    model, features = model_and_encoding(model_id, picture)
    return inference_queue.infer(explain_encoding, model, features, target=target, k=k, sizes=sizes)


@cached("cells", megabytes=32, key=by_model_and_picture)
def cell(model_id: str, picture: Picture, place: tuple[int, int], sizes: tuple[int, ...] | None) -> CellStory:
    """Everything about one cell (x, y) of a picture. May raise `ValueError` with a sentence for the visitor."""
    model, features = model_and_encoding(model_id, picture)
    return inference_queue.infer(cell_story, model, features, place, sizes=sizes)


@cached("atlases", megabytes=64, key=by_model_and_picture)
def atlas(model_id: str, picture: Picture, temperatures: tuple[float, ...]) -> ClassAtlas:
    """All class maps of a picture, and the dial at those temperatures."""
    model, features = model_and_encoding(model_id, picture)
    return inference_queue.infer(class_atlas, model, features, temperatures)


@cached("other maps", megabytes=16, key=by_model_and_picture)
def other(
    model_id: str, picture: Picture, method: str, target: int, k: int | None, sizes: tuple[int, ...] | None
) -> Any:
    """The map (H, W) of another method of `OTHER_MAPS`."""
    model, features = model_and_encoding(model_id, picture)
    return inference_queue.infer(other_map, model, features, method, target, k=k, sizes=sizes)
