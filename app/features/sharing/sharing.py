"""What stands on every page: the bar with the link and its code for a class room, what an address said in vain, and the
connection to the server."""

from __future__ import annotations

from typing import Any

import segno
import streamlit as st

from app.base import component_values, i18n, link_locks, session, visitors
from app.base.wording import wording_serving
from app.base.wording import wording_sharing as words
from app.services import gallery, limits, visitor_files
from app.ui.components import component, version

_share = component("share")
_connection = component("connection")

LONGEST_CODE = 1200
"""A code of more signs than this is too fine for a camera at the far end of a room."""
SUBJECT = (session.PICTURE, session.MODEL)
OF_PAGES = {
    "explore": (*SUBJECT, session.CLASS, session.K, session.SIZES, session.DISTINCT),
    "lesson": (*SUBJECT, session.K, session.SIZES),
    "maps": (*SUBJECT, session.CLASS, session.K, session.SIZES, session.METHODS),
    "anchors": (*SUBJECT, session.K, session.SIZES),
    "views": (*SUBJECT, session.CLASS, session.AGAINST, session.K, session.SIZES, session.DISTINCT),
    "region": (*SUBJECT, session.CLASS, session.BEST),
    "compare": (*SUBJECT, session.SECOND, session.CLASS, session.K, session.SIZES),
    "evaluate": (session.MODEL, session.DATA),
}
"""What a link to a page can hold; a page that is not named here can hide the others only."""
ASKING = ("explore", "maps", "anchors", "views", "region")
"""Pages that can ask before they tell."""


def navigation() -> Any:
    """How the list of pages is shown: not at all in a page of somebody else's, nor where a link hides it."""
    return "hidden" if st.context.is_embedded or link_locks.hidden(link_locks.PAGES) else "top"


def begin(page: str) -> None:
    """What stands above every page: the bar, unseen in a page of somebody else's, and one line on what was left out of
    the address, once something is."""
    with st.container(gap=None):
        # In no fragment: what it tells runs the whole page again.
        _connection(
            key=session.CONNECTION,
            on_again_change=lambda: None,
            data={"words": words.CONNECTION, "version": version()},
        )
        _bar(page)
    place = st.empty()

    def show() -> None:
        place.caption(words.ignored(session.ignored()))

    session.put(session.SHOW_IGNORED, show)
    visitors.see()
    _expect_few_pages()
    visitor_files.heed_key()
    session.heed(page)
    i18n.heed()
    if session.ignored():
        show()


def _expect_few_pages() -> None:
    """Nothing more on this page if its visitor has too many open: each of them holds what it shows."""
    most = limits.most_pages()
    if most is not None and visitors.VISITS.before(visitors.session_id(), visitors.connected()) >= most:
        st.error(wording_serving.MANY_PAGES.format(most=most))
        st.stop()


@st.fragment
def _bar(page: str) -> None:
    """The languages and the two buttons; only this part is run again when a code is asked for."""
    link, wish = component_values.text(session.SHARE, "link"), component_values.text(session.SHARE, "language")
    if wish is not None and wish in i18n.languages() and wish != session.get(session.LANGUAGE):
        i18n.choose(wish)
        st.rerun()
    _share(
        key=session.SHARE,
        on_link_change=lambda: None,
        on_language_change=lambda: None,
        data={
            "embedded": st.context.is_embedded,
            "language": i18n.current(),
            "languages": [{"id": one.code, "name": one.name} for one in i18n.languages().values()],
            "words": words.SHARE,
            "controls": [_control(name) for name in (*OF_PAGES.get(page, ()), link_locks.PAGES)],
            "questions": [{"id": name, "title": text} for name, text in words.QUESTIONS.items() if page in ASKING],
            "own": _own(page),
            "code": {"link": link, "src": code(link)} if link is not None else None,
        },
    )


def _control(name: str) -> dict[str, Any]:
    ways = ["free", "hidden"] if name == link_locks.PAGES else ["free", "locked", "hidden"]
    return {"id": name, "title": words.CONTROLS[name], "ways": ways}


def _own(page: str) -> list[str]:
    """What is on the page and does not travel with a link."""
    if page not in OF_PAGES:
        return []
    own = ["picture"] if session.get(session.PICTURE) == gallery.OWN else []
    return [*own, "model"] if str(session.get(session.MODEL)).startswith(visitor_files.OWN_PREFIX) else own


@st.cache_data(show_spinner=False, max_entries=64)
def code(link: str) -> str:
    """A QR code as the data URL of an SVG, dark on light whatever the theme; empty if the link is too long."""
    if len(link) > LONGEST_CODE or not link.startswith(("http://", "https://")):
        return ""
    return segno.make(link, error="m", micro=False).svg_data_uri(border=4, dark="#000", light="#fff")
