"""bench: speeds as ratios within one run."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence

import torch

from mvfa_core import bench, bench_data
from mvfa_core.backbones import BACKBONES
from mvfa_core.cli.output import print_json, table

HELP = "Measure the head, a training step, an explanation or the input path against the alternatives, in one run."
STEP_BATCH = {"vgg16": 4, "resnet41": 4, "resnet50": 4, "compact": 32}
STEP_DEFAULT = ("vgg16", "mobilenet24", "compact")
DATA_DEFAULT = ("mobilenet24", "compact")
EXPLAIN_DEFAULT = ("vgg16", "resnet41", "compact")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("head", "step", "explain", "data"))
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, help="which ones for step, explain and data")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default: 7)")
    parser.add_argument("--threads", type=int, help="torch threads (default: torch's choice)")
    parser.add_argument("--data", help="for data: a dataset or folder (default: drawn pictures)")
    parser.add_argument("--device", default="cpu", help="for data: where the step runs (default: cpu)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    if args.rounds < 1:
        raise ValueError(f"rounds: expected a whole number >= 1, got {args.rounds}")
    if args.threads is not None and args.threads < 1:
        raise ValueError(f"threads: expected a whole number >= 1, got {args.threads}")
    if args.threads:
        torch.set_num_threads(args.threads)
    results = dict(_measured(args))
    if args.json:
        print_json({title: [row.to_json() for row in rows] for title, rows in results.items()})
        return
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {args.rounds} rounds")
    for title, rows in results.items():
        print(f"\n{title}")
        print(table(("", "ms", "min", "max", "ratio", "min", "max"), [_cells(row) for row in rows]))
        if args.what == "data":
            rates = (f"{facts['name']} {facts['pictures_per_s']:,.0f}" for facts in (row.to_json() for row in rows))
            print(f"pictures a second: {', '.join(rates)}")


def _measured(args: argparse.Namespace) -> Iterator[tuple[str, Sequence[bench.Row]]]:
    if args.what == "head":
        yield (
            "head: forward and backward, D=512, 14 x 14, K=50, R=4, 16 images; ratio to ours",
            bench.bench_head(args.rounds),
        )
    elif args.what == "step":
        for name in args.backbones or STEP_DEFAULT:
            batch = STEP_BATCH.get(name, 8)
            yield f"training step: {name}, {batch} images; ratio to GAP", bench.bench_step(name, args.rounds, batch)
    elif args.what == "data":
        for name in args.backbones or DATA_DEFAULT:
            batch = STEP_BATCH.get(name, 8)
            rows = bench_data.bench_data(name, args.rounds, batch, data=args.data, device=args.device)
            yield f"input path: {name}, {batch} images; ratio to a training step", rows
    else:
        for name in args.backbones or EXPLAIN_DEFAULT:
            yield f"explanation: {name}, one picture; ratio to a plain forward", bench.bench_explain(name, args.rounds)


def _cells(row: bench.Row) -> tuple[str, ...]:
    facts = row.to_json()
    ms, ratio = facts["ms"], facts["ratio"]
    return (
        row.name, f"{ms['median']:.1f}", f"{ms['min']:.1f}", f"{ms['max']:.1f}",
        f"{ratio['median']:.3f}", f"{ratio['min']:.3f}", f"{ratio['max']:.3f}",
    )  # fmt: skip
