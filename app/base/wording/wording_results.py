"""Every sentence of the Results page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_results as here
from app.base.wording.wording import plain
from mvfa_core.experiments.plan import Settings

i18n.speaks(__name__)

NAV = "Results"
TITLE = "The paper's tables, ours beside theirs"
INTRO = (
    "Only what was run has a number of ours, here or for the report that comes with the project; each says with which "
    "steps, seeds and backbone. Fewer steps or a smaller backbone do not test what the paper's models reach."
)
EXPERIMENT = "Table or figure"
SETTINGS = "Settings"

EMPTY_TITLE = "Nothing reproduced yet"
EMPTY_TEXT = (
    "A table is filled from a terminal, cell by cell; this one trains two small models on drawn pictures in a few "
    "minutes. Listing what a whole table would cost is free with the option dry-run."
)
EMPTY_COMMAND = (
    "python -m mvfa_core reproduce table3 --rows GAP K=50 --datasets synthetic --backbone compact "
    "--batch 16 --steps-scale 0.01 --data-n 2000"
)
UNREADABLE = "The results cannot be shown"
NONE = "None of its cells was asked for under these settings."

CELLS = "Cell by cell"
CELL_COLUMNS = {
    "row": "Row",
    "data": "Dataset",
    "ours": "Ours, %",
    "spread": "± over seeds",
    "paper": "Paper, %",
    "difference": "Difference",
    "over_gap": "Over our GAP",
    "paper_over_gap": "Over the paper's GAP",
    "seeds": "Seeds",
    "steps": "Steps",
    "backbone": "Backbone",
    "state": "State",
}
SCALES = "By the size of the object"
RUNS = "The runs behind the figures"
RUNS_NOTE = (
    "A run opens on the Train page. One whose folder is not here, because it was cleared away or trained elsewhere, "
    "keeps its figure without a link."
)
RUN_COLUMNS = {
    "link": "Run",
    "row": "Row",
    "data": "Dataset",
    "seed": "Seed",
    "state": "State",
    "steps": "Steps",
    "accuracy": "Accuracy, %",
    "message": "What it said",
}
STATES = {
    "done": "done",
    "running": "running",
    "partly": "partly",
    "failed": "failed",
    "diverged": "diverged",
    "to do": "to do",
    "data missing": "data missing",
    "another run": "another run",
}
COMMAND = "The same from a terminal"
SETTINGS_PAPER = "the paper's settings"
SETTINGS_SHARE = "{share:g} of the steps"
SETTINGS_RECIPE = "our {name} recipe"
SETTINGS_BACKBONE = "backbone {name}"
SETTINGS_BATCH = "batches of {n}"
SETTINGS_EVERY = "a validation every {n} steps"
SETTINGS_DRAWN = "{n:,} drawn pictures"
SETTINGS_AND = ", "
DOWNLOADS = {"markdown": "Markdown", "csv": "CSV", "latex": "LaTeX"}
TO_TRAIN = "Watch the runs on the Train page"

STEPS_OF = "{here:,} of {there:,}"
BACKBONE_OTHER = "{here} in place of {there}"
BAND = "{low:.2f} to {high:.2f} (n = {pictures:,})"
SCALES_NOTE = (
    "Accuracy in per cent of the held-out pictures whose object spans that share of the picture's side, the mean over "
    "the seeds. The paper's reason for views is the small object on the left.{more}"
)
SCALES_SPREAD = " Over the seeds they scatter by up to {spread:.1f} points."


def state(name: str) -> str:
    """How far a cell of a table is, or a run behind it."""
    return here.STATES.get(name, name)


def steps(done: int, there: int) -> str:
    """How many steps, and of how many if the paper took more."""
    return f"{done:,}" if done == there else here.STEPS_OF.format(here=done, there=there)


def backbone(used: str, there: str) -> str:
    """Which backbone, and in place of which if it is another."""
    return used if used == there else here.BACKBONE_OTHER.format(here=used, there=there)


def band(low: float, high: float, pictures: int) -> str:
    """A band of object scale, as the head of a column."""
    return here.BAND.format(low=low, high=high, pictures=pictures)


def scales_note(spread: float | None) -> str:
    """What the table by object scale holds."""
    return here.SCALES_NOTE.format(more="" if spread is None else here.SCALES_SPREAD.format(spread=spread))


def settings(chosen: Settings) -> str:
    """What a table's settings change of the paper's, for the list of them."""
    said = [here.SETTINGS_SHARE.format(share=chosen.steps_scale)] if chosen.steps_scale != 1 else []
    said += [here.SETTINGS_RECIPE.format(name=plain(chosen.recipe))] if chosen.recipe else []
    said += [here.SETTINGS_BACKBONE.format(name=plain(chosen.backbone))] if chosen.backbone else []
    said += [here.SETTINGS_BATCH.format(n=chosen.batch)] if chosen.batch else []
    said += [here.SETTINGS_EVERY.format(n=chosen.val_every)] if chosen.val_every else []
    said += [here.SETTINGS_DRAWN.format(n=chosen.train_n)] if chosen.train_n else []
    return here.SETTINGS_AND.join(said) or here.SETTINGS_PAPER
