"""A run in one zip file, and back. What comes in may come from anybody: it is unpacked through the guards that archives
of pictures pass, only files of a run are taken, and nothing is unpickled."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
import zipfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mvfa_core.checkpoints import BEST, WEIGHTS, CheckpointError, read_card
from mvfa_core.data.archives import Limits, unpack
from mvfa_core.files import parse_json, read_json, whole_file
from mvfa_core.folders import runs_root
from mvfa_core.training.recipe_fields import expect_offered
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.run_names import expect_name, free_place
from mvfa_core.training.runs import LAUNCH_S, Run, RunError
from mvfa_core.training.saving import STATE

RECIPE, METRICS, FILM = "recipe.json", "metrics.jsonl", "film.jsonl"
PARTS = (RECIPE, METRICS, WEIGHTS, BEST, FILM)
PICTURES = "film"
INCOMING = ".incoming"
"""Below the runs folder, where it is no run yet: what is being unpacked."""
MOST_FILES = 2_000
MOST_BYTES = 8 * 2**30
LONGEST_RECIPE, LONGEST_METRICS = 2**20, 2**25
_PICTURE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.webp")
_NEEDED = {"step": ("loss", "steps_per_s"), "validation": ("n",), "end": ("message",)}


# --- out ---


def export_zip(run: Run, file: Path | BinaryIO, *, with_state: bool = False) -> None:
    """Write recipe, figures, weights and film into a zip file, in a folder of the run's name.

    Args:
        file: a path, where the file is there whole or not at all, or a file opened for writing bytes.
        with_state: add the state of the optimiser, so that training can go on elsewhere; it makes the file about three
            times as large.

    Raises:
        RunError: no run there.
    """
    run.recipe()
    names = [*PARTS, *([STATE] if with_state else [])]
    parts = [run.path / name for name in names] + sorted((run.path / PICTURES).glob("*.webp"))
    home = run.path.resolve()
    # a link out of the folder would take along what is nobody's business
    found = [path for path in parts if path.is_file() and path.resolve().is_relative_to(home)]
    with whole_file(file) if isinstance(file, Path) else nullcontext(file) as target, _new_zip(target) as parcel:
        for path in found:
            parcel.write(path, f"{run.id}/{path.relative_to(run.path).as_posix()}", _packing(path))


def _new_zip(target: BinaryIO) -> zipfile.ZipFile:
    # file dates before 1980 exist, and say nothing here
    return zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)


def _packing(path: Path) -> int:
    """Weights and pictures hardly shrink, and take long to try."""
    return zipfile.ZIP_DEFLATED if path.suffix in (".json", ".jsonl") else zipfile.ZIP_STORED


# --- in ---


def import_zip(file: Path, name: str | None = None, *, offered: bool = False) -> Run:
    """The run of a file that `export_zip` wrote, as a new one below `runs_root()`.

    Without a name it is called as it was, with a number behind it where that is taken.

    Args:
        offered: whether a page brings it in: its recipe must be one that the form offers
            (`recipe_fields.expect_offered`), and going on with it takes one process, however many it had.

    Raises:
        RunError: no such file, no run in it, or a run that is spoilt; or the name is taken or cannot be one.
        DataError: the archive is damaged, or refused: names that lead out of it, links, too much in it.
    """
    if name is not None and (runs_root() / expect_name(name)).exists():
        raise RunError(f"{name}: that name is taken; choose another")
    if not file.name.lower().endswith(".zip") or not file.is_file():
        raise RunError(f"{file.name}: expected a .zip file that `runs export` wrote, found no such file")
    incoming = runs_root() / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=incoming, ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "unpacked"
        target.mkdir()
        unpack(file, target, limits=Limits(MOST_FILES, MOST_BYTES, nested=False, wanted=_wanted))
        run = _found(file, target)
        _check(run, file.name, offered)
        own_name = file.stem if run.path == target else run.id
        place = runs_root() / name if name is not None else free_place(runs_root(), expect_name(own_name))
        os.rename(run.path, place)
    return Run(place)


def _wanted(path: PurePosixPath) -> bool:
    """Whether it is a part of a run: at the top, or in the run's own folder."""
    if len(path.parts) > 1 and path.parts[-2] == PICTURES:
        return len(path.parts) <= 3 and _PICTURE.fullmatch(path.name) is not None
    return len(path.parts) <= 2 and path.name in (*PARTS, STATE)


def _found(file: Path, target: Path) -> Run:
    folders = [target, *sorted(path for path in target.iterdir() if path.is_dir())]
    runs = [folder for folder in folders if (folder / RECIPE).is_file()]
    if len(runs) != 1:
        raise RunError(f"{file.name}: expected one run in it (a recipe.json and what belongs to it), got {len(runs)}")
    return Run(runs[0])


def _check(run: Run, file: str, offered: bool) -> None:
    """Refuse what would trip those who read it later."""
    recipe, metrics = run.path / RECIPE, run.path / METRICS
    if recipe.stat().st_size > LONGEST_RECIPE or not _names_a_recipe(recipe):
        raise RunError(f"{file}: its recipe.json is no recipe of this project")
    if not metrics.exists() or metrics.stat().st_size > LONGEST_METRICS:
        raise RunError(f"{file}: expected the run's figures, a {METRICS} of at most {LONGEST_METRICS:,} bytes")
    run.write_recipe(_offered(run.recipe(), file) if offered else run.recipe())
    run.journal.keep([event for event in run.events()[0] if _is_sound(event)])
    _check_film(run)
    for weights in (WEIGHTS, BEST):
        if (run.path / weights).exists():
            try:
                read_card(run.path / weights)
            except CheckpointError as error:
                raise RunError(f"{file}: its weights cannot be read ({error})") from error
    # old enough that nobody takes it for a run whose process is about to start
    then = time.time() - 2 * LAUNCH_S
    os.utime(recipe, (then, then))


def _offered(recipe: Recipe, file: str) -> Recipe:
    recipe = replace(recipe, devices=1, nodes=1)
    try:
        expect_offered(recipe)
    except ValueError as error:
        raise RunError(
            f"{file}: its recipe is none that a page offers ({error}); bring it in with `runs import`"
        ) from error
    return recipe


def _names_a_recipe(file: Path) -> bool:
    """A recipe is read forgivingly, fields that are missing take a default; here it must be one."""
    try:
        return {"data", "backbone", "pooling", "steps"} <= set(read_json(file, LONGEST_RECIPE))
    except (OSError, ValueError, TypeError):
        return False


def _is_sound(event: dict) -> bool:
    """Whether it tells all that the engine would have told; that its numbers are numbers, every reader looks at."""
    values = [event.get(name) for name in _NEEDED.get(event["event"], ())]
    return all(value is not None and value == value for value in values)  # a NaN is not itself


def _check_film(run: Run) -> None:
    """Leave a film out whose frames name anything but its pictures."""
    film = run.path / FILM
    pictures = {path.stem for path in (run.path / PICTURES).glob("*.webp")}
    if film.exists() and not all(_shows(line, pictures) for line in film.read_bytes().splitlines()):
        film.unlink()
        shutil.rmtree(run.path / PICTURES, ignore_errors=True)


def _shows(line: bytes, pictures: set[str]) -> bool:
    try:
        frames = parse_json(line)["frames"]
        return bool(all(str(frame["id"]) in pictures for frame in frames))
    except (ValueError, KeyError, TypeError):
        return False
