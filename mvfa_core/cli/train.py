"""train: a recipe into a run folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from mvfa_core.cli.output import FailureError, bars, expect_place, say
from mvfa_core.cli.recipe_options import add_recipe_options, given, option
from mvfa_core.folders import runs_root
from mvfa_core.names import visible
from mvfa_core.percent import of_count
from mvfa_core.training.engine import Event, Started, Stepped, Validated
from mvfa_core.training.failures import TrainingError
from mvfa_core.training.parallel import placed, world
from mvfa_core.training.recipe_fields import document
from mvfa_core.training.recipes import RECIPES, Recipe
from mvfa_core.training.runs import Run, new_run_id
from mvfa_core.training.split import SIDES
from mvfa_core.training.work import extend, resume, train
from mvfa_core.training.workers import needs_workers, start_workers

HELP = "Train a model into a run folder, or go on with one."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fields", action="store_true", help="print what all fields of a recipe are, as Markdown")
    add_words(parser)


def add_words(parser: argparse.ArgumentParser) -> None:
    """What a run is described by, also to `estimate`."""
    parser.add_argument("--resume", metavar="RUN", help="go on with this run folder from its last checkpoint")
    parser.add_argument("--extend", type=int, metavar="N", help="with --resume: this many steps more, then go on")
    parser.add_argument("--recipe", choices=RECIPES, default="quick", help="the choices to start from (default: quick)")
    parser.add_argument("--out", metavar="RUN", help="the run folder to make (default: a new one below runs/)")
    add_recipe_options(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")


def run(args: argparse.Namespace) -> None:
    if args.fields:
        return say(document(Recipe).rstrip())
    args.quiet = args.quiet or not world().first
    if _is_done(args):
        return
    try:
        target = _carried_out(args)
    except TrainingError as error:
        raise FailureError(str(error)) from error
    world().leave()
    if not world().first:  # the run's folder may be on another machine
        return
    status = target.status()
    if status.state == "diverged":
        raise FailureError(f"diverged at step {status.step}: {status.message}")
    if not args.quiet:
        say(f"{status.state} {_outcome(target)}")


def _is_done(args: argparse.Namespace) -> bool:
    """Whether the run to go on with is finished and nothing is added to it: a queue may ask for it again."""
    if not args.resume or args.extend is not None or Run(args.resume).status().state != "finished":
        return False
    _expect_own_recipe(args)
    if not args.quiet:
        say(f"finished already, {_outcome(Run(args.resume))}; --extend N gives it N steps more")
    return True


def _outcome(target: Run) -> str:
    """What came of a run that is over."""
    status = target.status()
    accuracy = "not measured" if status.accuracy is None else f"{of_count(status.accuracy, 2)}%"
    why = f" ({status.message})" if status.message else ""
    return f"after {status.step} steps{why}, validation accuracy {accuracy}: {Path(target.path)}"


def _expect_own_recipe(args: argparse.Namespace) -> None:
    """Refuse what would change the recipe of a run that goes on."""
    named = [name for name in given(args) if name not in ("devices", "nodes")]
    if named or args.out:
        name = option(named[0] if named else "out")
        raise ValueError(f"--resume goes on with the run's own recipe; leave out {name}")


def _carried_out(args: argparse.Namespace) -> Run:
    progress = bars(args.quiet)
    if args.extend is not None and not args.resume:
        raise ValueError("--extend gives a run more steps; name it with --resume RUN")
    if args.resume:
        _expect_own_recipe(args)
        target = Run(args.resume)
        if args.extend is not None:
            extend(target, args.extend)
        recipe = placed(target.recipe(), args.devices, args.nodes)
        if (args.devices or args.nodes) and world().first and not target.is_alive():
            target.write_recipe(recipe)
        with Report(recipe, args.quiet) as report:
            resume(target, listen=report, progress=progress, by=_workers(recipe, args.quiet))
    else:
        if args.out:
            expect_place("--out", args.out, folder=True)
        recipe = placed(_recipe(args), args.devices, args.nodes)
        target = Run(args.out or runs_root() / new_run_id(recipe))
        with Report(recipe, args.quiet) as report:
            train(recipe, target, listen=report, progress=progress, by=_workers(recipe, args.quiet))
    return target


def _workers(recipe: Recipe, quiet: bool) -> Callable[[Run, Recipe], None] | None:
    """Carries out a run in processes of its own, if the recipe asks for several and torchrun has not started them."""
    return (lambda run, recipe: start_workers(run, recipe, work, run.path, quiet)) if needs_workers(recipe) else None


def work(path: Path, quiet: bool) -> None:
    """What each of these processes does; the first one shows how it goes."""
    quiet, target = quiet or not world().first, Run(path)
    with Report(target.recipe(), quiet) as report:
        resume(target, listen=report, progress=bars(quiet))


def _recipe(args: argparse.Namespace) -> Recipe:
    """The preset with everything replaced that was given on the command line."""
    return replace(RECIPES[args.recipe](), **given(args))


def started(event: Started, recipe: Recipe) -> list[str]:
    """What is trained on, what is watched, what is left alone and what is passed over, in lines."""
    counts = {"train": event.train_n, event.watched: event.val_n, **(event.counts or {})}
    roles = {"train": "trained on", event.watched: "watched"}
    sides = ", ".join(f"{name} {counts[name]:,} ({roles.get(name, 'left alone')})" for name in SIDES if name in counts)
    lines = [f"{Path(recipe.data).name}: {len(event.classes)} classes; {sides}"]
    if event.watched == "test" and recipe.validate_on == "test":
        lines.append(
            "the test side is watched, as in the paper: nothing is chosen by it, the last weights are the result"
        )
    lines += event.notes
    if passed_over := event.passed_over:
        total = sum(passed_over.values())
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in passed_over.items())
        lines.append(f"passed over {total:,} {'file' if total == 1 else 'files'}: {reasons}")
    return lines


class Report:
    """Listens to the engine and keeps one progress bar with rate, time left and the last figures. The bar opens with
    the first event, so that a request that is refused shows its one line and nothing else."""

    def __init__(self, recipe: Recipe, quiet: bool) -> None:
        self.recipe, self.quiet = recipe, quiet
        self.bar: tqdm | None = None

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, event: Event) -> None:
        if self.bar is None:  # a run that goes on starts where it was: steps done before say nothing about the rate
            name, total = self.recipe.pooling, self.recipe.steps
            self.bar = tqdm(total=total, initial=event.step, unit="step", disable=self.quiet, desc=name)
        self.bar.update(event.step - self.bar.n)
        if isinstance(event, Started) and not self.quiet:
            for line in started(event, self.recipe):
                self.bar.write(visible(line, None))
        match event:
            case Stepped():
                local = "" if event.loss_local is None else f" = {event.loss_global:.3f} + {event.loss_local:.1f}"
                self.bar.set_postfix_str(f"loss {event.loss:.3f}{local}, train {of_count(event.train_accuracy)}%")
            case Validated() if not self.quiet:
                self.bar.write(f"step {event.step:>6}: validation accuracy {of_count(event.accuracy, 2)}% of {event.n}")
