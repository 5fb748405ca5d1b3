"""The figures of many pictures: a record a picture, then means with their intervals.

B images · N pictures · T thresholds
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from mvfa_core.analysis.rectangles import best_box
from mvfa_core.checks import expect
from mvfa_core.data.sets import PictureSet
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.images import normalise
from mvfa_core.inference import classifier_of, device_of, features, head_on_cpu, inference
from mvfa_core.metrics.crosswise import crosswise
from mvfa_core.metrics.faithfulness import faithfulness
from mvfa_core.metrics.intervals import interval, mean_interval
from mvfa_core.metrics.localisation import Located
from mvfa_core.metrics.meanings import WANTED
from mvfa_core.metrics.methods import METHODS, maps_of
from mvfa_core.metrics.picture import located
from mvfa_core.metrics.road import road
from mvfa_core.metrics.truth import Truth
from mvfa_core.metrics.uncertainty import aurc, auroc, doubts
from mvfa_core.model import Classifier

BATCH = 32
WHAT = ("boxes", "deletion", "road", "uncertainty")


@dataclass(frozen=True, eq=False)
class Measured:
    """One picture's figures.

    Attributes:
        right: whether the model's answer is the label. doubts: doubt -> its size.
        located: method -> how it fits the object. faithful: method -> figure -> value.
    """

    right: bool
    doubts: Mapping[str, float] = field(default_factory=dict)
    located: Mapping[str, Located] = field(default_factory=dict)
    faithful: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One figure of one method over n pictures, with the ends of its bootstrap interval."""

    method: str
    figure: str
    value: float
    low: float
    high: float
    n: int


def explained(
    model: Classifier,
    images: np.ndarray,
    index: np.ndarray,
    targets: np.ndarray | None = None,
    *,
    boxes: bool = True,
) -> Iterator[tuple[Explanation, np.ndarray | None]]:
    """Explanation and best box (inclusive cells) of the pictures in `index`, one backbone call for `BATCH` of them.

    Args:
        images: uint8 (all, S, S, 3) at the model's side, perhaps on disk.
        targets: the class to explain of each in `index`; what the model says if not given.
        boxes: whether the best box is looked for; without, it is None.
    """
    size_px = (images.shape[2], images.shape[1])
    near = head_on_cpu(classifier_of(model))  # the backbone takes a batch at a time, what follows a picture
    for start in range(0, len(index), BATCH):
        raw = np.array(images[index[start : start + BATCH]])
        wanted = [None] * len(raw) if targets is None else targets[start : start + BATCH].tolist()
        # not around the yield: what the caller does with a picture is no part of this
        with inference(near) as seen:
            raw_BHWC = torch.from_numpy(raw).to(device_of(seen))
            F_BDHW = features(seen, normalise(raw_BHWC)).cpu()
            one_each = [Encoding(F_BDHW[i : i + 1], size_px) for i in range(len(raw))]
            found = [explain_encoding(seen, one, target=t) for one, t in zip(one_each, wanted, strict=True)]
            own_B = torch.tensor([one.target for one in found])
            best = best_box(seen.pooling.head, F_BDHW, own_B).boxes_B4.numpy() if boxes else [None] * len(found)
        yield from zip(found, best, strict=True)


def measured(
    model: Classifier,
    pictures: PictureSet,
    index: np.ndarray,
    *,
    what: Sequence[str],
    truths: Sequence[Truth] | None = None,
    methods: Sequence[str] = tuple(METHODS),
    of_label: bool = True,
    seed: int = 0,
) -> Iterator[Measured]:
    """The pictures in `index`, one after the other; the model in evaluation mode.

    Args:
        what: some of `WHAT`; "boxes" needs the truths. truths: one for each in `index`.
        methods: some of `METHODS`.
        of_label: explain the label's class, so that maps and not answers are judged; else what the model says.
        seed: of the noise in ROAD's imputation.
    """
    expect("boxes" not in what or truths is not None, "truths", "one for every picture", None)
    labels_N = pictures.labels[index]
    each = explained(model, pictures.images, index, labels_N if of_label else None, boxes="boxes" in what)
    for i, (found, box_4) in enumerate(each):
        maps = {name: values for name, values in maps_of(found).items() if name in methods}
        faithful: dict[str, dict[str, float]] = {name: {} for name in maps}
        picture = np.array(pictures.images[index[i]])
        if "deletion" in what:
            faithful = faithfulness(model, picture, maps, found.target)
        if "road" in what:
            for name, got in road(model, picture, maps, found.target, seed=seed).items():
                faithful[name] = {**faithful[name], **got}
        fits = located(found, truths[i], box_4) if truths is not None and "boxes" in what else {}
        yield Measured(
            right=found.predicted == int(labels_N[i]),
            doubts=doubts(found) if "uncertainty" in what else {},
            located={name: one for name, one in fits.items() if name in methods},
            faithful=faithful,
        )


def summary(each: Sequence[Measured], seed: int = 0) -> list[Row]:
    """All figures of a set, each with its interval. Box figures use thresholds fixed on the other half of the pictures
    (`crosswise`); that choice is not drawn again in the intervals."""
    expect(len(each) > 0, "pictures", "at least one", 0)
    rows = []
    for method in each[0].located:
        columns = _located([one.located[method] for one in each], seed)
        rows += [_mean(method, figure, values, seed) for figure, values in columns.items()]
    for method, figures in each[0].faithful.items():
        for figure in figures:
            values = np.array([one.faithful[method][figure] for one in each])
            rows.append(_mean(method, figure, values, seed))
    return rows + _uncertainty(each, seed)


def _located(fits: Sequence[Located], seed: int) -> dict[str, np.ndarray]:
    """Figure -> a value for every picture."""
    iou_NT = np.stack([one.iou_T for one in fits])
    columns = {}
    for name in ("pointing", "energy", "energy_mask", "pixel_ap"):
        if getattr(fits[0], name) is not None:
            columns[name] = np.array([getattr(one, name) for one in fits], dtype=np.float64)
    for wanted in WANTED:
        columns[f"box{round(100 * wanted)}"] = crosswise(iou_NT, wanted, seed)[0]
    return {**columns, "iou": crosswise(iou_NT, None, seed)[0]}


def _mean(method: str, figure: str, values_N: np.ndarray, seed: int) -> Row:
    return Row(method, figure, *mean_interval(values_N, seed), len(values_N))


def _uncertainty(each: Sequence[Measured], seed: int) -> list[Row]:
    """Every doubt as a warning of errors, and its lead over the ensemble's confidence on the same pictures."""
    wrong_N = np.array([not one.right for one in each])
    names = list(each[0].doubts)
    if not names:
        return []
    by_name = {name: np.array([one.doubts[name] for one in each]) for name in names}
    rows = []
    for name, doubt_N in by_name.items():
        rows.append(Row(name, "aurc", *interval(aurc, doubt_N, wrong_N, seed=seed), len(each)))
        if wrong_N.any() and not wrong_N.all():
            rows.append(Row(name, "auroc", *interval(auroc, doubt_N, wrong_N, seed=seed), len(each)))
            if name != "confidence":
                known = by_name["confidence"]
                rows.append(Row(name, "gain", *interval(_lead, doubt_N, known, wrong_N, seed=seed), len(each)))
    return rows


def _lead(doubt_N: np.ndarray, known_N: np.ndarray, wrong_N: np.ndarray) -> float:
    return auroc(doubt_N, wrong_N) - auroc(known_N, wrong_N)
