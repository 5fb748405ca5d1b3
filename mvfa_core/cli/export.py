"""export: a model for other runtimes."""

from __future__ import annotations

import argparse
from pathlib import Path

from mvfa_core.checkpoints import load_model
from mvfa_core.cli.output import FailureError, expect_place, print_json, say
from mvfa_core.export import ExportError, export_onnx

HELP = "Write a model as ONNX (prediction, AdaCAM, anchors, boxes; any batch) and check it against PyTorch."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder, a .safetensors file or a bundled model's name")
    parser.add_argument("--onnx", required=True, metavar="FILE", help="the file to write")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    expect_place("--onnx", args.onnx)
    model = load_model(args.model)
    try:
        found = export_onnx(model, args.onnx)
    except ExportError as error:
        raise FailureError(str(error)) from error
    if args.json:
        print_json({"file": Path(args.onnx).name, "differences": found})
    else:
        parts = ", ".join(f"{name} {difference:.2g}" for name, difference in found.items())
        say(f"wrote {args.onnx}; greatest difference from PyTorch: {parts}")
