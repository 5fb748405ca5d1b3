"""The sentences of sharing: links, what they hold, questions, and what an address said in vain."""

from __future__ import annotations

from collections.abc import Sequence

from app.base import i18n
from app.base.wording import wording_sharing as here
from app.base.wording.wording import percent, plain

i18n.speaks(__name__)

CONTROLS = {
    "picture": "the picture",
    "model": "the model",
    "class": "the class to explain",
    "k": "the anchors K",
    "sizes": "the region sizes",
    "distinct": "near doubles",
    "against": "the class compared with",
    "methods": "the other methods",
    "second": "the second model",
    "best": "the best rectangle",
    "data": "the data set",
    "pages": "the other pages",
}
"""What a link can lock or hide, by its name in the address, as it is called in a sentence."""
LOCKED = "The link you opened keeps this as it is."

CONNECTION = {
    "away": "The connection to the server is lost. This page tries again and goes on by itself.",
    "closed": "The server was restarted and asks for the passcode again.",
    "enter": "Enter the passcode",
}

SHARE = {
    "language": "Language",
    "copy": "Copy link",
    "copied": "Link copied",
    "refused": "The browser does not let the page copy: press Ctrl+C or Cmd+C",
    "share": "Share",
    "title": "Share this view",
    "link": "Link to what is on the screen",
    "close": "Close",
    "qr": "For a class room",
    "qr_alt": "QR code of the link above",
    "qr_wait": "Drawing the code",
    "qr_none": "This link is too long for a code that a camera can read.",
    "large": "Fill the screen",
    "local": (
        "The address begins with {host}: it leads to this computer and to no other. For a class room, serve the app "
        "under an address that others can reach, open that one here, and share again."
    ),
    "own_picture": "Your own picture stays on this computer: whoever opens the link sees the example in its place.",
    "own_model": "Your own model stays on this computer: whoever opens the link sees a bundled one in its place.",
    "teacher": "For teaching",
    "free": "free",
    "locked": "locked",
    "hidden": "hidden",
    "holds": "What the link holds",
    "holds_note": "It guides and does not protect: whoever changes the address by hand can move everything again.",
    "ask": "Ask before telling",
    "ask_note": "On the pages of one picture, the question comes first and the page after the answer.",
    "embed": "Without menus, to be embedded in another page",
    "embed_note": "The page it is embedded in must be allowed by the server: see docs/sharing.md.",
}
IGNORED = "Left out of this address, as it means nothing here: {what}."
IGNORED_MORE = "and {count} more"
IGNORED_MOST, VALUE_MOST = 4, 40

QUESTIONS = {
    "where": "Where does the classifier look?",
    "winner": "Which region is surest?",
    "k1": "Does it need more than one anchor?",
}
"""The questions that a link can ask, by their name in the address."""
QUESTION_INTRO = "Before the page answers: what do you think?"
WHERE_ASK = "Click the cell of the picture where AdaCAM will be highest, or move there with the arrow keys."
WHERE = {
    "label": "The picture: click a cell, or move to it with the arrow keys",
    "readout": "cell ({x0}, {y0})",
}
WINNER_ASK = "Of which size, in cells, is the region that is surest of {name}?"
WINNER_OPTION = "{r} × {r}"
K1_ASK = "With K = 1 only the regions around the highest cell of AdaCAM vote. Does the answer stay **{name}**?"
K1_OPTIONS = ("It stays", "It changes")
QUESTION_ANSWER = "This is my answer"
QUESTION_SKIP = "Show me"

LOCKED_NAMES = "The link you opened keeps as they are: {names}."
WHERE_SKIPPED = "You did not say where."
WHERE_RANK = "Your cell ({x}, {y}) has rank {rank} of {cells} in AdaCAM{more}."
WHERE_HIT = ": it is one of the {anchors} anchors"
WHERE_MISSED = ": it is none of the {anchors} anchors"
WINNER_FOUND = "The surest region has {truth} × {truth} cells and is {share} sure of {name}{more}."
WINNER_RIGHT = "; you said {said} × {said}, which is right"
WINNER_WRONG = "; you said {said} × {said}"
K1_STAYS = "With K = 1 the answer stays {other}{more}."
K1_CHANGES = "With K = 1 the answer changes to {other}{more}."
K1_SAID_STAYS = "; you said it stays"
K1_SAID_CHANGES = "; you said it changes"


def locked(names: Sequence[str]) -> str:
    """What a link has locked."""
    return here.LOCKED_NAMES.format(names=", ".join(names))


def ignored(met: Sequence[tuple[str, str]]) -> str:
    """What of an address was left out: its names and values as plain text, cut to a sensible length."""
    shown = [f"{plain(cut(key))} = {plain(cut(value)) or '“”'}" for key, value in met[:IGNORED_MOST]]
    if len(met) > IGNORED_MOST:
        shown.append(here.IGNORED_MORE.format(count=len(met) - IGNORED_MOST))
    return here.IGNORED.format(what="; ".join(shown))


def cut(text: str) -> str:
    """Untrusted text without signs that cannot be seen, and not too long."""
    seen = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: VALUE_MOST + 1])
    return seen if len(text) <= VALUE_MOST else f"{seen[:VALUE_MOST]}…"


def where_result(cell: tuple[int, int] | None, rank: int, cells: int, anchors: int | None) -> str:
    """How good the clicked cell was."""
    if cell is None:
        return here.WHERE_SKIPPED
    more = ""
    if anchors is not None:
        more = (here.WHERE_HIT if rank <= anchors else here.WHERE_MISSED).format(anchors=anchors)
    return here.WHERE_RANK.format(x=cell[0], y=cell[1], rank=rank, cells=cells, more=more)


def winner_result(said: int | None, truth: int, name: str, share: float) -> str:
    """Whether the size was right."""
    more = ""
    if said is not None:
        more = (here.WINNER_RIGHT if said == truth else here.WINNER_WRONG).format(said=said)
    return here.WINNER_FOUND.format(truth=truth, share=percent(share), name=plain(name), more=more)


def k1_result(said: bool | None, first: str, other: str) -> str:
    """Whether the answer stays with one anchor."""
    more = "" if said is None else here.K1_SAID_STAYS if said else here.K1_SAID_CHANGES
    return (here.K1_STAYS if first == other else here.K1_CHANGES).format(other=plain(other), more=more)
