"""bench: speeds as ratios within one run."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import torch

from mvfa_core.adoption import at_side
from mvfa_core.backbones import BACKBONES
from mvfa_core.bench import data, figure, method, train
from mvfa_core.checkpoints import bundled, load_model
from mvfa_core.cli.output import print_json, say, table
from mvfa_core.devices import use_device
from mvfa_core.training.recipes import PRECISIONS, Recipe
from mvfa_core.training.speed import dtype_of

HELP = "Measure the head, a step, an explanation, the input path or training against the alternatives; time a figure."
STEP_BATCH = {"vgg16": 4, "resnet41": 4, "resnet50": 4, "compact": 32}
STEP_DEFAULT = ("vgg16", "mobilenet24", "compact")
DATA_DEFAULT = ("mobilenet24", "compact")
TRAIN_DEFAULT = ("compact", "mobilenet24")
EXPLAIN_DEFAULT = ("vgg16", "resnet41", "compact")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("head", "step", "explain", "data", "train", "figure"))
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, help="which ones for step, explain and data")
    parser.add_argument("--adopted", metavar="MODEL", help="for explain: an adopted model, by its bundled name or file")
    parser.add_argument("--sides", type=int, nargs="+", help="for explain --adopted: picture sides in px")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default: 7)")
    parser.add_argument("--threads", type=int, help="torch threads (default: torch's choice)")
    parser.add_argument("--data", help="for data and train: a dataset or folder (default: pictures made on the spot)")
    parser.add_argument("--device", default="cpu", help="for data and train: where the steps run (default: cpu)")
    parser.add_argument("--models", nargs="+", choices=BACKBONES, default=TRAIN_DEFAULT, help="for train: which ones")
    parser.add_argument("--steps", type=int, default=20, help="for train: steps in a row that are timed (default: 20)")
    parser.add_argument("--repeats", type=int, default=3, help="for train: counted rounds (default: 3)")
    parser.add_argument("--batch", type=int, help="for train (default: 64 on a GPU, 8 or 32 on a CPU)")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="for train (default: auto)")
    parser.add_argument("--compile", choices=("on", "off"), default="off", help="for train (default: off)")
    parser.add_argument("--workers", type=int, default=2, help="for train: of the plain loop's DataLoader (default: 2)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    if args.rounds < 1:
        raise ValueError(f"rounds: expected a whole number >= 1, got {args.rounds}")
    if args.threads is not None and args.threads < 1:
        raise ValueError(f"threads: expected a whole number >= 1, got {args.threads}")
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.what == "train":
        _train(args)
        return
    if args.what == "figure":
        _figure(args)
        return
    results = dict(_measured(args))
    if args.json:
        print_json({title: [row.to_json() for row in rows] for title, rows in results.items()})
        return
    say(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {args.rounds} rounds")
    for title, rows in results.items():
        say(f"\n{title}")
        say(table(("", "ms", "min", "max", "ratio", "min", "max"), [_cells(row) for row in rows]))
        if args.what == "data":
            rates = (f"{facts['name']} {facts['pictures_per_s']:,.0f}" for facts in (row.to_json() for row in rows))
            say(f"pictures a second: {', '.join(rates)}")


def _figure(args: argparse.Namespace) -> None:
    found = figure.bench_figure(args.rounds)
    rows = {}
    for name, pairs in found.items():
        clock, processor = zip(*pairs, strict=True)
        spread = {"median": median(clock), "min": min(clock), "max": max(clock)}
        rows[name] = spread | {"processor": median(processor)}
    if args.json:
        print_json({"threads": torch.get_num_threads(), "rounds": args.rounds, "seconds": rows})
        return
    size = f"{figure.ROWS} x {figure.COLUMNS} panels"
    say(f"{platform.machine()}, {torch.get_num_threads()} threads, {args.rounds} rounds, {size}, seconds")
    cells = [(name, *(f"{value:.2f}" for value in row.values())) for name, row in rows.items()]
    say(table(("", "median", "least", "most", "processor"), cells))


def _train(args: argparse.Namespace) -> None:
    for name in ("steps", "repeats"):
        if getattr(args, name) < 1:
            raise ValueError(f"{name}: expected a whole number >= 1, got {getattr(args, name)}")
    device = use_device(args.device)
    dtype = dtype_of(args.precision, device) or torch.float32
    rate = train.matrix_rate(device, dtype)
    rows = []
    for model in args.models:
        batch = args.batch or (64 if device.type == "cuda" else STEP_BATCH.get(model, 8))
        choices = {"device": args.device, "precision": args.precision, "compile": args.compile}
        recipe = Recipe(backbone=model, batch=batch, **choices)
        found = train.bench_train(
            model, recipe, steps=args.steps, rounds=args.repeats, workers=args.workers, data=args.data
        )
        rows += [measured.to_json(rate) for measured in found]
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    facts = {
        "machine": name, "threads": torch.get_num_threads(), "torch": torch.__version__, "precision": str(dtype),
        "compile": args.compile, "steps": args.steps, "repeats": args.repeats, "matrix_flops_per_s": round(rate),
    }  # fmt: skip
    if args.json:
        print_json({**facts, "rows": rows})
        return
    say(", ".join(f"{key} {value}" for key, value in facts.items()))
    header = (
        "model",
        "",
        "way",
        "batch",
        "steps/s",
        "pictures/s",
        "over resident",
        "over GAP",
        "of matrix rate",
        "MiB",
        "ms a validated picture",
        "ms a checkpoint",
    )
    say(table(header, [_train_cells(row) for row in rows]))


def _train_cells(row: dict) -> tuple[object, ...]:
    spreads = (f"{s['median']:.3f} ({s['min']:.3f} to {s['max']:.3f})" for s in (row["over_resident"], row["over_gap"]))
    memory = "-" if row["peak_bytes"] is None else f"{row['peak_bytes'] / 2**20:.0f}"
    return (
        row["model"], row["pooling"], row["way"], row["batch"], f"{row['steps_per_s']:.2f}",
        f"{row['pictures_per_s']:.1f}", *spreads, f"{row['of_matrix_rate']:.3f}", memory,
        *(f"{row[name]:.1f}" if name in row else "-" for name in ("validation_ms", "checkpoint_ms")),
    )  # fmt: skip


def _measured(args: argparse.Namespace) -> Iterator[tuple[str, Sequence[method.Row]]]:
    if args.what == "head":
        yield (
            "head: forward and backward, D=512, 14 x 14, K=50, R=4, 16 images; ratio to ours",
            method.bench_head(args.rounds),
        )
    elif args.what == "step":
        for name in args.backbones or STEP_DEFAULT:
            batch = STEP_BATCH.get(name, 8)
            yield f"training step: {name}, {batch} images; ratio to GAP", method.bench_step(name, args.rounds, batch)
    elif args.what == "data":
        for name in args.backbones or DATA_DEFAULT:
            batch = STEP_BATCH.get(name, 8)
            rows = data.bench_data(name, args.rounds, batch, data=args.data, device=args.device)
            yield f"input path: {name}, {batch} images; ratio to a training step", rows
    elif args.adopted:
        model = load_model(bundled().get(args.adopted, Path(args.adopted)))
        for side in args.sides or (model.side,):
            title = f"explanation: {args.adopted} at {side} px, one picture; ratio to the classifier's forward"
            yield title, method.bench_explain(at_side(model, side), args.rounds)
    else:
        for name in args.backbones or EXPLAIN_DEFAULT:
            yield f"explanation: {name}, one picture; ratio to a plain forward", method.bench_explain(name, args.rounds)


def _cells(row: method.Row) -> tuple[str, ...]:
    facts = row.to_json()
    ms, ratio = facts["ms"], facts["ratio"]
    return (
        row.name, f"{ms['median']:.1f}", f"{ms['min']:.1f}", f"{ms['max']:.1f}",
        f"{ratio['median']:.3f}", f"{ratio['min']:.3f}", f"{ratio['max']:.3f}",
    )  # fmt: skip
