"""explain: pictures and JSON for one picture or a folder of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from mvfa_core import draw
from mvfa_core.checkpoints import load_model
from mvfa_core.cli.output import FailureError, print_json, say
from mvfa_core.data.folder import SUFFIXES
from mvfa_core.explain import explain
from mvfa_core.explanation import Explanation
from mvfa_core.images import PictureError, open_picture
from mvfa_core.names import visible
from mvfa_core.training.device import use_device

HELP = "Explain one picture or every picture of a folder: maps, anchors, top regions and a JSON of all numbers."
LONGEST_PX = 1024


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder or a .safetensors file")
    parser.add_argument("picture", help="a picture, or a folder of pictures")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the pictures and JSON go")
    parser.add_argument("--target", help="the class to explain, by name or index (default: the predicted one)")
    parser.add_argument("--k", type=int, help="K, anchors per picture")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="R", help="L_R, odd region sizes in cells")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    model = load_model(args.model).to(use_device(args.device))
    target = _target(args.target, model.classes)
    files = _pictures(Path(args.picture))
    stems = [file.stem for file in files]
    found, failed = [], []
    for file in files:
        try:
            picture = open_picture(file)
        except PictureError as error:
            if len(files) == 1:
                raise
            failed.append({"file": file.name, "error": str(error)})
            continue
        explanation = explain(model, picture, target=target, k=args.k, sizes=args.sizes)
        picture.thumbnail((LONGEST_PX, LONGEST_PX))
        name = file.stem if stems.count(file.stem) == 1 else file.name  # a.jpg and a.png must not share their answers
        found.append(_write(Path(args.out), name, np.asarray(picture), {"file": file.name}, explanation))
        if not args.json:
            best = explanation.classes[explanation.predicted]
            say(f"{file.name}: {best} {explanation.ensemble_C[explanation.predicted]:.1%}")
    if args.json:
        print_json({"pictures": found, "failed": failed})
    for entry in failed:
        print(visible(f"skipped {entry['file']}: {entry['error']}", None), file=sys.stderr)
    if not found:
        raise FailureError(f"none of {len(files)} pictures could be read")


def _target(text: str | None, classes: tuple[str, ...]) -> int | None:
    if text is None or text in classes:
        return None if text is None else classes.index(text)
    if text.isdecimal() and int(text) < len(classes):
        return int(text)
    raise ValueError(f"target: expected one of {', '.join(classes)} or an index below {len(classes)}, got {text!r}")


def _pictures(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise PictureError(f"{path.resolve().name}: no pictures in this folder ({', '.join(sorted(SUFFIXES))})")
    return files


def _write(out: Path, name: str, picture: np.ndarray, facts: dict, explanation: Explanation) -> dict:
    """The pictures of one explanation and its JSON; returns the JSON with the names of the files."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--out: {out.name} cannot be a folder ({error.strerror}); name another") from error
    facts |= explanation.to_json() | {"files": []}
    for kind, drawn in _drawings(picture, explanation).items():
        file = out / f"{name}-{kind}.png"
        if not cv2.imwrite(str(file), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR)):
            raise FailureError(f"{file.name} could not be written")
        facts["files"].append(file.name)
    (out / f"{name}.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False), encoding="utf-8")
    return facts


def _drawings(picture: np.ndarray, e: Explanation) -> dict[str, np.ndarray]:
    """The panels of one picture; the three maps share one range of values."""
    maps = {"cam": e.cam_HW, "grad-cam": e.grad_cam_HW, "adacam": e.adacam_HW}
    maps_there = {name: values for name, values in maps.items() if values is not None}
    limits = (min(float(m.min()) for m in maps_there.values()), max(float(m.max()) for m in maps_there.values()))
    drawn = {name: draw.overlay(picture, values, limits) for name, values in maps_there.items()}
    if e.anchors_K2 is None or e.sizes is None:
        return drawn
    drawn["anchors"] = draw.anchors(picture, e.anchors_K2, e.grid)
    ratio = picture.shape[1] / e.size_px[0]
    for n in (1, 10):
        top = e.top(n)
        boxes_px = [[corner * ratio for corner in region.box_px] for region in top]
        drawn[f"top-{n}"] = draw.boxes(picture, boxes_px, [draw.size_colour(region.size, e.sizes) for region in top])
    return drawn
