"""metrics: how good the maps of a model are, and whether its views know when it errs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mvfa_core.checkpoints import load_model, read_card
from mvfa_core.cli.metrics_tables import WRITERS, notes, tables, write
from mvfa_core.cli.output import bars, expect_place, print_json, say, table, tell_place
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.class_matching import fitted, match
from mvfa_core.data.sets import DataError
from mvfa_core.devices import use_device
from mvfa_core.inference import settle
from mvfa_core.metrics.meanings import MEANINGS
from mvfa_core.metrics.methods import METHODS
from mvfa_core.metrics.objects import objects_of
from mvfa_core.metrics.sets import WHAT, Measured, Row, measured, summary
from mvfa_core.training.split import SIDES, is_trained_on, listed, load_side, split_of

HELP = "Measure maps against boxes and against the model, and the votes of the views as warnings of errors."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder, a .safetensors file or a bundled model's name")
    parser.add_argument("--data", help='"synthetic", a dataset or a folder (default: what the model was trained on)')
    parser.add_argument("--split", choices=SIDES, help="which side (default: test where there is one, else val)")
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


@dataclass(frozen=True)
class Pictures:
    """Which pictures were measured: the data's name, its side, whether the model was trained on them, and which classes
    the two do not share."""

    data: str
    side: str
    trained_on: bool
    note: str

    def __str__(self) -> str:
        trained = ", which the model was trained on" if self.trained_on else ""
        return f"pictures of {self.data} ({self.side}{trained})"


def run(args: argparse.Namespace) -> None:
    _check(args)
    of, each = _measured(args)
    rows = summary(each, args.seed)
    right = sum(one.right for one in each)
    title = f"{Path(args.model).stem} on {len(each)} {of}, {right} answered rightly"
    if args.out:
        write(Path(args.out), title, rows)
    if args.json:
        print_json(_record(args, of, each, rows))
        return
    say(title)
    if of.note:
        say(f"classes: {of.note}")
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
    if args.out:
        expect_place("--out", args.out)


def _measured(args: argparse.Namespace) -> tuple[Pictures, list[Measured]]:
    """What they are of, and every picture's figures."""
    model = settle(load_model(args.model), use_device(args.device))
    recipe = read_card(args.model).get("recipe", {})
    split = split_of(recipe, args.data)
    what, progress = _what(args, split.data), bars(args.json)
    known = listed(split)
    name = args.split or known.unseen()
    sides, matching = known.side(name), match(model.classes, known.classes, known.name, join=split.join)
    data = load_side(split, model.side, sides, progress=progress)
    pictures = fitted(getattr(data, name), matching)
    index, truths = objects_of(
        pictures, split.data, args.boxes, n=args.n, seed=split.seed, masks="boxes" in what, progress=progress
    )
    of_label = args.explain == "label"
    each: list[Measured] = []
    for one in measured(
        model, pictures, index, what=what, truths=truths, methods=args.methods, of_label=of_label, seed=args.seed
    ):
        each.append(one)
        progress("measuring", len(each), len(index))
    tell_place(model.place)
    if not each:
        raise DataError(f"{data.name}: the {name} side has no picture of a class that the model knows")
    trained_on = name == "train" and is_trained_on(recipe, split.data)
    return Pictures(data.name, name, trained_on, matching.sentence(data.name)), each


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


def _record(args: argparse.Namespace, of: Pictures, each: Sequence[Measured], rows: Sequence[Row]) -> dict:
    figures = {row.figure for row in rows}
    return {
        "data": of.data,
        "split": of.side,
        "trained_on": of.trained_on,
        "n": len(each),
        "right": sum(one.right for one in each),
        "explained": args.explain,
        "figures": [asdict(row) for row in rows],
        "meanings": {figure: sentence for figure, sentence in MEANINGS.items() if figure in figures},
    }
