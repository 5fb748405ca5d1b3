"""What stands on every page: the bar with the link and its code for a class room, what an address said in vain, and the
connection to the server."""

from __future__ import annotations

from typing import Any

import segno
import streamlit as st

from app.base import component_values, errors, i18n, link_locks, session, visitors
from app.base.i18n import _, pgettext
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
            data={
                "words": {
                    "away": _("The connection to the server is lost. This page tries again and goes on by itself."),
                    "closed": _("The server was restarted and asks for the passcode again."),
                    "enter": _("Enter the passcode"),
                },
                "version": version(),
            },
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
        st.error(
            _(
                "You have more than {most} pages of this server open. Close some of them, then load this one again."
            ).format(most=most)
        )
        st.stop()


def _share_words() -> dict[str, str]:
    return {
        "language": pgettext("bar", "Language"),
        "copy": _("Copy link"),
        "copied": _("Link copied"),
        "refused": _("The browser does not let the page copy: press Ctrl+C or Cmd+C"),
        "share": pgettext("button", "Share"),
        "title": _("Share this view"),
        "link": _("Link to what is on the screen"),
        "close": _("Close"),
        "qr": _("For a classroom"),
        "qr_alt": _("QR code of the link above"),
        "qr_wait": _("Drawing the code"),
        "qr_none": _("This link is too long for a code that a camera can read."),
        "large": _("Fill the screen"),
        "local": _(
            "The address begins with {host}: it leads to this computer and to no other. For a classroom, serve the "
            "app under an address that others can reach, open that one here, and share again."
        ),
        "own_picture": _(
            "Your own picture stays on this computer: whoever opens the link sees the example in its place."
        ),
        "own_model": _(
            "Your own model stays on this computer: whoever opens the link sees a bundled one in its place."
        ),
        "teacher": _("For teaching"),
        "free": _("editable"),
        "locked": _("locked"),
        "hidden": _("hidden"),
        "holds": _("What the link holds"),
        "holds_note": _(
            "It guides and does not protect: whoever changes the address by hand can move everything again."
        ),
        "ask": _("Quiz first"),
        "ask_note": _("On the pages of one picture, the question comes first and the page after the answer."),
        "embed": _("Without menus, to be embedded in another page"),
        "embed_note": _("The page it is embedded in must be allowed by the server: see docs/sharing.md."),
    }


@errors.part
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
            "words": _share_words(),
            "controls": [_control(name) for name in (*OF_PAGES.get(page, ()), link_locks.PAGES)],
            "questions": [{"id": name, "title": text} for name, text in words.questions().items() if page in ASKING],
            "own": _own(page),
            "code": {"link": link, "src": code(link)} if link is not None else None,
        },
    )


def _control(name: str) -> dict[str, Any]:
    ways = ["free", "hidden"] if name == link_locks.PAGES else ["free", "locked", "hidden"]
    return {"id": name, "title": words.controls()[name], "ways": ways}


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
