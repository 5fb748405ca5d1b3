"""Caches of what is worked out beyond an explanation: rectangles, what a cell saw, how firmly an answer stands, figures
of maps, the facts of the lesson.

As in `loaders`, everything is keyed by names and digests and bounded by bytes.
"""

from __future__ import annotations

from typing import Any

from app import gallery, jobs, loaders, truths
from app.gallery import Specimen
from app.shelf import kept
from app.truths import Known
from mvfa_core.asked import Asked, Corners, ask, best
from mvfa_core.data.annotations import Marked, read_boxes
from mvfa_core.explain import Explanation
from mvfa_core.firmness import Firmness, Path, firmness, prediction_path
from mvfa_core.images import squash
from mvfa_core.measure.faithfulness import faithfulness
from mvfa_core.measure.methods import maps_of
from mvfa_core.measure.road import road
from mvfa_core.receptive import Sight, sight
from mvfa_core.walk import ScaleSeries, Walk, scale_series
from mvfa_core.walk import walk as facts_of_walk

BUNDLED_GAP, BUNDLED_MFA = "compact_gap", "compact_mfa"
AGAIN = {"deletion": faithfulness, "road": road}


@kept("rectangles", megabytes=16)
def _asked(version: tuple[str, int], digest: str, box: Corners, _encoding: Any) -> Asked:
    return jobs.infer(ask, loaders.model_for(version, digest, _encoding), _encoding, box)


def asked(model_id: str, one: Specimen, box: Corners) -> Asked:
    """The main head's answer for a rectangle of cells. May raise `ValueError` with a sentence for the visitor."""
    return _asked(loaders.version(model_id), one.digest, box, loaders.encoding(model_id, one))


@kept("best rectangles", megabytes=16)
def _best_rectangle(version: tuple[str, int], digest: str, target: int, _encoding: Any) -> Asked:
    return jobs.infer(best, loaders.model_for(version, digest, _encoding), _encoding, target)


def best_rectangle(model_id: str, one: Specimen, target: int) -> Asked:
    """The rectangle that speaks most for a class."""
    return _best_rectangle(loaders.version(model_id), one.digest, target, loaders.encoding(model_id, one))


@kept("lesson", megabytes=32)
def _walk(
    version: tuple[str, int],
    digest: str,
    k: int | None,
    sizes: tuple[int, ...] | None,
    truth: int | None,
    _encoding: Any,
) -> Walk:
    return jobs.infer(
        facts_of_walk, loaders.model_for(version, digest, _encoding), _encoding, k=k, sizes=sizes, truth=truth
    )


def lesson(model_id: str, one: Specimen, k: int | None, sizes: tuple[int, ...] | None, truth: int | None) -> Walk:
    """The facts of the guided walk. May raise `ValueError` with a sentence for the visitor."""
    return _walk(loaders.version(model_id), one.digest, k, sizes, truth, loaders.encoding(model_id, one))


@kept("scales", megabytes=32)
def _scales(gap: tuple[str, int], mfa: tuple[str, int], seed: int, label: int) -> ScaleSeries:
    return jobs.infer(scale_series, loaders.model(*gap), loaders.model(*mfa), seed, label)


def scales() -> ScaleSeries | None:
    """The drawn object of Figure 1 at all sizes, through the two models that come with the project; None without."""
    if not (loaders.is_bundled(BUNDLED_GAP) and loaders.is_bundled(BUNDLED_MFA)):
        return None
    return _scales(loaders.version(BUNDLED_GAP), loaders.version(BUNDLED_MFA), *gallery.DRAGGED)


@kept("what cells see", megabytes=16)
def _seen(file: str, stamp_ns: int) -> Sight:
    return jobs.infer(sight, loaders.model(file, stamp_ns))


def seen(model_id: str) -> Sight:
    """What every cell of a model's grid sees of a picture."""
    return _seen(*loaders.version(model_id))


@kept("answers for every K", megabytes=32)
def _path(version: tuple[str, int], digest: str, sizes: tuple[int, ...], _encoding: Any) -> Path:
    return jobs.infer(prediction_path, loaders.model_for(version, digest, _encoding), _encoding, sizes=sizes)


def answer_path(model_id: str, one: Specimen, sizes: tuple[int, ...]) -> Path:
    """The answer for every K from 1 to H*W."""
    return _path(loaders.version(model_id), one.digest, sizes, loaders.encoding(model_id, one))


@kept("fewest views", megabytes=8)
def _firm(
    version: tuple[str, int], digest: str, k: int | None, sizes: tuple[int, ...] | None, _found: Explanation
) -> Firmness:
    return jobs.infer(firmness, _found)


def firm(model_id: str, one: Specimen, found: Explanation) -> Firmness:
    """The fewest views that carry or overturn the answer; it does not depend on the class that is explained."""
    return _firm(loaders.version(model_id), one.digest, found.k, found.sizes, found)


@kept("files of boxes", megabytes=64)
def _boxes(file: str, stamp_ns: int) -> tuple[Marked, ...]:
    return read_boxes(file)


def truth_on_disk(one: Specimen) -> Known | None:
    """The object of a picture of a data set that has a file of boxes. May raise `DataError`."""
    file = truths.boxes_file(one)
    if file is None:
        return None
    return truths.from_boxes(one, _boxes(str(file), file.stat().st_mtime_ns), file.name)


Question = tuple[str, int, int | None, tuple[int, ...] | None]
"""Digest of the picture, class, K and L_R."""


@kept("altered pictures", megabytes=4)
def _faithful(
    version: tuple[str, int], question: Question, method: str, what: str, _encoding: Any, _picture: Any, _map_HW: Any
) -> dict[str, float]:
    model = loaders.model_for(version, question[0], _encoding)
    image = squash(_picture, (model.side, model.side))
    return jobs.infer(AGAIN[what], model, image, {method: _map_HW}, question[1])[method]


def faithful(model_id: str, one: Specimen, found: Explanation, method: str, what: str) -> dict[str, float]:
    """What the model says of altered pictures, in the order of one map: `what` is "deletion" or "road"."""
    question = (one.digest, found.target, found.k, found.sizes)
    encoding = loaders.encoding(model_id, one)
    return _faithful(loaders.version(model_id), question, method, what, encoding, one.picture, maps_of(found)[method])
