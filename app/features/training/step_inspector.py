"""One step at a time: hold a run between two steps, and see what a step does to its batch and to the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.base import errors, session
from app.base.settings import read_only
from app.base.wording import wording_film as words
from app.services import training_runs
from app.ui import colours
from app.ui.components import component
from mvfa_core.training import step_control
from mvfa_core.training.runs import Run, Status

_lesson = component("lesson")

DELAYS_S = (0.5, 1.0, 2.0, 5.0)
BEFORE, AFTER = "before", "after"


def show(run: Run, status: Status) -> None:
    """The switch, and while the run is held its steps; nothing for a run that is not being trained."""
    recipe = run.recipe()
    if read_only() or status.state not in training_runs.ACTIVE or recipe.devices * recipe.nodes > 1:
        return
    asked = step_control.control_of(run)
    held = asked.mode != "run"  # the file decides, whoever wrote it
    # A switch of its own for either state: what an earlier state of the page still says of the other is not heard.
    session.put(session.HELD(held), held)
    other = step_control.run_on if held else step_control.hold
    st.toggle(words.HOLD, key=session.HELD(held), help=words.HOLD_HELP, on_change=errors.pressed(other), args=(run,))
    if not held:
        return
    lesson = step_control.read_report(run)
    with st.container(border=True):
        _controls(run, asked, ready=lesson is not None)
        if lesson is None:
            st.caption(words.WAITING)
        else:
            _lesson(key=session.LESSON, data={**told(lesson), "busy": _is_busy(asked, lesson)})


def _controls(run: Run, asked: step_control.StepControl, *, ready: bool) -> None:
    def asks(label: str, key: str, act: Callable[..., None], *args: object, **options: Any) -> None:
        st.button(label, key=key, on_click=errors.pressed(act), args=args, **options)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        asks(words.NEXT, "step_one", step_control.step_on, run, type="primary", disabled=not ready)
        asks(words.NEXT_TEN, "step_ten", step_control.step_on, run, 10, disabled=not ready)
        if asked.mode == "slow":
            asks(words.STOP_HERE, "step_hold", step_control.hold, run)
        else:
            asks(
                words.SLOW,
                "step_slow",
                step_control.slow,
                run,
                session.get(session.DELAY, DELAYS_S[1]),
                disabled=not ready,
            )
        asks(words.RUN_ON, "step_free", step_control.run_on, run)
        asks(words.START_OVER, "step_over", _start_over, run, help=words.START_OVER_HELP)
        st.selectbox(
            words.DELAY, DELAYS_S, index=1, key=session.DELAY, format_func="{:g} s".format, width=200,
            on_change=errors.pressed(_delay), args=(run,),
        )  # fmt: skip


def _delay(run: Run) -> None:
    if step_control.control_of(run).mode == "slow":
        step_control.slow(run, session.get(session.DELAY))


def _start_over(run: Run) -> None:
    """The same recipe and seed from the first weights, held, in the place of a run that is then stopped."""
    fresh = training_runs.start_held(run.recipe(), instead=run)
    run.request_stop()
    session.put(session.RUN, fresh.id)


def _is_busy(asked: step_control.StepControl, lesson: dict[str, Any]) -> bool:
    return asked.mode == "hold" and lesson["step"] < min(asked.until, lesson["steps"])


def told(lesson: dict[str, Any]) -> dict[str, Any]:
    """A lesson in words and bars, for the browser."""
    done = lesson["losses"][AFTER] is not None
    facts = [words.STEP_FACTS.format(lr=f"{lesson['lr']:.3g}")]
    if lesson["gradient"] is not None:
        facts.append(words.GRADIENT.format(gradient=words.figure(lesson["gradient"])))
    return {
        "title": words.done(lesson["step"], lesson["steps"]),
        "facts": " ".join(facts),
        "batch": _batch(lesson, done=done),
        "losses": _losses(lesson, done=done),
        "moved": _moved(lesson),
        "words": {**words.LESSON, "on_its_way": words.ON_ITS_WAY},
    }


def _batch(lesson: dict[str, Any], *, done: bool) -> dict[str, Any]:
    shown = words.pictures(len(lesson["pictures"]), lesson["batch"])
    right = words.BATCH_RIGHT if done else words.BATCH_RIGHT_NOW
    note = (words.BATCH_DONE if done else words.BATCH_NEXT).format(shown=shown)
    counts = {when: words.NOBODY if n is None else n for when, n in lesson["right"].items()}
    return {
        "title": words.BATCH_TITLE,
        "note": f"{note} {right.format(n=lesson['batch'], **counts)}",
        "pictures": [
            {
                "src": one["src"],
                "label": one["label"],
                "answers": [
                    {"text": words.answer(*said), "right": said[0] == one["label"]}
                    for when in (BEFORE, AFTER)
                    if (said := one[when])
                ],
            }
            for one in lesson["pictures"]
        ],
    }


def _losses(lesson: dict[str, Any], *, done: bool) -> dict[str, Any]:
    before, after = (lesson["losses"][when] or {} for when in (BEFORE, AFTER))
    names = {"global": (words.LOSS_GLOBAL, colours.AUXILIARY), "local": (words.LOSS_LOCAL, colours.MAIN),
             "total": (words.LOSS_TOTAL, colours.TOTAL)}  # fmt: skip
    if lesson["pooling"] == "gap":
        names = {"total": (words.LOSS_GAP, colours.GAP)}
    rows = [
        [name, colour, words.figure(before.get(field)), words.figure(after.get(field)) if done else "",
         words.change(before.get(field), after.get(field))]
        for field, (name, colour) in names.items()
    ]  # fmt: skip
    return {
        "title": words.LOSSES_TITLE,
        "note": words.LOSSES_NOTE if done else words.LOSSES_NOTE_NEXT,
        "columns": words.COLUMNS,
        "rows": rows,
        "equations": equations(lesson, before, after),
    }


def equations(lesson: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Eq. 7 and 9 with the numbers of this step."""
    n, views = lesson["batch"], lesson["views"]
    if lesson["pooling"] == "gap":
        return [words.EQ_GAP.format(n=n)]

    def then(text: Callable[[dict[str, Any]], str]) -> dict[str, str]:
        return {BEFORE: text(before) if before else "", AFTER: words.THEN + text(after) if after else ""}

    def sum_of(losses: dict[str, Any]) -> str:
        global_, local, total = (words.figure(losses[name]) for name in ("global", "local", "total"))
        return f"{global_} + {local} = {total}" if seven is words.EQ7 else total

    seven = _seventh(lesson, before or after)
    nine = words.EQ9_SUM if lesson["local"] == "sum" else words.EQ9_MEAN
    a_view = then(lambda losses: words.figure(losses["local"] and losses["local"] / views))
    return [seven.format(**then(sum_of)), nine.format(n=n, views=views, **a_view)]


