"""explain: pictures and JSON for one picture or a folder of them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np

from mvfa_core import draw
from mvfa_core.checkpoints import load_model
from mvfa_core.cli.output import FailureError, expect_place, print_json, say, tell_place
from mvfa_core.devices import use_device
from mvfa_core.explain import explain
from mvfa_core.explanation import Explanation
from mvfa_core.files import replace_text
from mvfa_core.images import PictureError, Reading, read_picture
from mvfa_core.inference import settle
from mvfa_core.names import visible
from mvfa_core.pictures.paths import answer_names, pictures_of

HELP = "Explain pictures or every picture of a folder: maps, anchors, top regions and a JSON of all numbers."
LONGEST_PX = 1024
ENDINGS = (".json", *(f"-{kind}.png" for kind in ("cam", "grad-cam", "adacam", "anchors", "top-1", "top-10")))


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a run folder, a .safetensors file or a bundled model's name")
    parser.add_argument("pictures", nargs="+", metavar="picture",
                        help="pictures, or folders of pictures, also in folders below")  # fmt: skip
    parser.add_argument("--out", required=True, metavar="DIR", help="where the pictures and JSON go")
    parser.add_argument("--target", help="the class to explain, by name or index (default: the predicted one)")
    parser.add_argument("--k", type=int, help="K, anchors per picture")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="R", help="L_R, odd region sizes in cells")
    parser.add_argument("--bands", type=int, nargs=3, metavar=("R", "G", "B"),
                        help="of a TIFF of many bands, those to show as red, green and blue, from 1")  # fmt: skip
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    expect_place("--out", args.out, folder=True)
    model = settle(load_model(args.model), use_device(args.device))
    target = _target(args.target, model.classes)
    pictures, out = pictures_of(args.pictures), Path(args.out)
    home = os.path.realpath(out)  # resolve() falls over links that lead round in a circle
    inputs = [file.name for file, _ in pictures.files if os.path.dirname(os.path.realpath(file)) == home]
    names = answer_names([name for _, name in pictures.files], ENDINGS, inputs)
    found, failed = [], []
    for (file, shown), name in zip(pictures.files, names, strict=True):
        try:
            reading = read_picture(file, bands=tuple(args.bands) if args.bands else None)
        except PictureError as error:
            if len(pictures.files) == 1:
                raise
            failed.append({"file": shown, "error": str(error)})
            continue
        facts = explain(model, reading.picture, target=target, k=args.k, sizes=args.sizes, size_px=reading.size_px)
        found.append(_write(out, name, shown, reading, facts))
        if not args.json:
            best = facts.classes[facts.predicted]
            notes = "".join(f" ({note})" for note in reading.notes)
            say(f"{shown}: {best} {facts.ensemble_C[facts.predicted]:.1%}{notes}")
    tell_place(model.place)
    if args.json:
        print_json({"pictures": found, "failed": failed, "passed_over": pictures.passed_over})
    elif pictures.passed_over:
        print(f"passed over: {pictures.told()}", file=sys.stderr)
    for entry in failed:
        print(visible(f"skipped {entry['file']}: {entry['error']}", None), file=sys.stderr)
    if not found:
        raise FailureError(f"none of {len(pictures.files)} pictures could be read")


def _target(text: str | None, classes: tuple[str, ...]) -> int | None:
    if text is None or text in classes:
        return None if text is None else classes.index(text)
    if text.isdecimal() and int(text) < len(classes):
        return int(text)
    raise ValueError(f"target: expected one of {', '.join(classes)} or an index below {len(classes)}, got {text!r}")


def _write(out: Path, name: str, shown: str, reading: Reading, explanation: Explanation) -> dict:
    """The pictures of one explanation and its JSON; returns the JSON with the names of the files."""
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    picture = reading.picture
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    facts = {"file": shown, "notes": [str(note) for note in reading.notes]} | explanation.to_json() | {"files": []}
    for kind, drawn in _drawings(np.asarray(picture), explanation).items():
        file = f"{name}-{kind}.png"
        _, data = cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
        try:
            (out / file).write_bytes(data.tobytes())
        except OSError as error:
            raise FailureError(f"{visible(file)} could not be written ({error.strerror})") from error
        facts["files"].append(file)
    replace_text(out / f"{name}.json", json.dumps(facts, indent=2, ensure_ascii=False), durable=False)
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
