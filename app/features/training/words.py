"""What is said of a run: how far it is, how it ended, what it trains."""

from __future__ import annotations

from app.base import i18n
from app.base.i18n import _
from app.base.wording import wording
from app.base.wording.wording import share


def _duration_words() -> dict[str, str]:
    return {"s": _("{n} s"), "min": _("{n} min"), "h": _("{n} h")}


def duration(seconds: float) -> str:
    """A time that is left, as a person would say it."""
    if seconds < 90:
        return _duration_words()["s"].format(n=f"{max(seconds, 0):.0f}")
    if seconds < 5400:
        return _duration_words()["min"].format(n=f"{seconds / 60:.0f}")
    return _duration_words()["h"].format(n=f"{seconds / 3600:.1f}")


def rate(steps_per_s: float) -> str:
    """How fast it goes, in steps a second or seconds a step."""
    if steps_per_s >= 1:
        return _("{steps:.1f} steps a second").format(steps=steps_per_s)
    return _("{seconds:.1f} s a step").format(seconds=1 / steps_per_s)


def best(value: float, step: int) -> str:
    """The best validation and where it was."""
    return _("{share} at {step:,}").format(share=share(value), step=step)


def memory(megabytes: float) -> str:
    """Memory in use on the device."""
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"


def listed(words: list[str]) -> str:
    """Things in a sentence: a, b and c."""
    return i18n.listed(words)


def accuracy(value: float | None) -> str:
    """The last validation's result."""
    return _("not validated yet") if value is None else _("validation accuracy {share}").format(share=share(value))


def _endings() -> dict[str, str]:
    return {
        "queued": _("Queued, {accuracy}."),
        "finished": _("Finished, {accuracy}."),
        "paused": _(
            "Paused, {accuracy}. The model can be looked at; resumed, the run goes on as if nothing had happened."
        ),
        "stopped": _("Stopped on request; the model is kept as it was, {accuracy}."),
        "diverged": _(
            "The loss was no longer a number, so the run ended itself. A tenth of the learning rate usually helps."
        ),
        "failed": _("The run ended with an error. What it printed is in output.log of its folder."),
        "lost": _(
            "The process of this run is gone without a word: the computer was restarted, or it ran out of memory. The "
            "run can go on from its last validation."
        ),
    }


def ending(state: str, value: float | None, *, saved: bool) -> str:
    """How a run ended, and what can be done about it."""
    said = _endings()[state].format(accuracy=accuracy(value))
    return (
        said if saved else _("{ending} {unsaved}").format(ending=said, unsaved=_("It ended before a model was saved."))
    )


def model(pooling: str, backbone: str) -> str:
    """What kind of model a run trains."""
    return _("{pooling} on {backbone}").format(pooling=pooling.upper(), backbone=backbone)


def trained(kind: str, data: str, views: tuple[int, tuple[int, ...]] | None, seed: int) -> str:
    """What is trained, in a line; `views` is K and L_R, None where there are none."""
    if views is None:
        return _("{model}, {data}, seed {seed}").format(model=kind, data=data, seed=seed)
    return _("{model}, {data}, K = {k}, L_R = {sizes}, seed {seed}").format(
        model=kind, data=data, k=views[0], sizes=", ".join(map(str, views[1])), seed=seed
    )


def preparing(note: str) -> str:
    """How far a run's pictures are, from the note that its process left: "decoding train: 1,024 of 9,469"."""
    what, _unused, count = note.rpartition(": ")
    done, of, total = count.partition(" of ")
    return _("{what}: {done} of {total}").format(what=wording.doing(what), done=done, total=total) if of else note


def states() -> dict[str, str]:
    return {
        "queued": _("Queued"),
        "starting": _("Starting"),
        "running": _("Running"),
        "paused": _("Paused"),
        "finished": _("Finished"),
        "stopped": _("Stopped"),
        "diverged": _("Diverged"),
        "failed": _("Failed"),
        "lost": _("Lost"),
        "unreadable": _("Unreadable"),
    }
