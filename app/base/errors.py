"""What went wrong, told to a visitor: a sentence without a traceback and without the places of this machine."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import streamlit as st

from app.base import page_rate, permissions
from app.base.i18n import _
from app.base.permissions import NotYoursError
from app.base.refusals import BusyError, QuotaError
from app.base.settings import read_only
from app.base.wording import wording
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.data.sets import DataError
from mvfa_core.evaluation import EvaluationError
from mvfa_core.experiments.results import ResultsError
from mvfa_core.files import sentence_of
from mvfa_core.images import PictureError
from mvfa_core.names import visible
from mvfa_core.training.runs import RunError

LONGEST = 600
REFUSALS = (
    BusyError, CheckpointError, DataError, EvaluationError, NotYoursError, PictureError, QuotaError, ResultsError,
    RunError,
)  # fmt: skip
"""What is said in words: files that are not what they should be or not there any more, and a line that is full."""
# A path from the root, on any system: what stands before its last part is nobody's business.
_PLACE = re.compile(r"(?<![\w.~/\\])(?:[A-Za-z]:[\\/]|~?/)(?:[^\s/\\\"':;,()]+[/\\])+")


def message(error: BaseException | str) -> str:
    """The error as words for anybody; Markdown must still be kept from it, see `wording.plain`."""
    text = sentence_of(error) if isinstance(error, OSError) else str(error) or type(error).__name__
    return visible(_PLACE.sub("", " ".join(text.split())), LONGEST)


@contextmanager
def error_boundary() -> Iterator[None]:
    """Around what reads files that others may take away, fill up or spoil meanwhile: the page says so and ends there.
    What happened stands in the server's log in full. Anything else is a mistake of ours, and stays one."""
    try:
        yield
    except (OSError, MemoryError, *REFUSALS) as error:
        logging.getLogger(__name__).warning("a page ended in words", exc_info=error)
        why = _("it takes more memory than there is") if isinstance(error, MemoryError) else message(error)
        st.error(
            _(
                "This cannot be shown: {why}. Nothing was changed; choose something else, or load the page again."
            ).format(why=wording.plain(why.rstrip(".")))
        )


@contextmanager
def or_stop() -> Iterator[None]:
    """Around what the rest of a page stands on: where it cannot be had, the page says why and ends there."""
    try:
        yield
    except ValueError as error:
        st.error(wording.plain(message(error)))
        st.stop()


def part(body: Callable[..., None]) -> Callable[..., None]:
    """A part of a page that runs again without the rest of it, and that ends in words as the page does."""

    @wraps(body)
    def paced(*args: Any, **options: Any) -> None:
        page_rate.heed(part=True)
        body(*args, **options)

    return st.fragment(error_boundary()(paced))


def pressed(action: Callable[..., Any]) -> Callable[..., None]:
    """For buttons: the action; on a read-only server nothing, and the page says why without being asked.

    A refusal stands in a note over the page: the part that holds the button is drawn again, or gone, before it could be
    read there. So does what another server or a hand did to the folder between the drawing and the press.
    """

    def quietly(*args: Any, **options: Any) -> None:
        if read_only():
            return
        try:
            permissions.expect_mine(action, *args)
            action(*args, **options)
        except (OSError, *REFUSALS) as error:
            st.toast(wording.plain(message(error)), icon=":material/error:", duration="long")

    return quietly
