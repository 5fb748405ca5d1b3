"""The queue before the network: one worker for the whole server, every session in its turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.base.page_rate import still_wanted
from app.base.wording import wording
from app.base.wording import wording_own_model as words
from app.services.fair_queue import FairQueue

P = ParamSpec("P")
T = TypeVar("T")

MOST_WAITING, MOST_EACH = 64, 4
"""Jobs that may wait for the network: in all, and of one session. More are refused: a page would wait too long."""


@cache
def queue() -> FairQueue:
    """The one worker of this server: with several at once everybody waits as long as the slowest."""
    return FairQueue(most=MOST_WAITING, each=MOST_EACH, busy=lambda: wording.server_busy())


CALLS: Counter[str] = Counter()
"""How often each function was called in the line since the server started: "encode" is a pass of a backbone."""


def infer(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call the function when this session's turn comes and return what it returns; its error is raised here. Where its
    model had to leave the device meanwhile, the session is told.

    Raises:
        BusyError: too many wait already.
    """

    def counted() -> T:
        CALLS[function.__name__] += 1  # by the one worker only
        return function(*args, **options)

    before = _why(args)
    answer = queue().ask(_session(), counted, kind=_kind(function, args), still_wanted=still_wanted)
    if (why := _why(args)) != before and _session():
        st.toast(words.moved(why), icon=":material/memory:")
    return answer


def _why(args: tuple[object, ...]) -> str:
    """Why the model among the arguments is computed on the CPU in another device's place; empty where it is not."""
    return next((one.place.why for one in args if hasattr(one, "place")), "")


@cache
def _preparation() -> FairQueue:
    return FairQueue(most=MOST_WAITING, each=MOST_EACH, busy=lambda: wording.server_busy())


def prepare(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """As `infer`, in a second line, for what is done with a file before the network sees it: decoding, checking.

    Raises:
        BusyError: too many wait already.
    """
    kind = _kind(function, args)
    return _preparation().ask(_session(), lambda: function(*args, **options), kind=kind, still_wanted=still_wanted)


def _kind(function: Callable[..., object], args: tuple[object, ...]) -> tuple[str, int]:
    """What takes about as long: the same work, with half as many classes at least and twice as many at most, or with so
    many bytes."""
    size = max((_size(argument) for argument in args), default=0)
    return function.__name__, size.bit_length()


def _size(argument: object) -> int:
    if isinstance(argument, bytes):
        return len(argument)
    if isinstance(argument, Path):
        with suppress(OSError):
            return argument.stat().st_size
    classes = getattr(argument, "classes", ())
    return len(classes) if isinstance(classes, tuple | list) else 0


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else ""
