"""The film of a run on paper: a row a picture, a column a step, so that one sees attention appear."""

from __future__ import annotations

import numpy as np
from PIL import Image

from mvfa_core.checks import expect
from mvfa_core.data.class_names import class_name
from mvfa_core.figures.common import Fact, percent, span_fact, with_limits
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.request import MOST_PANELS, FigureSpec, Options
from mvfa_core.figures.sheet import Panel, Sheet, Tile
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations
from mvfa_core.images import open_picture
from mvfa_core.training.attention_history import history_picture, read_history
from mvfa_core.training.runs import Run, RunError


def sheet(request: FigureSpec, desk: FigureSources) -> Sheet:
    """At most `frames` steps, evenly among those that were filmed, always the first and the last.

    Raises:
        RunError: more than one run, or one without a film.
    """
    expect(len(request.runs) == 1, "filmstrip: runs", "one", f"{len(request.runs)}")
    run, options = desk.run(request.runs[0]), request.options
    lines = read_history(run)
    if not lines:
        raise RunError(f"{run.id}: this run has no film (train with --film 6)")
    steps = [lines[place] for place in chosen(len(lines), options.frames)]
    ids = [frame["id"] for frame in steps[-1]["frames"]]
    expect(len(ids) * len(steps) <= MOST_PANELS, "frames", f"at most {MOST_PANELS} panels", len(ids) * len(steps))
    _ = translations(options.language).gettext
    rows: list[list[Panel]] = []
    names = []
    for number, picture_id in enumerate(ids):
        picture = _picture(run, picture_id)
        frames = [(line["step"], frame) for line in steps for frame in line["frames"] if frame["id"] == picture_id]
        if len(frames) < len(steps):  # a picture that joined later has no place in the grid
            continue
        rows.append([_tile(picture, step, frame, options, first=not rows) for step, frame in frames])
        label = class_name(frames[0][1]["label"], options.language)
        names.append(options.titles[number] if number < len(options.titles) else label)
    if not rows:
        raise RunError(f"{run.id}: no picture of its film was filmed from the first step to the last")
    anchors = steps[-1]["frames"][0]["anchors"]
    caption = (
        N_(
            "Attention on fixed pictures of the validation set while {run} was trained, with the {k} anchors as dots; "
            "below each map the answer of that step."
        )
        if anchors
        else N_(
            "The class activation map of the predicted class on fixed pictures of the validation set while {run} was "
            "trained; below each map the answer of that step."
        )
    )
    facts: list[Fact] = [(caption, {"run": run.id, "k": len(anchors or ())}), span_fact(options)]
    facts += [(N_("A dot is the centre of an anchor cell; the first ones are larger."), {})] if anchors else []
    panels = with_limits(rows, options)
    return Sheet("filmstrip", tuple(names), panels, _("logits"), options.span, facts=tuple(facts))


def chosen(count: int, most: int) -> list[int]:
    """At most so many places from the first to the last, evenly."""
    return sorted({round(float(place)) for place in np.linspace(0, count - 1, min(count, most))})


def _picture(run: Run, picture_id: str) -> Image.Image:
    file = history_picture(run, picture_id)
    if file is None:
        raise RunError(f"{run.id}: the picture {picture_id} of its film is gone")
    return open_picture(file)


def _tile(picture: Image.Image, step: int, frame: dict, options: Options, *, first: bool) -> Tile:
    _ = translations(options.language).gettext
    map_HW = np.array(frame["adacam"], dtype=np.float32)
    anchors = None if frame["anchors"] is None else np.array(frame["anchors"], dtype=np.int64)
    name = class_name(frame["predicted"], options.language)
    return Tile(
        f"{frame['id']}-step-{step}",
        picture,
        map_HW,
        palette=options.palette,
        anchors_K2=anchors,
        grid=map_HW.shape,
        above=_("step {step}").format(step=f"{step:,}") if first else "",
        below=_("{name} {percent} %").format(name=name, percent=percent(frame["confidence"])),
    )