def _seventh(lesson: dict[str, Any], losses: dict[str, Any]) -> str:
    if lesson["global_loss"] == "off":
        return words.EQ7_OFF
    if not losses or None in losses.values():
        return words.EQ7
    adds_up = abs(losses["total"] - losses["global"] - losses["local"]) <= 1e-4 * abs(losses["total"])
    return words.EQ7 if adds_up else words.EQ7_MORE


def _part(name: str) -> str:
    """A part of the network as it is called on the screen: "backbone 2", "auxiliary head", "main head" """
    kind, _, place = name.partition(" ")
    return words.BACKBONE_PART.format(place=place) if kind == "backbone" else words.HEADS.get(name, name)


def _moved(lesson: dict[str, Any]) -> dict[str, Any]:
    parts = lesson["moved"] or []
    longest = max((part["share"] or 0.0 for part in parts), default=0.0) or 1.0
    shades = {"auxiliary head": colours.AUXILIARY, "main head": colours.MAIN}
    return {
        "title": words.MOVED_TITLE,
        "note": words.MOVED_NOTE if parts else words.MOVED_NEXT,
        "rows": [
            {
                "name": _part(part["name"]),
                "amount": round((part["share"] or 0.0) / longest, 4),
                "value": words.share_moved(part["share"]),
                "colour": shades.get(part["name"], colours.TOTAL),
            }
            for part in parts
        ],
    }
