"""Pictures of a data set chosen by rule. The seed shuffles, so that the first few are a fair sample of their kind.

N pictures
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mvfa_core.checkpoints import load_model
from mvfa_core.checks import expect, expect_choice
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.sets import DataError, Progress, silent
from mvfa_core.devices import use_device
from mvfa_core.evaluation import EvaluationSpec, Findings, evaluation_of, spec_for
from mvfa_core.evaluation.addresses import address_of
from mvfa_core.evaluation.findings import joined
from mvfa_core.evaluation.look import look
from mvfa_core.evaluation.metrics import chosen
from mvfa_core.evaluation.pictures import Gathered, Side, side_of
from mvfa_core.figures.desk import weights_of
from mvfa_core.inference import settle
from mvfa_core.training.split import Split, listed

LOOKED = ("rescued", "harmed", "wrong", "right", "sure", "split")
"""Rules that need a model's answers: rescued or harmed by the views, wrong, right, confident and wrong, disagreeing."""
RULES = (*LOOKED, "one-per-class", "random")
OF_VIEWS = ("rescued", "harmed", "split")
BATCH = 32
LIMIT = 200


def choose(
    rule: str,
    data: str,
    count: int,
    *,
    model: str | None = None,
    side: str | None = None,
    limit: int | None = LIMIT,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[tuple[str, ...], str]:
    """(the addresses or, for a folder, the files of at most `count` pictures, the rule in words).

    Args:
        side: train, val or test; test where there is one, else val, if not given.
        model: needed for the rules of `LOOKED`; its answers on at most `limit` pictures, spread over the side, are
        taken from a finished evaluation or looked up now.

    Raises:
        ValueError: a rule without its model, or no picture of the kind. DataError: the data is not there.
    """
    expect_choice(rule, RULES, "rule")
    expect(count >= 1, "count", "a whole number >= 1", count)
    expect(rule not in LOOKED or model is not None, f"rule {rule}", "a model (--model)", "none")
    request = None if model is None else spec_for(weights_of(model), data, side=side, limit=limit)
    split = Split(data) if request is None else request.split
    side = side or (listed(split).unseen() if request is None else request.side)
    told = f"{rule.replace('-', ' ')}, {Path(data).name} {side}, seed {seed}"
    home = side_of(split, side)
    if request is not None and rule in LOOKED:
        found = answers(request, progress)
        places = found.place_N[chosen(found, rule)]
        told += f", of {len(found)} pictures"
    else:
        places = np.arange(home.count)
    order = np.random.default_rng(seed).permutation(places)
    if rule == "one-per-class":
        order = one_per_class(home, order, limit)
    if not len(order):
        extra = " (a GAP model has no views)" if rule in OF_VIEWS else ""
        raise DataError(f"rule {rule}: no picture of this kind among those looked at{extra}; raise the limit")
    return tuple(name_of(home, int(place), split) for place in order[:count]), told


def one_per_class(home: Side, order: np.ndarray, limit: int | None) -> np.ndarray:
    """The first picture of every class in that order, class by class."""
    first: dict[str, int] = {}
    labels = None if home.listing is None else home.listing.labels
    for place in order[: None if labels is not None else limit].tolist():
        label = home.open(place)[1] if labels is None else home.classes[labels[place]]
        first.setdefault(label, place)
        if len(first) == len(home.classes):
            break
    return np.array([first[name] for name in home.classes if name in first], dtype=np.int64)


def answers(request: EvaluationSpec, progress: Progress = silent) -> Findings:
    """What the model makes of the pictures: from a finished evaluation, or looked up now, batch by batch."""
    evaluation = evaluation_of(request)
    if evaluation.is_complete():
        return evaluation.findings()
    model = settle(load_model(request.model), use_device())
    pictures = Gathered(request, model.classes, model.side, progress)
    parts = []
    for start in range(0, len(pictures), BATCH):
        stop = min(start + BATCH, len(pictures))
        batch, places = pictures.batch(start, stop)
        parts += [look(model, batch, places)] if len(batch) else []
        progress("looking at pictures", stop, len(pictures))
    if not parts:
        raise DataError(f"{request.data_name}: no picture there")
    return joined(parts)


def name_of(home: Side, place: int, split: Split) -> str:
    """What a figure calls the picture at a place: its address, or the file of a folder."""
    if home.data == SYNTHETIC or home.data in CATALOGUE or home.home is None or home.listing is None:
        return address_of(split, place, home.side)
    return str(home.home / home.listing.files[place])
