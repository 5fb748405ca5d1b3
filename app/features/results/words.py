"""The sentences of the Results page that are filled in."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording.wording import plain
from mvfa_core.experiments.plan import Settings


def _states() -> dict[str, str]:
    return {
        "done": _("done"),
        "running": _("running"),
        "partly": _("partly"),
        "failed": _("failed"),
        "diverged": _("diverged"),
        "to do": _("to do"),
        "data missing": _("data missing"),
        "another run": _("another run"),
    }


def state(name: str) -> str:
    """How far a cell of a table is, or a run behind it."""
    return _states().get(name, name)


def steps(done: int, there: int) -> str:
    """How many steps, and of how many if the paper took more."""
    return f"{done:,}" if done == there else _("{here:,} of {there:,}").format(here=done, there=there)


def backbone(used: str, there: str) -> str:
    """Which backbone, and in place of which if it is another."""
    return used if used == there else _("{here} in place of {there}").format(here=used, there=there)


def band(low: float, high: float, pictures: int) -> str:
    """A band of object scale, as the head of a column."""
    return _("{low:.2f} to {high:.2f} (n = {pictures:,})").format(low=low, high=high, pictures=pictures)


def scales_note(spread: float | None) -> str:
    """What the table by object scale holds."""
    return _(
        "Accuracy in per cent of the held-out pictures whose object spans that share of the picture's side, the mean "
        "over the seeds. The paper's reason for views is the small object on the left.{more}"
    ).format(
        more=""
        if spread is None
        else _(" Over the seeds they scatter by up to {spread:.1f} points.").format(spread=spread)
    )


def settings(chosen: Settings) -> str:
    """What a table's settings change of the paper's, for the list of them."""
    said = [_("{percent:g} % of training").format(percent=100 * chosen.steps_scale)] if chosen.steps_scale != 1 else []
    said += [_("{name} recipe").format(name=plain(chosen.recipe))] if chosen.recipe else []
    said += [_("backbone {name}").format(name=plain(chosen.backbone))] if chosen.backbone else []
    said += [_("batches of {n}").format(n=chosen.batch)] if chosen.batch else []
    said += [_("a validation every {n} steps").format(n=chosen.val_every)] if chosen.val_every else []
    said += [_("{n:,} drawn pictures").format(n=chosen.train_n)] if chosen.train_n else []
    return _(", ").join(said) or _("the paper's settings")
