"""One step at a time: hold a run between two steps, and see what a step does to its batch and to the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.settings import read_only
from app.features.training import history_words as words
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
    st.toggle(
        _("Step manually"),
        key=session.HELD(held),
        help=_(
            "Holds the training between two steps. It changes nothing about it: the weights in the end are those of a "
            "run that nobody held, bit for bit."
        ),
        on_change=errors.pressed(other),
        args=(run,),
    )
    if not held:
        return
    lesson = step_control.read_report(run)
    with st.container(border=True):
        _controls(run, asked, ready=lesson is not None)
        if lesson is None:
            st.caption(_("The pictures are being prepared; the run will wait before its first step."))
        else:
            _lesson(key=session.LESSON, data={**told(lesson), "busy": _is_busy(asked, lesson)})


def _controls(run: Run, asked: step_control.StepControl, *, ready: bool) -> None:
    def asks(label: str, key: str, act: Callable[..., None], *args: object, **options: Any) -> None:
        st.button(label, key=key, on_click=errors.pressed(act), args=args, **options)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        asks(_("Next step"), "step_one", step_control.step_on, run, type="primary", disabled=not ready)
        asks(_("Ten steps"), "step_ten", step_control.step_on, run, 10, disabled=not ready)
        if asked.mode == "slow":
            asks(_("Hold here"), "step_hold", step_control.hold, run)
        else:
            asks(
                _("Slow motion"),
                "step_slow",
                step_control.slow,
                run,
                session.get(session.DELAY, DELAYS_S[1]),
                disabled=not ready,
            )
        asks(_("Run on"), "step_free", step_control.run_on, run)
        asks(
            _("Start over"),
            "step_over",
            _start_over,
            run,
            help=_(
                "Stops this run, which stays under All runs, and starts another one under a new name: the same recipe "
                "and seed, so the same first weights and the same batches."
            ),
        )
        st.selectbox(
            _("Seconds between two steps"),
            DELAYS_S,
            index=1,
            key=session.DELAY,
            format_func="{:g} s".format,
            width=200,
            on_change=errors.pressed(_delay),
            args=(run,),
        )


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
    facts = [_("Learning rate {lr}.").format(lr=f"{lesson['lr']:.3g}")]
    if lesson["gradient"] is not None:
        facts.append(
            _("The gradient of all weights has length {gradient}.").format(gradient=words.figure(lesson["gradient"]))
        )
    return {
        "title": words.done(lesson["step"], lesson["steps"]),
        "facts": " ".join(facts),
        "batch": _batch(lesson, done=done),
        "losses": _losses(lesson, done=done),
        "moved": _moved(lesson),
        "words": {
            **{
                "right": _("right"),
                "wrong": _("wrong"),
                "truth": _("truth: {label}"),
                "then": _("then"),
                "batch": _("Pictures of the batch"),
            },
            "on_its_way": _("The step is being done."),
        },
    }


def _batch(lesson: dict[str, Any], *, done: bool) -> dict[str, Any]:
    shown = words.pictures(len(lesson["pictures"]), lesson["batch"])
    right = (
        _("{before} of {n} were right before the step, {after} after it.") if done else _("{before} of {n} are right.")
    )
    note = (
        _(
            "What this step learnt from: {shown}, with the answer before and after. A step follows all of them at "
            "once, so single answers may get worse."
        )
        if done
        else _(
            "What the next step will learn from: {shown}, flipped and cropped, with what the model says of them now."
        )
    ).format(shown=shown)
    counts = {when: _("none that could be told") if n is None else n for when, n in lesson["right"].items()}
    return {
        "title": _("The batch"),
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
    names = {
        "global": (_("whole-image prediction, L_global"), colours.AUXILIARY),
        "local": (_("per-view classifier, L_local"), colours.MAIN),
        "total": (_("total, L_total"), colours.TOTAL),
    }
    if lesson["pooling"] == "gap":
        names = {"total": (_("the one head of GAP"), colours.GAP)}
    rows = [
        [name, colour, words.figure(before.get(field)), words.figure(after.get(field)) if done else "",
         words.change(before.get(field), after.get(field))]
        for field, (name, colour) in names.items()
    ]  # fmt: skip
    return {
        "title": _("The loss"),
        "note": _(
            "The loss of this very batch, computed again with the new weights. A step should lower it a little; too "
            "large a learning rate raises it."
        )
        if done
        else _("The loss that the next step will lower."),
        "columns": ("", _("before"), _("after"), _("change")),
        "rows": rows,
        "equations": equations(lesson, before, after),
    }


def _eq7() -> str:
    return _("Eq. 7: L_total = L_global + L_local = {before}{after}")


def equations(lesson: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Eq. 7 and 9 with the numbers of this step."""
    n, views = lesson["batch"], lesson["views"]
    if lesson["pooling"] == "gap":
        return [
            _("One view and one loss: the cross-entropy of the averaged map, as a mean over the {n} pictures.").format(
                n=n
            )
        ]

    def then(text: Callable[[dict[str, Any]], str]) -> dict[str, str]:
        return {BEFORE: text(before) if before else "", AFTER: " → " + text(after) if after else ""}

    def sum_of(losses: dict[str, Any]) -> str:
        global_, local, total = (words.figure(losses[name]) for name in ("global", "local", "total"))
        return f"{global_} + {local} = {total}" if seven is _eq7() else total

    seven = _seventh(lesson, before or after)
    nine = (
        _(
            "Eq. 9: the mean over the {n} pictures. L_local is a sum over M = {views} views (Eq. 6): {before}{after} "
            "a view."
        )
        if lesson["local"] == "sum"
        else _(
            "Eq. 9: the mean over the {n} pictures. L_local is here the mean over M = {views} views, not the paper's "
            "sum."
        )
    )
    a_view = then(lambda losses: words.figure(losses["local"] and losses["local"] / views))
    return [seven.format(**then(sum_of)), nine.format(n=n, views=views, **a_view)]


def _seventh(lesson: dict[str, Any], losses: dict[str, Any]) -> str:
    if lesson["global_loss"] == "off":
        return _("L_total = L_local, for the recipe leaves L_global out = {before}{after}")
    if not losses or None in losses.values():
        return _eq7()
    adds_up = abs(losses["total"] - losses["global"] - losses["local"]) <= 1e-4 * abs(losses["total"])
    return _eq7() if adds_up else _("L_total holds the prototype loss besides = {before}{after}")


def _heads() -> dict[str, str]:
    return {"auxiliary head": _("whole-image classifier"), "main head": _("per-view classifier")}


def _part(name: str) -> str:
    """A part of the network as it is called on the screen: "backbone 2", "auxiliary head", "main head" """
    kind, _unused, place = name.partition(" ")
    return _("backbone {place}").format(place=place) if kind == "backbone" else _heads().get(name, name)


def _moved(lesson: dict[str, Any]) -> dict[str, Any]:
    parts = lesson["moved"] or []
    longest = max((part["share"] or 0.0 for part in parts), default=0.0) or 1.0
    shades = {"auxiliary head": colours.AUXILIARY, "main head": colours.MAIN}
    return {
        "title": _("What moved"),
        "note": _(
            "How far each part moved as a share of its own length, ‖Δw‖ / ‖w‖. Part 1 of the backbone is the one "
            "nearest to the picture."
        )
        if parts
        else _("Nothing has moved yet."),
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
