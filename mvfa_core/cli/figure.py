"""figure: the paper's Figures 5, 6 and 7 from models, pictures and runs of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path

from mvfa_core import figures
from mvfa_core.checkpoints import load_model
from mvfa_core.cli.output import say
from mvfa_core.explain import explain
from mvfa_core.images import open_picture
from mvfa_core.training.runs import Run, RunError

HELP = "Draw Figure 5 (CAM, AdaCAM), 6 (learning curves) or 7 (top-1 and top-10 regions) as PNG, SVG or PDF."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("which", choices=("fig5", "fig6", "fig7"))
    parser.add_argument("--model", help="fig5, fig7: a run folder or a .safetensors file")
    parser.add_argument("--images", nargs="+", metavar="PICTURE", help="fig5, fig7: the pictures, a column each")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="fig6: run folders, GAP and MFA of each data set")
    parser.add_argument("--out", required=True, metavar="FILE", help="ends in .png, .svg or .pdf")
    parser.add_argument("--dpi", type=int, default=300, help="of a PNG (default: 300)")


def run(args: argparse.Namespace) -> None:
    if args.which == "fig6":
        figure = figures.fig6(_curves([Run(path) for path in args.runs or []]))
    else:
        if not args.model or not args.images:
            raise ValueError(f"{args.which}: name a --model and one or more --images")
        model = load_model(args.model)
        pictures = [open_picture(path) for path in args.images]
        make = {"fig5": figures.fig5, "fig7": figures.fig7}[args.which]
        figure = make(pictures, [explain(model, picture) for picture in pictures])
    figures.save(figure, args.out, args.dpi)
    say(f"wrote {args.out}")


def _curves(runs: list[Run]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """The validations of every run, by data set and pooling."""
    curves: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for each in runs:
        recipe = each.recipe()
        points = [(e["step"], e["accuracy"]) for e in each.events()[0] if e["event"] == "validation"]
        if not points:
            raise RunError(f"{each.id}: no validation in this run yet")
        curves.setdefault(Path(recipe.data).name, {})[recipe.pooling] = points
    return curves
