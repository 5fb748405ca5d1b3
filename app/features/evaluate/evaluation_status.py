"""An evaluation while there is nothing to show yet: not begun, at work, stopped, failed or lost."""

from __future__ import annotations

import streamlit as st

from app.base import errors, permissions, session
from app.base.i18n import _
from app.base.settings import must_be_open, read_only
from app.base.wording import wording
from app.features.evaluate import findings_words
from app.services import limits
from mvfa_core.evaluation import Evaluation, EvaluationError, EvaluationSpec, evaluation_of
from mvfa_core.evaluation.folder import BUSY, Status
from mvfa_core.evaluation.launch import start
from mvfa_core.training.runs import RunError


def show(request: EvaluationSpec) -> Evaluation | None:
    """The evaluation if it is complete; else where it stands and what can be done, and None."""
    evaluation = evaluation_of(request)
    status = _status(evaluation)
    if status is not None and status.state == "finished":
        return evaluation
    with st.container(border=True):
        if message := session.take(session.MESSAGE("evaluation")):
            st.error(_("It cannot begin: {why}").format(why=wording.plain(message)))
        if status is None:
            empty_title = _("Not evaluated yet")
            st.markdown(f"**{empty_title}**")
            st.write(
                _(
                    "This model has not been evaluated on these pictures. It runs in the background: you can leave, "
                    "close or reload the page."
                )
            )
            _button(_("Evaluate"), request, "evaluation_start")
        elif status.state in BUSY:
            _watch(evaluation)
        else:
            _ended(status)
            _button(_("Go on") if status.done else _("Try again"), request, "evaluation_again")
    return None


def _status(evaluation: Evaluation) -> Status | None:
    """Where it stands; None if it was never begun."""
    try:
        return evaluation.status()
    except EvaluationError:
        return None


def _button(label: str, request: EvaluationSpec, key: str) -> None:
    st.button(label, type="primary", key=key, on_click=begin, args=(request,), disabled=read_only())


def begin(request: EvaluationSpec) -> None:
    """A process for it, or on the next run of the page why there is none."""
    try:
        must_be_open()
        with limits.one_more():
            permissions.mark(start(request))
    except (RunError, EvaluationError, OSError) as error:
        session.put(session.MESSAGE("evaluation"), errors.message(error))


def _watch(evaluation: Evaluation) -> None:
    """How far it is, at every tick; the whole page is told when it ends."""

    @st.fragment(run_every=1.0)
    @errors.error_boundary()
    def tick() -> None:
        status = _status(evaluation)
        if status is None or status.state not in BUSY:
            st.rerun()
        text = (
            _("Starting")
            if not status.what
            else findings_words.progress(status.what, status.done, status.total, status.seconds_left)
        )
        st.progress(status.done / status.total if status.total else 0.0, wording.plain(text))
        asked = evaluation.stop_requested()
        stop = errors.pressed(evaluation.request_stop)
        st.button(_("Stop"), key="evaluation_stop", on_click=stop, disabled=asked or read_only())
        st.caption(_("Stops after this batch; what is done is kept.") if asked else "\u00a0")

    tick()


def _ended(status: Status) -> None:
    if status.state == "failed":
        st.error(_("It failed: {why}").format(why=wording.plain(errors.message(status.message))))
    elif status.state == "lost":
        st.warning(
            _(
                "Its process ended without a word, perhaps with the computer or for want of memory. What is done is "
                "kept."
            )
        )
    elif status.done:
        st.info(
            _("Stopped at {done:,} of {total:,} pictures. What is done is kept.").format(
                done=status.done, total=status.total
            )
        )
    else:
        st.info(_("Stopped before the first picture."))
