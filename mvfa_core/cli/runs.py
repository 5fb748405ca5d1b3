"""runs: what has been trained here, and what can be done with it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mvfa_core.cli.output import expect_place, print_json, say, table
from mvfa_core.folders import runs_root
from mvfa_core.percent import of_count
from mvfa_core.training import archive, launch, work
from mvfa_core.training.runs import Run, RunError, Status, list_runs
from mvfa_core.training.saving import expect_state

SELF = ("python", "-m", "mvfa_core", "runs")
HELP = "List the runs, show or compare some, stop or go on, rename, remove, export or import one."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(action="list", removed=False)
    actions = parser.add_subparsers(metavar="ACTION")
    for name, (do, options) in ACTIONS.items():
        sentence = (do.__doc__ or "").strip()
        action_parser = actions.add_parser(name, help=sentence, description=sentence)
        # given before or after the action; the later parser must not undo what the first has read
        action_parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action_parser.set_defaults(action=name)
        for words, how in options.items():
            action_parser.add_argument(words, **how)


def run(args: argparse.Namespace) -> None:
    ACTIONS[args.action][0](args)


def find_run(name: str) -> Run:
    """A run by its name below the runs folder, or by its path."""
    path = Path(name)
    # a bare name is looked for among the runs first: any folder here may bear it
    named = runs_root() / name
    return Run(named if (named / "recipe.json").is_file() or not path.is_dir() else path)


# --- look ---


def _list(args: argparse.Namespace) -> None:
    """List them, newest first."""
    entries = [(entry, entry.status()) for entry in (archive.removed() if args.removed else list_runs())]
    if args.json:
        print_json([{"id": entry.id, **asdict(status)} for entry, status in entries])
    elif not entries:
        what = "nothing was removed" if args.removed else "no runs"
        say(f"{what} in {runs_root()} yet; python -m mvfa_core train makes one")
    else:
        rows = [(entry.id, s.state, f"{s.step}/{s.steps}", _share(s.accuracy)) for entry, s in entries]
        say(table(("run", "state", "steps", "accuracy"), rows))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{of_count(value)}%"


def _show(args: argparse.Namespace) -> None:
    """Show one with its recipe."""
    chosen = find_run(args.run)
    facts = {"id": chosen.id, "recipe": chosen.recipe().to_json(), **asdict(chosen.status())}
    if args.json:
        print_json(facts)
        return
    say("\n".join(f"{name:>14}  {value}" for name, value in facts.items() if name != "recipe"))
    say("\n".join(f"{name:>14}  {value}" for name, value in facts["recipe"].items()))


def _compare(args: argparse.Namespace) -> None:
    """Show in what runs differ, and what came of them."""
    compared = archive.compare([find_run(name) for name in args.runs])
    if args.json:
        print_json(compared)
        return
    runs = compared["runs"]
    outcome: list[tuple[str, list[str]]] = [
        ("state", [run["state"] for run in runs]),
        ("steps", [f"{run['step']}/{run['steps']}" for run in runs]),
        ("last accuracy", [_share(run["last"]) for run in runs]),
        ("best accuracy", [_share(run["best"]) for run in runs]),
        ("best at step", [_text(run["best_step"]) for run in runs]),
        ("seconds", ["-" if run["time_s"] is None else f"{run['time_s']:.0f}" for run in runs]),
    ]
    differences = [(name, [_text(value) for value in values]) for name, values in compared["differences"].items()]
    lines = [[name, *values] for name, values in (*outcome, *differences)]
    say(table(("", *(run["id"] for run in runs)), lines))


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)


# --- stop and go on ---


def _stop(args: argparse.Namespace) -> None:
    """Ask one to save and end."""
    chosen, status = _trained_now(args.run)
    chosen.request_stop()
    _say(args, chosen, "asked to save and stop", status)


def _pause(args: argparse.Namespace) -> None:
    """Ask one to save and wait until it is resumed."""
    chosen, status = _trained_now(args.run)
    chosen.request_pause()
    _say(args, chosen, "asked to save and pause", status)


def _trained_now(name: str) -> tuple[Run, Status]:
    chosen = find_run(name)
    status = chosen.status()
    if status.state not in ("starting", "running"):
        raise RunError(f"{chosen.id}: not running, its state is {status.state}")
    return chosen, status


def _resume(args: argparse.Namespace) -> None:
    """Go on with one, in the background."""
    chosen = find_run(args.run)
    chosen.recipe()
    status = chosen.status()
    if status.state == "finished":  # no fault: whoever asks twice gets what was asked for
        return _say(args, chosen, f"finished already, after {status.step} steps; extend adds some", status)
    expect_state(chosen)
    launch.launch(chosen)
    _say(args, chosen, f"goes on from its last checkpoint, {_follow(chosen)}", chosen.status())


def _extend(args: argparse.Namespace) -> None:
    """Give one more steps than it was to have, and go on with it."""
    chosen = find_run(args.run)
    work.extend(chosen, args.steps)
    launch.launch(chosen)
    _say(args, chosen, f"goes on to step {chosen.recipe().steps}, {_follow(chosen)}", chosen.status())


def _follow(chosen: Run) -> str:
    return f"in the background; {shlex.join([*SELF, 'show', chosen.id])}"


def _start_next(args: argparse.Namespace) -> None:
    """Start those that have waited longest in line."""
    if args.limit < 1:
        raise ValueError(f"limit: expected a whole number >= 1, got {args.limit}")
    started = launch.start_next(args.limit)
    if args.json:
        print_json([one.id for one in started])
    else:
        say("\n".join(f"{one.id}: started" for one in started) or "nothing to start")


# --- keep order ---


def _rename(args: argparse.Namespace) -> None:
    """Give one another name."""
    chosen = find_run(args.run)
    renamed = archive.rename(chosen, args.name)
    _say(args, renamed, f"was {chosen.id}")


def _rm(args: argparse.Namespace) -> None:
    """Remove some; restore brings them back."""
    gone = []
    for one in [find_run(name) for name in args.runs]:
        if args.for_good:
            archive.forget(one)
        else:
            one = archive.remove(one)
        gone.append({"id": one.id, "path": str(one.path)})
        if not args.json:
            back = "" if args.for_good else f"; {shlex.join([*SELF, 'restore', one.id])} brings it back"
            say(f"{one.id}: removed{back}")
    if args.json:
        print_json(gone)


def _restore(args: argparse.Namespace) -> None:
    """Bring a removed one back."""
    _say(args, archive.restore(args.run, args.name), "is back")


def _export(args: argparse.Namespace) -> None:
    """Put one into a .zip file: recipe, figures, weights and film."""
    chosen = find_run(args.run)
    file = args.out or Path(f"{chosen.id}.zip")
    expect_place("--out", file)
    archive.export_zip(chosen, file, with_state=args.with_state)
    _say(args, chosen, f"written to {file}, {file.stat().st_size:,} bytes")


def _import(args: argparse.Namespace) -> None:
    """Take one from a .zip file that export wrote."""
    taken = archive.import_zip(args.file, args.name)
    _say(args, taken, f"taken from {args.file.name}", taken.status())


def _say(args: argparse.Namespace, chosen: Run, sentence: str, status: Status | None = None) -> None:
    if args.json:
        print_json({"id": chosen.id, "path": str(chosen.path), **(asdict(status) if status else {})})
    else:
        say(f"{chosen.id}: {sentence}")


# --- arguments ---

Options = dict[str, dict[str, Any]]
RUN: Options = {"run": {"metavar": "RUN", "help": "its name, or its folder"}}
RUNS: Options = {"runs": {"metavar": "RUN", "nargs": "+", "help": "their names, or their folders"}}
NAME: Options = {"--name": {"help": "the name it gets"}}
ACTIONS: dict[str, tuple[Callable[[argparse.Namespace], None], Options]] = {
    "list": (_list, {"--removed": {"action": "store_true", "help": "those that were removed"}}),
    "show": (_show, RUN),
    "compare": (_compare, RUNS),
    "stop": (_stop, RUN),
    "pause": (_pause, RUN),
    "resume": (_resume, RUN),
    "extend": (_extend, {**RUN, "steps": {"type": int, "metavar": "STEPS", "help": "how many are added"}}),
    "start-next": (_start_next, {"--limit": {"type": int, "default": 1, "help": "runs at a time (default: 1)"}}),
    "rename": (_rename, {**RUN, "name": {"metavar": "NAME", "help": "the name it gets"}}),
    "rm": (_rm, {**RUNS, "--for-good": {"action": "store_true", "help": "delete; nothing brings it back"}}),
    "restore": (_restore, {**RUN, **NAME}),
    "export": (_export, {
        **RUN,
        "--out": {"type": Path, "metavar": "FILE", "help": "the .zip file (default: its name, here)"},
        "--with-state": {"action": "store_true", "help": "with what going on elsewhere needs; much larger"},
    }),
    "import": (_import, {"file": {"type": Path, "metavar": "FILE", "help": "the .zip file"}, **NAME}),
}  # fmt: skip
