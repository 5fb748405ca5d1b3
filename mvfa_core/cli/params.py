"""params: parameter counts beside Table 2's."""

from __future__ import annotations

import argparse

from mvfa_core.backbones import BACKBONES
from mvfa_core.cli.output import print_json, say, table

HELP = "Parameters of every backbone, beside those of the paper's Table 2 (in units of 2^20)."
MEGA = 2**20
TABLE_2 = {"vgg16": 14.03, "vgg16_se": 14.18, "vgg16_cbam": 14.61, "vgg16_sk": 19.55, "vgg16_gc": 14.76}
REASONS = {
    "vgg16_se": "two layers of C x C/2 at reduction 2 are 0.58; the paper's 0.15 fits a reduction of 8",
    "vgg16_sk": "a second 3 x 3 branch alone is 5.24; what the paper leaves for attention fits a reduction of about 6",
    "vgg16_gc": "no whole reduction gives 0.73; the library's own, 8, gives 0.15",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    found = [_counted(name) for name in BACKBONES]
    if args.json:
        print_json(found)
        return
    rows = [(f["name"], f"{f['parameters']:,}", f"{f['mega']:.2f}", f["paper"] or "", f["verdict"]) for f in found]
    say(table(("backbone", "parameters", "x 2^20", "Table 2", ""), rows))


def _counted(name: str) -> dict:
    parameters = sum(p.numel() for p in BACKBONES[name].build().parameters())
    mega, paper = parameters / MEGA, TABLE_2.get(name)
    verdict = ""
    if paper is not None:
        verdict = "agrees" if abs(mega - paper) < 0.015 else f"differs: {REASONS[name]}"
    return {"name": name, "parameters": parameters, "mega": round(mega, 4), "paper": paper, "verdict": verdict}
