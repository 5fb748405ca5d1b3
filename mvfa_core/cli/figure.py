"""figure: figures for papers from models, pictures and runs of one's own, and the same again from their recipes."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from mvfa_core import figures
from mvfa_core.cli.output import FailureError, bars, expect_place, say, tell_place
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.figures import FigureSpec, FileSources, Made, Options
from mvfa_core.figures.fonts import ALIASES
from mvfa_core.figures.request import MOST_PANELS, OF_RUNS, SHAPES, SPANS
from mvfa_core.files import whole_file
from mvfa_core.i18n.catalogues import languages
from mvfa_core.names import visible
from mvfa_core.pictures.paths import pictures_of
from mvfa_core.training.split import SIDES

HELP = (
    "Draw Figure 5 (CAM, AdaCAM), 6 (learning curves), 7 (surest regions), contribution maps, scale profiles, several "
    "models side by side or the film of a run, as PNG, SVG or PDF with a recipe; or make one again from its recipe."
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("which", nargs="?", choices=figures.KINDS, help="the kind of figure")
    parser.add_argument("--out", metavar="FILE", help="ends in .png, .svg or .pdf; the recipe lands beside it")
    parser.add_argument("--recipe", metavar="FILE", help="make the figure of this recipe again: .json, or the figure")
    parser.add_argument("--strict", action="store_true", help="with --recipe: fail if the data is not the same")
    parser.add_argument("--zip", metavar="FILE", help="all parts too: panels, arrays, three formats, LaTeX, caption")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    _add_sources(parser.add_argument_group("what it shows"))
    _add_method(parser.add_argument_group("the method"))
    _add_looks(parser.add_argument_group("how it looks"))


def _add_sources(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", nargs="+", metavar="MODEL",
                       help="a run, a .safetensors file or a bundled model's name; compare takes several")  # fmt: skip
    group.add_argument(
        "--images",
        nargs="+",
        metavar="PICTURE",
        help="files, folders of them, or addresses: scene-23, synthetic-val-17, data/ucmerced/val/3",
    )
    group.add_argument(
        "--runs",
        nargs="+",
        metavar="RUN",
        help="fig6: GAP and MFA of each data set, runs or models with a curve on their card; filmstrip: one",
    )
    group.add_argument("--rule", choices=figures.RULES, help="choose the pictures from --data in place of --images")
    group.add_argument("--data", default=SYNTHETIC, help="for --rule: a data set or a folder (default: synthetic)")
    group.add_argument(
        "--split", "--side", dest="side", choices=SIDES, help="for --rule (default: test where there is one, else val)"
    )
    group.add_argument("--limit", type=int, default=200, help="for --rule: look at so many pictures (default: 200)")
    group.add_argument("--count", type=int, default=6, help="for --rule: take so many (default: 6)")
    group.add_argument("--seed", type=int, help="for --rule: of the choice (default: 0)")


def _add_method(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--class", dest="target",
                       help="true (the picture's own where known; the default), predicted, or a class")  # fmt: skip
    group.add_argument("--k", type=int, help="K (default: the model's)")
    group.add_argument("--sizes", type=int, nargs="+", metavar="R", help="L_R (default: the model's)")
    group.add_argument("--top", type=int, nargs="+", metavar="N", help="fig7: regions in each row (default: 1 10)")
    group.add_argument("--frames", type=int, help="filmstrip: columns (default: 6)")


def _add_looks(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--columns", type=int, help="panels side by side; more go on below (default: all that fit)")
    group.add_argument("--width", help=f"inches, or {', '.join(figures.WIDTHS)} (default: single)")
    group.add_argument("--font", help=f"a family, or {', '.join(ALIASES)} (default: sans)")
    group.add_argument("--size", type=float, help="of the text, in points (default: 8)")
    group.add_argument("--palette", choices=("inferno", "cividis"), help="of the maps (default: inferno)")
    group.add_argument("--opacity", type=float, help="of a map over its picture, 0 to 1 (default: 0.55)")
    group.add_argument("--cells", dest="smooth", action="store_false", default=None, help="maps as cells, not smooth")
    group.add_argument("--span", choices=SPANS, help="which maps share a range of values (default: figure)")
    group.add_argument("--shape", choices=SHAPES, help="pictures squashed as the network saw them, or in their own "
                       "proportions (default: squash)")  # fmt: skip
    group.add_argument("--no-bar", dest="bar", action="store_false", default=None, help="without colour bar and legend")
    group.add_argument("--no-labels", dest="labels", action="store_false", default=None, help="without names")
    group.add_argument("--titles", nargs="+", metavar="TEXT", help="above the pictures, in place of the classes")
    group.add_argument("--language", choices=languages(), help="of the labels (default: en)")
    group.add_argument("--dpi", type=int, help="of a PNG, and of the pictures in SVG and PDF (default: 300)")


def run(args: argparse.Namespace) -> None:
    if not args.out:
        raise ValueError("out: expected a file that ends in .png, .svg or .pdf (--out), got none")
    figures.kind_of(Path(args.out))
    places = {"--out": args.out, "--out, its recipe": Path(args.out).with_suffix(".json"), "--zip": args.zip}
    for option, place in places.items():
        if place:
            expect_place(option, place)
    if args.recipe:
        _again(args)
        return
    if not args.which:
        raise ValueError(f"figure: name a kind, one of {', '.join(figures.KINDS)}, or a --recipe")
    request, desk = _request(args), FileSources()
    made = figures.make(request, desk)
    _tell_notes(desk, request)
    _finish(args, made, [])


def _tell_notes(desk: FileSources, request: FigureSpec) -> None:
    """What should be known of its pictures, as that the values of one were stretched."""
    for where in request.pictures:
        if notes := desk.picture(where).notes:
            told = "; ".join(map(str, notes))
            print(visible(f"{Path(where).name}: {told}", None), file=sys.stderr)
    for place in dict.fromkeys(desk.places()):
        tell_place(place)


def _again(args: argparse.Namespace) -> None:
    """The same figure; models, pictures, runs and options that are named take the place of the recipe's."""
    before = figures.read(args.recipe)
    if args.which not in (None, before.request.kind):
        raise ValueError(f"recipe: it is one of {before.request.kind}, not of {args.which}")
    if args.rule:
        raise ValueError("rule: a recipe names its pictures; leave out --rule, or the recipe")
    new: dict[str, Any] = {name: tuple(value) for name, value in _sources(args).items() if value}
    request = replace(before.request, **new, options=replace(before.request.options, **_options(args)))
    desk = FileSources()
    made = figures.make(request, desk)
    _tell_notes(desk, request)
    told = figures.differences(before, made.recipe)
    if args.strict and not figures.same_data(before, made.recipe):
        raise FailureError("the data is not the same: " + "; ".join(told))
    _finish(args, made, told, figures.same_data(before, made.recipe))


