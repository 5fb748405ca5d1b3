"""Caches of what is worked out beyond an explanation: rectangles, what a cell saw, how firmly an answer stands, figures
of maps, the facts of the lesson.

As in `loaders`, everything is keyed by names and digests and bounded by bytes.
"""

from __future__ import annotations

from typing import Any

from app.services import explanations, gallery, ground_truth, inference_queue, models
from app.services.cache import cached
from app.services.gallery import Picture
from app.services.ground_truth import GroundTruth
from mvfa_core.analysis import rectangle_answers
from mvfa_core.analysis.receptive_field import ReceptiveField, receptive_field
from mvfa_core.analysis.rectangle_answers import Corners, RectangleAnswer, ask
from mvfa_core.analysis.stability import PredictionPath, Stability, prediction_path, prediction_stability
from mvfa_core.data.annotations import BoxAnnotation, read_boxes
from mvfa_core.explain import Explanation
from mvfa_core.images import squash
from mvfa_core.lesson import LessonFacts, ScaleSeries, scale_series
from mvfa_core.lesson import lesson_facts as facts_of_walk
from mvfa_core.metrics.faithfulness import faithfulness
from mvfa_core.metrics.methods import maps_of
from mvfa_core.metrics.road import road

BUNDLED_GAP, BUNDLED_MFA = "compact_gap", "compact_mfa"
AGAIN = {"deletion": faithfulness, "road": road}


@cached("rectangles", megabytes=16)
def _asked(version: tuple[str, int], digest: str, box: Corners, _encoding: Any) -> RectangleAnswer:
    return inference_queue.infer(ask, explanations.model_for(version, digest, _encoding), _encoding, box)


def asked(model_id: str, one: Picture, box: Corners) -> RectangleAnswer:
    """The main head's answer for a rectangle of cells. May raise `ValueError` with a sentence for the visitor."""
    return _asked(models.version(model_id), one.digest, box, explanations.encoding(model_id, one))


@cached("best rectangles", megabytes=16)
def _best_rectangle(version: tuple[str, int], digest: str, target: int, _encoding: Any) -> RectangleAnswer:
    return inference_queue.infer(
        rectangle_answers.best_rectangle, explanations.model_for(version, digest, _encoding), _encoding, target
    )


def best_rectangle(model_id: str, one: Picture, target: int) -> RectangleAnswer:
    """The rectangle that speaks most for a class."""
    return _best_rectangle(models.version(model_id), one.digest, target, explanations.encoding(model_id, one))


@cached("lesson", megabytes=32)
def _walk(
    version: tuple[str, int],
    digest: str,
    k: int | None,
    sizes: tuple[int, ...] | None,
    truth: int | None,
    _encoding: Any,
) -> LessonFacts:
    return inference_queue.infer(
        facts_of_walk, explanations.model_for(version, digest, _encoding), _encoding, k=k, sizes=sizes, truth=truth
    )


def lesson(model_id: str, one: Picture, k: int | None, sizes: tuple[int, ...] | None, truth: int | None) -> LessonFacts:
    """The facts of the guided walk. May raise `ValueError` with a sentence for the visitor."""
    return _walk(models.version(model_id), one.digest, k, sizes, truth, explanations.encoding(model_id, one))


@cached("scales", megabytes=32)
def _scales(gap: tuple[str, int], mfa: tuple[str, int], seed: int, label: int) -> ScaleSeries:
    return inference_queue.infer(scale_series, models.model(*gap), models.model(*mfa), seed, label)


def scales() -> ScaleSeries | None:
    """The drawn object of Figure 1 at all sizes, through the two models that come with the project; None without."""
    if not (models.is_bundled(BUNDLED_GAP) and models.is_bundled(BUNDLED_MFA)):
        return None
    return _scales(models.version(BUNDLED_GAP), models.version(BUNDLED_MFA), *gallery.DRAGGED)


@cached("what cells see", megabytes=16)
def _seen(file: str, stamp_ns: int) -> ReceptiveField:
    return inference_queue.infer(receptive_field, models.model(file, stamp_ns))


def seen(model_id: str) -> ReceptiveField:
    """What every cell of a model's grid sees of a picture."""
    return _seen(*models.version(model_id))


@cached("answers for every K", megabytes=32)
def _path(version: tuple[str, int], digest: str, sizes: tuple[int, ...], _encoding: Any) -> PredictionPath:
    return inference_queue.infer(
        prediction_path, explanations.model_for(version, digest, _encoding), _encoding, sizes=sizes
    )


def answer_path(model_id: str, one: Picture, sizes: tuple[int, ...]) -> PredictionPath:
    """The answer for every K from 1 to H*W."""
    return _path(models.version(model_id), one.digest, sizes, explanations.encoding(model_id, one))


@cached("fewest views", megabytes=8)
def _firm(
    version: tuple[str, int], digest: str, k: int | None, sizes: tuple[int, ...] | None, _found: Explanation
) -> Stability:
    return inference_queue.infer(prediction_stability, _found)


def firm(model_id: str, one: Picture, found: Explanation) -> Stability:
    """The fewest views that carry or overturn the answer; it does not depend on the class that is explained."""
    return _firm(models.version(model_id), one.digest, found.k, found.sizes, found)


@cached("files of boxes", megabytes=64)
def _boxes(file: str, stamp_ns: int) -> tuple[BoxAnnotation, ...]:
    return read_boxes(file)


def truth_on_disk(one: Picture) -> GroundTruth | None:
    """The object of a picture of a data set that has a file of boxes. May raise `DataError`."""
    file = ground_truth.boxes_file(one)
    if file is None:
        return None
    return ground_truth.from_boxes(one, _boxes(str(file), file.stat().st_mtime_ns), file.name)


Question = tuple[str, int, int | None, tuple[int, ...] | None]
"""Digest of the picture, class, K and L_R."""


@cached("altered pictures", megabytes=4)
def _faithful(
    version: tuple[str, int], question: Question, method: str, what: str, _encoding: Any, _picture: Any, _map_HW: Any
) -> dict[str, float]:
    model = explanations.model_for(version, question[0], _encoding)
    image = squash(_picture, (model.side, model.side))
    return inference_queue.infer(AGAIN[what], model, image, {method: _map_HW}, question[1])[method]


def faithful(model_id: str, one: Picture, found: Explanation, method: str, what: str) -> dict[str, float]:
    """What the model says of altered pictures, in the order of one map: `what` is "deletion" or "road"."""
    question = (one.digest, found.target, found.k, found.sizes)
    encoding = explanations.encoding(model_id, one)
    return _faithful(models.version(model_id), question, method, what, encoding, one.picture, maps_of(found)[method])
