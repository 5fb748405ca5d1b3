"""runs: what has been trained here."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from mvfa_core.cli.output import print_json, table
from mvfa_core.training.runs import Run, RunError, list_runs, runs_root

HELP = "List the runs, show one, or ask one to stop."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "show", "stop"), default="list")
    parser.add_argument("run", nargs="?", help="a run folder, or its name below runs/")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    if args.action == "list":
        _list(args.json)
        return
    if not args.run:
        raise RunError(f"{args.action}: name a run")
    path = Path(args.run)
    chosen = Run(path if path.is_dir() else runs_root() / args.run)
    facts = {"id": chosen.id, "recipe": chosen.recipe().to_json(), **asdict(chosen.status())}
    if args.action == "stop":
        if facts["state"] not in ("starting", "running"):
            raise RunError(f"{chosen.id}: not running, its state is {facts['state']}")
        chosen.request_stop()
        print(f"{chosen.id}: asked to save and stop")
    elif args.json:
        print_json(facts)
    else:
        print("\n".join(f"{name:>14}  {value}" for name, value in facts.items() if name != "recipe"))
        print("\n".join(f"{name:>14}  {value}" for name, value in facts["recipe"].items()))


def _list(as_json: bool) -> None:
    found = [(entry, entry.status()) for entry in list_runs()]
    if as_json:
        print_json([{"id": entry.id, **asdict(status)} for entry, status in found])
    elif not found:
        print(f"no runs in {runs_root()} yet; python -m mvfa_core train makes one")
    else:
        rows = [
            (entry.id, s.state, f"{s.step}/{s.steps}", "-" if s.accuracy is None else f"{s.accuracy:.1%}")
            for entry, s in found
        ]
        print(table(("run", "state", "steps", "accuracy"), rows))
