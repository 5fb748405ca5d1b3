"""adopt: any classifier that averages its last map, as a model of this project."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from mvfa_core.adoption import adopt
from mvfa_core.adoption.pooling import LABELS, SINGLE
from mvfa_core.adoption.report import facts, sentences
from mvfa_core.checkpoints import save_model
from mvfa_core.cli.output import expect_place, print_json, say
from mvfa_core.data.model_zips import is_model_zip, unpack_model

HELP = "Explain a classifier of your own without training: from timm, torchvision, or a file of weights."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="timm:NAME, torchvision:NAME (downloaded), a file of weights, or "
                        "a folder of the Hugging Face hub or a zip of one")  # fmt: skip
    parser.add_argument("--architecture", metavar="NAME", help="the network that a file of weights is of, as "
                        "timm:NAME or torchvision:NAME (default: found from its tensors)")  # fmt: skip
    parser.add_argument("--classes", metavar="FILE", help="class names: text, one a line, or JSON, a list or a map")
    parser.add_argument("--size", type=int, metavar="PX", help="picture side (default: the network's own)")
    parser.add_argument("--mean", type=float, nargs="+", metavar="M", help="of each channel, for values from 0 to 1")
    parser.add_argument("--std", type=float, nargs="+", metavar="S", help="of each channel, for values from 0 to 1")
    parser.add_argument("--labels", choices=LABELS, default=SINGLE, help="multi for a network that was trained with a "
                        "sigmoid for each class, which no weights can tell (default: single)")  # fmt: skip
    parser.add_argument("--k", type=int, help="K, anchors per picture (default: a quarter of the cells)")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="R", help="L_R, odd region sizes in cells")
    parser.add_argument("--out", metavar="FILE", help="where the model goes, a .safetensors file")
    parser.add_argument("--half", action="store_true", help="store weights as float16")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    if args.out:
        expect_place("--out", args.out)
    names = ("classes", "size", "mean", "std", "labels", "k", "sizes")
    options: dict[str, Any] = {name: getattr(args, name) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(args.source)
        source = unpack_model(file, Path(folder)) if is_model_zip(file) and file.is_file() else args.source
        model = adopt(source, architecture=args.architecture, **options)
    if args.out:
        save_model(model, Path(args.out), {"name": Path(args.out).stem}, half=args.half)
    told = facts(model) | ({"out": Path(args.out).name} if args.out else {})
    if args.json:
        print_json(told)
    else:
        say("\n".join(sentences(model)))
        if args.out:
            say(f"written to {Path(args.out).name}")
