"""measure: how good the maps of a model are, and whether its views know when it errs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mvfa_core.checkpoints import load_model, read_card
from mvfa_core.cli.measure_tables import WRITERS, notes, tables, write
from mvfa_core.cli.output import bars, print_json, say, table
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import load_data
from mvfa_core.measure.meanings import MEANINGS
from mvfa_core.measure.methods import METHODS
from mvfa_core.measure.objects import objects_of
from mvfa_core.measure.sets import WHAT, Measured, Row, measured, summary
from mvfa_core.training.device import find_device

HELP = "Measure maps against boxes and against the model, and the votes of the views as warnings of errors."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder or a .safetensors file")
    parser.add_argument("--data", help='"synthetic", a dataset or a folder (default: what the model was trained on)')
    parser.add_argument("--boxes", metavar="FILE", help="CSV, VOC .xml or a folder of them; drawn pictures need none")
    parser.add_argument("--what", nargs="+", choices=WHAT, help="kinds of figures (default: all but road)")
    parser.add_argument("--uncertainty", action="store_true", help="the same as --what uncertainty")
    listed = ", ".join(METHODS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="MAP", help=listed)
    parser.add_argument("--explain", choices=("label", "answer"), default="label", help="whose class is explained")
    parser.add_argument("--n", type=int, help="at most so many pictures")
    parser.add_argument("--seed", type=int, default=0, help="of the halves and the intervals (default: 0)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", metavar="FILE", help="also write the table: .md, .csv or .tex")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    _check(args)
    name, each = _measured(args)
    rows = summary(each, args.seed)
    right = sum(one.right for one in each)
    title = f"{Path(args.model).stem} on {len(each)} held-out pictures of {name}, {right} answered rightly"
    if args.out:
        write(Path(args.out), title, rows)
    if args.json:
        print_json(_record(args, name, each, rows))
        return
    say(title)
    for header, lines in tables(rows):
        say("\n" + table(header, lines))
    say("\n" + "\n".join(notes(rows)))


def _check(args: argparse.Namespace) -> None:
    """Refuse before anything is loaded or drawn."""
    if args.n is not None and args.n < 1:
        raise ValueError(f"n: expected a whole number >= 1, got {args.n}")
    if args.seed < 0:
        raise ValueError(f"seed: expected a whole number >= 0, got {args.seed}")
    if args.out and Path(args.out).suffix not in WRITERS:
        raise ValueError(f"--out: expected a name that ends in {', '.join(WRITERS)}, got {Path(args.out).name}")


def _measured(args: argparse.Namespace) -> tuple[str, list[Measured]]:
    """The name of the data, and every picture's figures."""
    model = load_model(args.model).to(find_device(args.device))
    recipe = read_card(args.model).get("recipe", {})
    source, split_seed = args.data or recipe.get("data", SYNTHETIC), recipe.get("seed", 0)
    what, progress = _what(args, source), bars(args.json)
    data = load_data(source, model.side, seed=split_seed, validate_on="test", splits=("val",), progress=progress)
    if data.classes != model.classes:
        raise DataError(f"the model knows {len(model.classes)} classes, {data.name} has {len(data.classes)} or others; "
                        "measure it on what it was trained for")  # fmt: skip
    index, truths = objects_of(
        data.val, source, args.boxes, n=args.n, seed=split_seed, masks="boxes" in what, progress=progress
    )
    of_label = args.explain == "label"
    each: list[Measured] = []
    for one in measured(
        model, data.val, index, what=what, truths=truths, methods=args.methods, of_label=of_label, seed=args.seed
    ):
        each.append(one)
        progress("measuring", len(each), len(index))
    return data.name, each


def _what(args: argparse.Namespace, source: str) -> list[str]:
    """The kinds of figures that are asked for, or else all that need nothing more."""
    known = args.boxes is not None or source == SYNTHETIC
    if args.what or args.uncertainty:
        what = [*(args.what or ()), *(("uncertainty",) if args.uncertainty else ())]
    else:
        what = [*(("boxes",) if known else ()), "deletion", "uncertainty"]
    if "boxes" in what and not known:
        raise ValueError("boxes: where the objects are is not known; name a file with --boxes")
    return what


def _record(args: argparse.Namespace, name: str, each: Sequence[Measured], rows: Sequence[Row]) -> dict:
    figures = {row.figure for row in rows}
    return {
        "data": name,
        "n": len(each),
        "right": sum(one.right for one in each),
        "explained": args.explain,
        "figures": [asdict(row) for row in rows],
        "meanings": {figure: sentence for figure, sentence in MEANINGS.items() if figure in figures},
    }
