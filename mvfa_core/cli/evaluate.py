"""evaluate: every picture of a data set through a model, with what the views made of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from mvfa_core.cli.output import bars, expect_place, print_json, say, tell_place
from mvfa_core.evaluation.folder import Evaluation, evaluation_of
from mvfa_core.evaluation.request import spec_for
from mvfa_core.evaluation.tables import summary
from mvfa_core.evaluation.work import evaluate
from mvfa_core.percent import of_count
from mvfa_core.training.split import CHOICES

HELP = "Every picture of a data set through a model: where it goes wrong, and whether the views helped."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", help="a run folder, a .safetensors file or a bundled model's name")
    parser.add_argument("--data", help='"synthetic", a dataset or a folder (default: what the model was trained on)')
    parser.add_argument("--split", "--side", dest="side", choices=CHOICES,
                        help="which side (default: test where there is one, else val)")  # fmt: skip
    parser.add_argument("--join-names", action="store_true", default=None,
                        help="classes whose names differ only in capitals and spaces are one")  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many pictures, spread over the side")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the findings go (default: where the app looks)")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with one that was begun")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="print nothing")


def run(args: argparse.Namespace) -> None:
    if (args.model is None) == (args.resume is None):
        raise ValueError("name a model, or a folder to --resume")
    if args.resume:
        folder = Evaluation(args.resume)
        request = folder.request()
    else:
        if args.out:
            expect_place("--out", args.out, folder=True)
        request = spec_for(args.model, args.data, side=args.side, join=args.join_names, limit=args.limit)
        folder = Evaluation(args.out) if args.out else evaluation_of(request)
    found = evaluate(request, folder, device=args.device, progress=bars(args.json or args.quiet), tell=tell_place)
    if args.quiet:
        return
    if found is None:
        say("stopped; what is done is kept, --resume goes on")
        return
    told = summary(found, request)
    if args.json:
        print_json(told)
        return
    say(f"accuracy {of_count(told['accuracy'], 2)}% of {told['n']} pictures of {told['data']} ({told['side']})")
    if found.note:
        say(f"classes: {found.note}")
    if "rescued" in told:
        say(f"auxiliary head {of_count(told['auxiliary_accuracy'], 2)}%; the views rescued {told['rescued']} and "
              f"harmed {told['harmed']}, sign test p = {told['p']:.2g}")  # fmt: skip
    say(f"expected calibration error {told['calibration_error']:.3f}")
    say(folder.path)
