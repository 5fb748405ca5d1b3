"""What is found in a data set, put into sentences, on the Evaluate page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording
from app.base.wording import wording_findings as here
from app.base.wording.wording import percent, plain
from app.base.wording.wording_train import doing

i18n.speaks(__name__)

PICTURES_ONE = "{n:,} picture"
PICTURES_MANY = "{n:,} pictures"
SHOWN = "{number:,} of {pictures}"
HEADLINE = "Of {pictures} the model answers **{right:,}** rightly, {share}{more}."
HEADLINE_AUXILIARY = "; its auxiliary head alone {right:,}, {share}"
VIEWS_CHANGE_NOTHING = "The views change no answer from right to wrong or back."
VIEWS_HELPED = (
    "The views rescue **{rescued}** that the auxiliary head gets wrong and harm **{harmed:,}** it gets right. {chance}"
)
CHANCE = (
    "If both were equally good, a division at least this uneven would come about {odds} (exact sign test, p {p}), "
    "{verdict}."
)
CHANCE_ODDS = "in {percent:.1f}\u00a0% of cases"
CHANCE_ODDS_SMALL = "less than once in a thousand"
CHANCE_NO = "so chance explains it badly"
CHANCE_YES = "so chance may well explain it"
AGAINST_BOTH = "On the same {pictures}, **{name}** is right on {first} and **{other}** on {second}."
SURE_AGREEING = "{share}, {views} of views"
HINT_RIGHT = "{truth}, right, {share} sure"
HINT_WRONG = "{truth}, answered {said}, {share} sure"
CROP_HINT = "{truth}; a region of {r} × {r} cells is {share} sure of {wrong}"
CROP_LINES = ("taken for {wrong}", "{share}, r = {r}")
CALIBRATION = (
    "On the whole it is {confidence} sure and {accuracy} right: {way}. The gap between the two, averaged over ten bins "
    "of confidence, is {error:.3f} (expected calibration error)."
)
CALIBRATION_EVEN = "as sure as right"
CALIBRATION_SURER = "surer than it is right"
CALIBRATION_LESS = "less sure than it is right"
PROGRESS = "{what}: {done:,} of {total:,}"
PROGRESS_LEFT = "{what}: {done:,} of {total:,}, about {left} left"
DURATION = {"s": "{n} s", "min": "{n} min", "h": "{n:.1f} h"}


def count(number: int) -> str:
    """ "1 picture", "1,234 pictures"."""
    return (here.PICTURES_ONE if number == 1 else here.PICTURES_MANY).format(n=number)


def headline(n: int, right: int, auxiliary: int | None) -> str:
    """How many answers are right, in a sentence."""
    more = ""
    if auxiliary is not None:
        more = here.HEADLINE_AUXILIARY.format(right=auxiliary, share=share(auxiliary, n))
    return here.HEADLINE.format(pictures=count(n), right=right, share=share(right, n), more=more)


def views_helped(rescued: int, harmed: int, p: float) -> str:
    """Rescued and harmed, and whether chance would do the same."""
    if not rescued + harmed:
        return here.VIEWS_CHANGE_NOTHING
    return here.VIEWS_HELPED.format(rescued=count(rescued), harmed=harmed, chance=chance(p))


def chance(p: float) -> str:
    """The exact sign test in words."""
    return here.CHANCE.format(
        p="< 0.001" if p < 0.001 else f"= {p:.3f}",
        odds=here.CHANCE_ODDS_SMALL if p < 0.001 else here.CHANCE_ODDS.format(percent=100 * p),
        verdict=here.CHANCE_NO if p < 0.05 else here.CHANCE_YES,
    )


def against(name: str, other: str, first: int, second: int, n: int) -> str:
    """Two models on the same pictures."""
    return here.AGAINST_BOTH.format(
        pictures=count(n), name=plain(name), other=plain(other), first=share(first, n), second=share(second, n)
    )


def share(part: int, whole: int) -> str:
    """A share that may well be all or nothing."""
    return wording.share(part / max(whole, 1))


def answer(truth: str, said: str) -> str:
    """The first line below a small picture; other furniture shows it as plain text."""
    return truth if truth == said else f"{truth} → {said}"


def sure(confidence: float, agreeing: float | None) -> str:
    """The second line: how sure, and how many of the views agree."""
    said = percent(confidence)
    return said if agreeing is None else here.SURE_AGREEING.format(share=said, views=wording.share(agreeing, 0))


def sure_hint(truth: str, said: str, confidence: float) -> str:
    """A small picture in words."""
    if truth == said:
        return here.HINT_RIGHT.format(truth=truth, share=percent(confidence))
    return here.HINT_WRONG.format(truth=truth, said=said, share=percent(confidence))


def crop_hint(truth: str, wrong: str, confidence: float, r: int) -> str:
    """A wrong view in words."""
    return here.CROP_HINT.format(truth=truth, r=r, share=percent(confidence), wrong=wrong)


def crop_line(wrong: str, confidence: float, r: int) -> tuple[str, str]:
    """The lines below a wrong view."""
    first, second = here.CROP_LINES
    return first.format(wrong=wrong), second.format(share=percent(confidence), r=r)


def shown(number: int, total: int) -> str:
    """How many of the pictures the filters leave."""
    return count(number) if number == total else here.SHOWN.format(number=number, pictures=count(total))


def calibration(error: float, confidence: float, accuracy: float) -> str:
    """The diagram in words."""
    gap = confidence - accuracy
    way = here.CALIBRATION_EVEN
    if abs(gap) > 0.005:
        way = here.CALIBRATION_SURER if gap > 0 else here.CALIBRATION_LESS
    return here.CALIBRATION.format(
        confidence=percent(confidence), accuracy=wording.share(accuracy), way=way, error=error
    )


def progress(what: str, done: int, total: int, left: float | None) -> str:
    """How far it is, and how long the rest takes."""
    what = doing(what)
    what = f"{what[:1].upper()}{what[1:]}"
    if left is None or done >= total:
        return here.PROGRESS.format(what=what, done=done, total=total)
    return here.PROGRESS_LEFT.format(what=what, done=done, total=total, left=duration(left))


def duration(seconds: float) -> str:
    """Seconds in sensible words."""
    if seconds < 90:
        return here.DURATION["s"].format(n=max(1, round(seconds)))
    if seconds < 5400:
        return here.DURATION["min"].format(n=round(seconds / 60))
    return here.DURATION["h"].format(n=seconds / 3600)
