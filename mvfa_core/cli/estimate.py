"""estimate: what a run would take, from a few steps of it."""

from __future__ import annotations

import argparse

from mvfa_core.cli import train
from mvfa_core.cli.output import print_json, say
from mvfa_core.experiments.cost import in_words
from mvfa_core.training.estimate import Estimate, estimate

HELP = "Parameters, memory and time that a run would take here, from a few measured steps; the words are train's."


def add(parser: argparse.ArgumentParser) -> None:
    train.add_words(parser)
    parser.add_argument("--again", action="store_true", help="measure even if it was measured before")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    if args.resume:
        raise ValueError("--resume: a run that exists tells its own rate; `python -m mvfa_core runs show RUN`")
    result = estimate(train._recipe(args), again=args.again)
    if args.json:
        print_json(result.to_json())
    elif not args.quiet:
        say("\n".join(_lines(result)))


def _lines(estimate: Estimate) -> list[str]:
    mega, size, measured = 2**20, estimate.size, estimate.measured
    kept = f"{size.weights / mega:,.0f} + {size.gradients / mega:,.0f} + {size.optimizer / mega:,.0f} MiB"
    lines = [f"parameters  {size.parameters:,} (weights, gradients, optimiser: {kept})"]
    if estimate.memory is not None:
        lines.append(f"memory      about {estimate.memory / mega:,.0f} MiB at its peak")
    lines.append(f"step        about {estimate.step_s:.3g} s")
    lines.append(
        f"in all      about {in_words(estimate.total_s)}, {estimate.train_n:,} pictures, {estimate.val_n:,} held out"
    )
    beside = ", beside another run" if estimate.beside else ""
    lines.append(f"an estimate from {measured.steps} steps of {measured.batch} pictures on {measured.machine}{beside}")
    return lines
