"""A survey while there is nothing to show yet: not begun, at work, stopped, failed or lost."""

from __future__ import annotations

import streamlit as st

from app import limits, rights, state, telling, wording, wording_findings
from app import wording_dataset as words
from app.serving import must_be_open, read_only
from mvfa_core.survey import Request, Survey, SurveyError, survey_of
from mvfa_core.survey.folder import BUSY, Status
from mvfa_core.survey.launch import start
from mvfa_core.training.runs import RunError


def show(request: Request) -> Survey | None:
    """The survey if it is complete; else where it stands and what can be done, and None."""
    survey = survey_of(request)
    status = _status(survey)
    if status is not None and status.state == "finished":
        return survey
    with st.container(border=True):
        if message := state.take(state.MESSAGE("survey")):
            st.error(words.CANNOT.format(why=wording.plain(message)))
        if status is None:
            st.markdown(f"**{words.EMPTY_TITLE}**")
            st.write(words.EMPTY_TEXT)
            _button(words.START, request, "survey_start")
        elif status.state in BUSY:
            _watch(survey)
        else:
            _ended(status)
            _button(words.AGAIN if status.done else words.ANEW, request, "survey_again")
    return None


def _status(survey: Survey) -> Status | None:
    """Where it stands; None if it was never begun."""
    try:
        return survey.status()
    except SurveyError:
        return None


def _button(label: str, request: Request, key: str) -> None:
    st.button(label, type="primary", key=key, on_click=begin, args=(request,), disabled=read_only())


def begin(request: Request) -> None:
    """A process for it, or on the next run of the page why there is none."""
    try:
        must_be_open()
        with limits.one_more():
            rights.mark(start(request))
    except (RunError, SurveyError, OSError) as error:
        state.put(state.MESSAGE("survey"), telling.told(error))


def _watch(survey: Survey) -> None:
    """How far it is, at every tick; the whole page is told when it ends."""

    @st.fragment(run_every=1.0)
    @telling.in_words()
    def tick() -> None:
        status = _status(survey)
        if status is None or status.state not in BUSY:
            st.rerun()
        text = words.STARTING if not status.what else wording_findings.progress(
            status.what, status.done, status.total, status.seconds_left
        )  # fmt: skip
        st.progress(status.done / status.total if status.total else 0.0, wording.plain(text))
        asked = survey.stop_requested()
        stop = telling.pressed(survey.request_stop)
        st.button(words.STOP, key="survey_stop", on_click=stop, disabled=asked or read_only())
        st.caption(words.STOPPING if asked else "\u00a0")

    tick()


def _ended(status: Status) -> None:
    if status.state == "failed":
        st.error(words.FAILED.format(why=wording.plain(telling.told(status.message))))
    elif status.state == "lost":
        st.warning(words.LOST)
    elif status.done:
        st.info(words.STOPPED.format(done=status.done, total=status.total))
    else:
        st.info(words.STOPPED_EARLY)
