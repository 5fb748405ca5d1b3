"""data: the paper's datasets on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mvfa_core.cli.output import BYTES, FailureError, bars, print_json, say, table
from mvfa_core.data.acquire import acquire
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC, Entry, entry_of
from mvfa_core.data.check import SIDE, Report, contradictions, duplicates, examine, inspect
from mvfa_core.data.download import DownloadError
from mvfa_core.data.encodings import ENCODINGS
from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.data.sources import SYNTHETIC_TRAIN, SYNTHETIC_VAL, load_data, place_of
from mvfa_core.folders import cache_root, data_root

HELP = "List, get, check and prepare the paper's datasets or any folder of pictures."
NOT_HERE = "not here"
SHOWN = 20


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(parser))

    def action(name: str, about: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=about, description=about)
        made.add_argument("--json", action="store_true", help="print JSON")
        made.set_defaults(act=run)
        return made

    shown = action("list", "Every dataset, whether it is here, and its counts.", _list)
    shown.add_argument("--markdown", action="store_true", help="print the catalogue as a Markdown table")
    got = action("get", "Download a dataset, take it from what you have, or say how to get it.", _get)
    got.add_argument("name", help="a name of the catalogue")
    got.add_argument("--from", dest="sources", nargs="+", type=Path, metavar="PATH",
                     help="archives, folders and lists that together are the dataset")  # fmt: skip
    got.add_argument(
        "--encoding", choices=ENCODINGS, help="of names in archives that do not say it (default: the likeliest)"
    )
    got.add_argument("--replace", action="store_true", help="put it in the place of what is there")
    checked = action(
        "check", "Layout, classes, counts, files passed over, unreadable files, and pictures on two sides.", _check
    )
    checked.add_argument("data", help="a name of the catalogue, or a folder")
    checked.add_argument("--as", dest="entry", metavar="NAME", help="compare a folder with this dataset")
    checked.add_argument("--quick", action="store_true", help="decode nothing")
    prepared = action("prepare", "Decode every picture once into the cache; goes on where it was cut off.", _prepare)
    prepared.add_argument("data", help="a name of the catalogue, or a folder")
    prepared.add_argument("--side", type=int, default=224, help="side in px (default: 224)")
    prepared.add_argument("--strict", action="store_true", help="fail if a file cannot be read")
    for one in (checked, prepared):
        one.add_argument("--seed", type=int, default=0, help="of a split that does not come with the data (default: 0)")
        one.add_argument("--validate-on", choices=("val", "test"), default="val",
                         help="what is watched where there is a test side and no val side: a tenth of train, or the "
                         "test side itself, as the paper does (default: val)")  # fmt: skip
        one.add_argument("--join-names", action="store_true",
                         help="take class names that differ only in capitals, blanks, underscores, hyphens or dots for "
                         "one class")  # fmt: skip


def run(args: argparse.Namespace) -> None:
    args.act(args)


def _list(args: argparse.Namespace) -> None:
    if args.markdown:
        say(markdown())
        return
    found = [_listed(name, entry) for name, entry in CATALOGUE.items()] + [_drawn()]
    if args.json:
        print_json(found)
        return
    rows = [(f["name"], f["state"], f["classes"], _number(f["train"]), _number(f["val"]), f["title"]) for f in found]
    say(table(("name", "state", "classes", "train", "held out", ""), rows))
    say(f"\ndata root: {data_root()} (MVFA_DATA names another place)")


def _listed(name: str, entry: Entry) -> dict:
    place = data_root() / name
    report = inspect(place, entry) if place.is_dir() else None
    return {
        "name": name,
        "title": entry.title,
        "state": report.state if report else NOT_HERE,
        "classes": entry.class_count,
        "train": report.train if report else entry.train,
        "val": report.val if report else entry.val,
        "problems": list(report.problems) if report else [],
        "download": bool(entry.remotes),
    }


def _drawn() -> dict:
    counts = {"classes": 10, "train": SYNTHETIC_TRAIN, "val": SYNTHETIC_VAL}
    title = "Drawn shapes over photographs, drawn when needed"
    return {"name": SYNTHETIC, "title": title, "state": "ready", **counts, "problems": [], "download": False}


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _get(args: argparse.Namespace) -> None:
    if args.name == SYNTHETIC:
        say(f"{SYNTHETIC}: nothing to get, it is drawn when needed")
        return
    entry, place = entry_of(args.name), data_root() / args.name
    if not args.sources and not args.replace and place.is_dir():
        report = inspect(place, entry)
    elif not args.sources and not entry.remotes:
        say(how_to_get(args.name, entry))
        raise FailureError(f"{args.name}: it cannot be downloaded from here; what to do stands above")
    else:
        try:
            report = acquire(
                args.name, args.sources, replace=args.replace, encoding=args.encoding, progress=bars(args.json, _unit)
            )
        except DownloadError as error:
            raise FailureError(f"{error}; or give what you have with --from (page: {entry.page})") from error
    _show(args.name, report, args.json)


def how_to_get(name: str, entry: Entry) -> str:
    """What a person has to do."""
    return "\n".join(
        (
            f"{entry.title}: {entry.class_count} classes, {entry.pictures:,} pictures",
            f"  page      {entry.page}",
            f"  terms     {entry.terms}",
            f"  cite      {entry.citation}",
            f"  layout    {entry.layout}",
            f"  to do     {entry.instructions}",
            f"  then      python -m mvfa_core data get {name} --from ARCHIVE_OR_FOLDER ...",
        )
    )


def _check(args: argparse.Namespace) -> None:
    if args.data == SYNTHETIC:
        _show(SYNTHETIC, Report(SYNTHETIC, "drawn when needed", 10, SYNTHETIC_TRAIN, SYNTHETIC_VAL), args.json)
        return
    place, entry = place_of(args.data)
    entry = entry_of(args.entry) if args.entry else entry
    options: dict[str, Any] = {"seed": args.seed, "validate_on": args.validate_on, "join_names": args.join_names}
    if args.quick:
        report = inspect(place, entry, **options)
    else:
        report = examine(place, entry, **options, progress=bars(args.json))
    _show(args.data, report, args.json)


def _show(name: str, report: Report, as_json: bool) -> None:
    """Print the report; a dataset that is not as it should be is a failure."""
    if as_json:
        print_json({"name": name, "state": report.state, **asdict(report), "passed_over": _named(report.passed_over)})
    else:
        say(f"{name}: {report.state}, in {report.place}")
        say(f"  layout      {report.layout or 'none that is known'}")
        say(f"  classes     {report.classes}\n  train       {report.train}\n  val         {report.val}")
        say(f"  test        {report.test}")
        for note in report.notes:
            say(f"  note        {note}")
        for problem in report.problems:
            say(f"  problem     {problem}")
        say(f"  passed over {sum(one.count for one in report.passed_over):,}")
        _some(f"{one.file}: {one.reason}" for one in report.passed_over)
        if report.unreadable is not None:
            say(f"  unreadable  {len(report.unreadable)}")
        if report.duplicates is not None:
            say(f"  on both sides (same pixels at {SIDE} px)  {len(report.duplicates)}")
            _some(f"{trained} = {held_out}" for trained, held_out in report.duplicates)
        if report.contradictory is not None:
            say(f"  in two classes of one side (same pixels at {SIDE} px)  {len(report.contradictory)}")
            _some(f"{one} = {other}" for one, other in report.contradictory)
    if report.state != "ready":
        count = len(report.problems) + len(report.unreadable or ())
        raise FailureError(f"{name}: incomplete, {count} {'thing is' if count == 1 else 'things are'} not as expected")


def _named(passed_over: Iterable[PassedOver]) -> list[dict[str, Any]]:
    """The files that are passed over as JSON; an entry that stands for many says how many."""
    return [{"file": one.file, "reason": one.reason, **({"count": one.count} if one.count > 1 else {})}
            for one in passed_over]  # fmt: skip


def _some(lines: Iterable[str]) -> None:
    every = list(lines)
    for line in every[:SHOWN]:
        say(f"    {line}")
    if len(every) > SHOWN:
        say(f"    and {len(every) - SHOWN} more; --json names all")


def _prepare(args: argparse.Namespace) -> None:
    if args.side < 1:
        raise DataError(f"side: expected at least 1 px, got {args.side}")
    data = load_data(
        args.data, args.side, seed=args.seed, validate_on=args.validate_on, join_names=args.join_names,
        progress=bars(args.json),
    )  # fmt: skip
    twice = contradictions(data)
    twins = duplicates(data.train, data.val, data.test)
    if args.json:
        print_json({"name": data.name, "side": args.side, "classes": list(data.classes), "train": len(data.train),
                    "val": len(data.val), "test": len(data.test), "cache": str(cache_root()),
                    "passed_over": _named(data.passed_over), "notes": list(data.notes), "duplicates": twins,
                    "contradictory": twice})  # fmt: skip
    else:
        test = f", {len(data.test)} to test on" if len(data.test) else ""
        say(f"{data.name}: {len(data.train)} to train on and {len(data.val)} held out{test}, "
            f"{len(data.classes)} classes, at {args.side} px in {cache_root()}")  # fmt: skip
        for note in data.notes:
            say(f"  note  {note}")
        say(f"  passed over  {sum(one.count for one in data.passed_over):,}")
        _some(f"{one.file}: {one.reason}" for one in data.passed_over)
        say(f"  on both sides (same pixels at {args.side} px)  {len(twins)}")
        _some(f"{trained} = {held_out}" for trained, held_out in twins)
        say(f"  in two classes of one side (same pixels at {args.side} px)  {len(twice)}")
        _some(f"{one} = {other}" for one, other in twice)
    if args.strict and (unreadable := data.unreadable):
        raise FailureError(f"{data.name}: {len(unreadable)} files cannot be read, first {unreadable[0].file}")


def _unit(what: str) -> dict[str, Any]:
    """Files that come or are unpacked are counted in bytes, pictures that are taken over one by one."""
    return {"unit": "file"} if what.startswith("taking") else BYTES


def markdown() -> str:
    """The catalogue as it stands in docs/data.md."""
    header = ("name", "dataset", "classes", "pictures", "train / held out", "split", "how", "terms", "steps")
    rows = []
    for name, e in CATALOGUE.items():
        sides = "-" if e.train is None else f"{e.train:,} / {e.val:,}"
        how = "download" if e.remotes else "by hand"
        cells = (f"`{name}`", f"[{e.title}]({e.page})", e.class_count, f"{e.pictures:,}", sides, e.split_note, how,
                 e.terms, f"{e.iterations:,}")  # fmt: skip
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(["| " + " | ".join(header) + " |", "|---" * len(header) + "|", *rows])