def _request(args: argparse.Namespace) -> FigureSpec:
    options = Options(**_options(args))
    sources = {name: tuple(value or ()) for name, value in _sources(args).items()}
    rule = ""
    if args.rule and args.which not in OF_RUNS:
        if sources["pictures"]:
            raise ValueError("rule: expected --images or --rule, got both")
        model = sources["models"][0] if sources["models"] else None
        sources["pictures"], rule = figures.choose(
            args.rule, args.data, args.count, model=model, side=args.side, limit=args.limit, seed=options.seed,
            progress=bars(args.json),
        )  # fmt: skip
    return FigureSpec(args.which, **sources, options=options, rule=rule)


def _sources(args: argparse.Namespace) -> dict[str, list[str] | None]:
    return {"models": args.model, "pictures": _images(args.images), "runs": args.runs}


def _images(given: list[str] | None) -> list[str] | None:
    """The pictures, with those of a folder in its place, no more than a figure holds."""
    if not given or not any(Path(one).is_dir() for one in given):
        return given
    found: list[str] = []
    for one in given:
        pictures = pictures_of([one]) if Path(one).is_dir() else None
        found += [one] if pictures is None else [str(file) for file, _ in pictures.files]
        if pictures is not None and pictures.passed_over:
            print(visible(f"{Path(one).resolve().name}: passed over: {pictures.told()}", None), file=sys.stderr)
    if len(found) > MOST_PANELS:
        print(f"the first {MOST_PANELS} of {len(found):,} pictures, as many as a figure holds", file=sys.stderr)
    return found[:MOST_PANELS]


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """The options that were given."""
    given = {one.name: getattr(args, one.name, None) for one in fields(Options)}
    if given["width"] is not None and given["width"] not in figures.WIDTHS:
        try:
            given["width"] = float(given["width"])
        except ValueError:
            raise ValueError(
                f"width: expected inches or one of {', '.join(figures.WIDTHS)}, got {given['width']!r}"
            ) from None
    return {name: value for name, value in given.items() if value is not None}


def _finish(args: argparse.Namespace, made: Made, told: list[str], same: bool | None = None) -> None:
    out, beside = figures.write(made, args.out)
    files = [str(out), str(beside)]
    if args.zip:
        Path(args.zip).parent.mkdir(parents=True, exist_ok=True)
        content = figures.zipped(made)
        with whole_file(Path(args.zip), durable=False) as file:
            file.write(content)
        files.append(args.zip)
    if args.json:
        facts = {"files": files, "data": made.recipe.data, "caption": made.caption(), "latex": made.latex(out.name)}
        again = {} if same is None else {"same_data": same, "differences": told}
        print(json.dumps({**facts, **again}, indent=2, ensure_ascii=False))
        return
    say("wrote " + ", ".join(files))
    if same is not None:
        say("the data is the same, bit for bit" if same else "the data is NOT the same")
        for sentence in told:
            say(f"  {sentence}")
