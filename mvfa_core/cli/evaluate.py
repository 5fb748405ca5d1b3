"""eval: the accuracy of a model on a data set's held-out pictures."""

from __future__ import annotations

import argparse
from typing import Any

from mvfa_core.checkpoints import load_model, read_card
from mvfa_core.cli.output import bars, print_json, say, table
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import load_data
from mvfa_core.ensembles import ENSEMBLES
from mvfa_core.measure import accuracy_by_scale
from mvfa_core.per_cent import of_count
from mvfa_core.training.device import find_device
from mvfa_core.training.engine import predict

HELP = "Accuracy of a model on the held-out pictures of a data set."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder or a .safetensors file")
    parser.add_argument("--data", help='"synthetic", a dataset or a folder (default: what the model was trained on)')
    parser.add_argument("--ensemble", choices=ENSEMBLES, default="logit-sum", help="how views become one answer")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    model = load_model(args.model).to(find_device(args.device))
    recipe = read_card(args.model).get("recipe", {})
    source = args.data or recipe.get("data", "synthetic")
    # no training picture is needed here, but the split of a folder needs the seed it was made with
    seed = recipe.get("seed", 0)
    data = load_data(source, model.side, seed=seed, validate_on="test", splits=("val",), progress=bars(args.json))
    if data.classes != model.classes:
        raise DataError(f"the model knows {len(model.classes)} classes ({_few(model.classes)}), "
                        f"{data.name} has {len(data.classes)} ({_few(data.classes)})")  # fmt: skip
    right = predict(model, data.val, ensemble=args.ensemble) == data.val.labels
    found: dict[str, Any] = {"accuracy": float(right.mean()), "n": len(right), "data": data.name}
    if data.val.scales is not None:
        found["by_scale"] = accuracy_by_scale(right, data.val.scales)
    if args.json:
        print_json(found)
        return
    say(f"accuracy {of_count(found['accuracy'], 2)}% of {found['n']} pictures of {data.name}")
    if "by_scale" in found:
        rows = [(f"{q['from']:.2f} to {q['to']:.2f}", f"{of_count(q['accuracy'])}%", q["n"]) for q in found["by_scale"]]
        say(table(("object scale", "accuracy", "pictures"), rows))


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
