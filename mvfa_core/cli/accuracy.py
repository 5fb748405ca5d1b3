"""eval: the accuracy of a model on one side of a data set, or on all of it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from mvfa_core.checkpoints import load_model, read_card
from mvfa_core.cli.output import bars, print_json, say, table, tell_place
from mvfa_core.data.class_matching import Matching, fitted, match
from mvfa_core.data.sets import DataError, PictureSet
from mvfa_core.devices import use_device
from mvfa_core.ensembles import ENSEMBLES
from mvfa_core.inference import settle
from mvfa_core.metrics import accuracy_by_scale
from mvfa_core.model import Classifier
from mvfa_core.percent import of_count
from mvfa_core.training.split import CHOICES, EVERY, is_trained_on, joined, listed, load_side, split_of
from mvfa_core.training.validation import predict

JOIN_HELP = "classes whose names differ only in capitals and spaces are one (default: as it was trained)"
HELP = "Accuracy of a model on the test, val or train side of a data set, or on all of it."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder, a .safetensors file or a bundled model's name")
    parser.add_argument("--data", help='"synthetic", a dataset or a folder (default: what the model was trained on)')
    parser.add_argument("--split", choices=CHOICES, help="which side (default: test where there is one, else val)")
    parser.add_argument("--join-names", action="store_true", default=None, help=JOIN_HELP)
    parser.add_argument("--ensemble", choices=ENSEMBLES, default="logit-sum", help="how views become one answer")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    model = settle(load_model(args.model), use_device(args.device))
    recipe = read_card(args.model).get("recipe", {})
    known = listed(joined(split_of(recipe, args.data), args.join_names))
    split = args.split or known.unseen()
    sides = known.side(split)
    matching = match(model.classes, known.classes, known.name, join=known.split.join)
    data = load_side(known.split, model.side, sides, progress=bars(args.json))
    pictures = {side: getattr(data, side) for side in sides}
    answers = {side: _answers(model, fitted(one, matching), args.ensemble) for side, one in pictures.items()}
    tell_place(model.place)
    found = _found(data.name, split, matching, answers, sum(map(len, pictures.values())))
    if "train" in sides and is_trained_on(recipe, known.split.data):
        found["trained_on"] = len(answers["train"][0])
    if args.json:
        print_json(found)
    else:
        _print(found, matching)


Answers = tuple[np.ndarray, np.ndarray | None]
"""Whether each picture is answered rightly, and the scales of their objects where these are known."""


def _answers(model: Classifier, pictures: PictureSet, ensemble: str) -> Answers:
    right_N = predict(model, pictures, ensemble=ensemble) == pictures.labels if len(pictures) else np.zeros(0, bool)
    return right_N, pictures.scales


def _found(name: str, split: str, matching: Matching, sides: Mapping[str, Answers], whole: int) -> dict[str, Any]:
    every = np.concatenate([right for right, _ in sides.values()])
    if not len(every):
        raise DataError(f"{name}: the {split} side has no picture of a class that the model knows")
    found: dict[str, Any] = {"accuracy": float(every.mean()), "n": len(every), "data": name, "split": split}
    if split == EVERY:
        found["by_split"] = {
            side: {"accuracy": float(right.mean()) if len(right) else None, "n": len(right)}
            for side, (right, _) in sides.items()
        }
    if not matching.is_whole:
        found |= {"unknown_classes": matching.unknown, "left_out": whole - len(every)}
        found["absent_classes"] = matching.absent
    scales = [scale for _, scale in sides.values() if scale is not None]
    if scales:
        found["by_scale"] = accuracy_by_scale(every, np.concatenate(scales))
    return found


def _print(found: Mapping[str, Any], matching: Matching) -> None:
    side = "all of it" if found["split"] == EVERY else f"its {found['split']} side"
    say(f"accuracy {of_count(found['accuracy'], 2)}% of {found['n']} pictures of {found['data']}, {side}")
    if trained_on := found.get("trained_on"):
        say(f"the model was trained on {trained_on} of these pictures, which says little about new ones")
    if said := matching.sentence(found["data"]):
        say(f"classes: {said}")
    if "by_split" in found:
        rows = [(name, _share(one["accuracy"]), one["n"]) for name, one in found["by_split"].items()]
        say(table(("side", "accuracy", "pictures"), rows))
    if "by_scale" in found:
        rows = [(f"{q['from']:.2f} to {q['to']:.2f}", _share(q["accuracy"]), q["n"]) for q in found["by_scale"]]
        say(table(("object scale", "accuracy", "pictures"), rows))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{of_count(value)}%"
