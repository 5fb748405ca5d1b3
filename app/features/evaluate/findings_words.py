"""What is found in a data set, put into sentences, on the Evaluate page."""

from __future__ import annotations

from app.base.i18n import _, ngettext
from app.base.wording import wording
from app.base.wording.wording import doing, percent, plain


def count(number: int) -> str:
    """ "1 picture", "1,234 pictures"."""
    return (ngettext("{n:,} picture", "{n:,} pictures", number)).format(n=number)


def headline(n: int, right: int, auxiliary: int | None) -> str:
    """How many answers are right, in a sentence."""
    more = ""
    if auxiliary is not None:
        more = _("; its whole-image classifier alone {right:,}, {share}").format(
            right=auxiliary, share=share(auxiliary, n)
        )
    return _("Of {pictures} the model gets **{right:,}** right, {share}{more}.").format(
        pictures=count(n), right=right, share=share(right, n), more=more
    )


def views_helped(rescued: int, harmed: int, p: float) -> str:
    """Rescued and harmed, and whether chance would do the same."""
    if not rescued + harmed:
        return _("The views change no answer from right to wrong or back.")
    return _(
        "The views rescue **{rescued}** that the whole-image classifier gets wrong and harm **{harmed:,}** it gets "
        "right. {chance}"
    ).format(rescued=count(rescued), harmed=harmed, chance=chance(p))


def chance(p: float) -> str:
    """The exact sign test in words."""
    return _("Exact sign test: p {p}, {verdict}.").format(
        p="< 0.001" if p < 0.001 else f"= {p:.3f}",
        odds=_("less than once in a thousand")
        if p < 0.001
        else _("in {percent:.1f}\u00a0% of cases").format(percent=100 * p),
        verdict=_("so chance explains it badly") if p < 0.05 else _("so chance may well explain it"),
    )


def against(name: str, other: str, first: int, second: int, n: int) -> str:
    """Two models on the same pictures."""
    return _("On the same {pictures}, **{name}** is right on {first} and **{other}** on {second}.").format(
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
    return (
        said
        if agreeing is None
        else _("{share}, {views} of views").format(share=said, views=wording.share(agreeing, 0))
    )


def sure_hint(truth: str, said: str, confidence: float) -> str:
    """A small picture in words."""
    if truth == said:
        return _("{truth}, right, {share} sure").format(truth=truth, share=percent(confidence))
    return _("{truth}, answered {said}, {share} sure").format(truth=truth, said=said, share=percent(confidence))


def crop_hint(truth: str, wrong: str, confidence: float, r: int) -> str:
    """A wrong view in words."""
    return _("{truth}; a region of {r} × {r} cells is {share} sure of {wrong}").format(
        truth=truth, r=r, share=percent(confidence), wrong=wrong
    )


def crop_line(wrong: str, confidence: float, r: int) -> tuple[str, str]:
    """The lines below a wrong view."""
    first, second = (_("predicted {wrong}"), _("{share}, r = {r}"))
    return first.format(wrong=wrong), second.format(share=percent(confidence), r=r)


def shown(number: int, total: int) -> str:
    """How many of the pictures the filters leave."""
    return (
        count(number) if number == total else _("{number:,} of {pictures}").format(number=number, pictures=count(total))
    )


def calibration(error: float, confidence: float, accuracy: float) -> str:
    """The diagram in words."""
    gap = confidence - accuracy
    way = _("confidence = accuracy")
    if abs(gap) > 0.005:
        way = _("surer than it is right") if gap > 0 else _("less sure than it is right")
    return _(
        "On the whole it is {confidence} sure and {accuracy} right: {way}. The gap between the two, averaged over ten "
        "bins of confidence, is {error:.3f} (expected calibration error)."
    ).format(confidence=percent(confidence), accuracy=wording.share(accuracy), way=way, error=error)


def progress(what: str, done: int, total: int, left: float | None) -> str:
    """How far it is, and how long the rest takes."""
    what = doing(what)
    what = f"{what[:1].upper()}{what[1:]}"
    if left is None or done >= total:
        return _("{what}: {done:,} of {total:,}").format(what=what, done=done, total=total)
    return _("{what}: {done:,} of {total:,}, about {left} left").format(
        what=what, done=done, total=total, left=duration(left)
    )


def _duration_words() -> dict[str, str]:
    return {"s": _("{n} s"), "min": _("{n} min"), "h": _("{n:.1f} h")}


def duration(seconds: float) -> str:
    """Seconds in sensible words."""
    if seconds < 90:
        return _duration_words()["s"].format(n=max(1, round(seconds)))
    if seconds < 5400:
        return _duration_words()["min"].format(n=round(seconds / 60))
    return _duration_words()["h"].format(n=seconds / 3600)
