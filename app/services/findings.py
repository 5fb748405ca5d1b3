"""What is worked out beyond an explanation, from caches: rectangles, what a cell saw, how stable an answer is, measures
of maps, the facts of the lesson. Declared as in `explanations`.
"""

from __future__ import annotations

from app.services import gallery, ground_truth, inference_queue, models
from app.services.cache import cached
from app.services.explanations import by_model_and_picture, model_and_encoding
from app.services.gallery import Picture
from app.services.ground_truth import GroundTruth
from app.services.models import Version
from mvfa_core.analysis import receptive_field as receptive_fields
from mvfa_core.analysis import rectangle_answers
from mvfa_core.analysis.receptive_field import ReceptiveField
from mvfa_core.analysis.rectangle_answers import Corners, RectangleAnswer
from mvfa_core.analysis.stability import PredictionPath, Stability, prediction_path, prediction_stability
from mvfa_core.explain import Explanation
from mvfa_core.images import squash
from mvfa_core.lesson import LessonFacts, ScaleSeries, lesson_facts, scale_series
from mvfa_core.metrics.faithfulness import faithfulness
from mvfa_core.metrics.methods import maps_of
from mvfa_core.metrics.road import road

BUNDLED_GAP, BUNDLED_MFA = "compact_gap", "compact_mfa"
AGAIN = {"deletion": faithfulness, "road": road}


@cached("rectangles", megabytes=16, key=by_model_and_picture)
def rectangle_answer(model_id: str, picture: Picture, box: Corners) -> RectangleAnswer:
    """The main head's answer for a rectangle of cells. May raise `ValueError` with a sentence for the visitor."""
    return inference_queue.infer(rectangle_answers.ask, *model_and_encoding(model_id, picture), box)


@cached("best rectangles", megabytes=16, key=by_model_and_picture)
def best_rectangle(model_id: str, picture: Picture, target: int) -> RectangleAnswer:
    """The rectangle that speaks most for a class."""
    return inference_queue.infer(rectangle_answers.best_rectangle, *model_and_encoding(model_id, picture), target)


@cached("lesson", megabytes=32, key=by_model_and_picture)
def lesson(
    model_id: str, picture: Picture, k: int | None, sizes: tuple[int, ...] | None, truth: int | None
) -> LessonFacts:
    """The facts of the lesson. May raise `ValueError` with a sentence for the visitor."""
    model, encoding = model_and_encoding(model_id, picture)
    return inference_queue.infer(lesson_facts, model, encoding, k=k, sizes=sizes, truth=truth)


@cached("scales", megabytes=32)
def _scales(gap: Version, mfa: Version, seed: int, label: int) -> ScaleSeries:
    return inference_queue.infer(scale_series, models.model(*gap), models.model(*mfa), seed, label)


def scales() -> ScaleSeries | None:
    """The drawn object of Figure 1 at all sizes, through the two models that come with the project; None without."""
    if not (models.is_bundled(BUNDLED_GAP) and models.is_bundled(BUNDLED_MFA)):
        return None
    return _scales(models.version(BUNDLED_GAP), models.version(BUNDLED_MFA), *gallery.DRAGGED)


@cached("what cells see", megabytes=16, key=models.version)
def receptive_field(model_id: str) -> ReceptiveField:
    """What every cell of a model's grid sees of a picture."""
    return inference_queue.infer(receptive_fields.receptive_field, models.model(*models.version(model_id)))


@cached("answers for every K", megabytes=32, key=by_model_and_picture)
def answer_path(model_id: str, picture: Picture, sizes: tuple[int, ...]) -> PredictionPath:
    """The answer for every K from 1 to H*W."""
    model, encoding = model_and_encoding(model_id, picture)
    return inference_queue.infer(prediction_path, model, encoding, sizes=sizes)


def _without_class(model_id: str, picture: Picture, explanation: Explanation) -> tuple[object, ...]:
    return by_model_and_picture(model_id, picture, explanation.k, explanation.sizes)


@cached("fewest views", megabytes=8, key=_without_class)
def stability(model_id: str, picture: Picture, explanation: Explanation) -> Stability:
    """The fewest views that carry or overturn the answer; it does not depend on the class that is explained."""
    return inference_queue.infer(prediction_stability, explanation)


def truth_on_disk(picture: Picture) -> GroundTruth | None:
    """The object of a picture of a data set that has a file of boxes. May raise `DataError`."""
    file = ground_truth.boxes_file(picture)
    if file is None:
        return None
    return ground_truth.from_boxes(picture, ground_truth.boxes(file), file.name)


def _of_map(model_id: str, picture: Picture, explanation: Explanation, *options: str) -> tuple[object, ...]:
    return by_model_and_picture(model_id, picture, explanation.target, explanation.k, explanation.sizes, *options)


@cached("altered pictures", megabytes=4, key=_of_map)
def faithful(model_id: str, picture: Picture, explanation: Explanation, method: str, what: str) -> dict[str, float]:
    """What the model says of altered pictures, in the order of one map: `what` is "deletion" or "road"."""
    model, _ = model_and_encoding(model_id, picture)
    image, map_HW = squash(picture.picture, (model.side, model.side)), maps_of(explanation)[method]
    return inference_queue.infer(AGAIN[what], model, image, {method: map_HW}, explanation.target)[method]
