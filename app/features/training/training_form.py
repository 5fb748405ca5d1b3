"""The last groups of the set-up form: training, device and when to stop."""

from __future__ import annotations

import streamlit as st

from app.base.i18n import _
from app.features.training import form_fields
from app.features.training import set_up_words as words
from app.features.training.form_fields import Form, choice, number, select, whole
from mvfa_core.training.measured import devices_here
from mvfa_core.training.recipes import LOGS, MOST_FILM, PRECISIONS


def training(form: Form) -> None:
    """Augmentation, batches, the optimiser and its schedule, and when to validate."""
    values, base = form.values, form.base
    left, middle, right = st.columns(3)
    with left:
        values["augment"] = choice(
            _("Augmentation"), {"flip-crop": _("Flip and crop"), "none": _("None")}, base.augment, "augment"
        )
        values["mix"] = choice(
            _("Mixing"),
            {"none": _("None"), "mixup": _("Mixup"), "cutmix": _("CutMix"), "cutout": _("Cutout")},
            base.mix,
            "mix",
        )
        values["seed"] = whole(_("Seed"), base.seed, "seed")
    with middle:
        values["optimizer"] = choice(
            _("Optimiser"), {"adam": _("Adam"), "adamw": _("AdamW")}, base.optimizer, "optimizer"
        )
        values["schedule"] = choice(
            _("Schedule"), {"constant": _("Constant"), "one-cycle": _("One cycle")}, base.schedule, "schedule"
        )
        values["lr"] = number(_("Learning rate"), base.lr, "lr", least=1e-6, step=1e-4)
        values["weight_decay"] = number(_("Weight decay"), base.weight_decay, "weight_decay", step=0.001)
    with right:
        values["batch"] = whole(_("Batch"), base.batch, "batch")
        train_n = form.train_n
        if train_n and values["batch"] > train_n:
            st.caption(
                _("There are {train:,} pictures to train on, so every batch has {train:,}.").format(train=train_n)
            )
        values["val_every"] = whole(_("Validate every … steps"), base.val_every, "val_every")
        if values["val_every"] > values["steps"]:
            st.caption(_("The run is shorter: it is validated once, at its end."))


def _ending(form: Form) -> None:
    """Which side is watched, and when that is enough; the test side ends no run."""
    values, base = form.values, form.base
    sides = {
        side: title for side, title in words.validate_on_shown().items() if side in ("val", "test", base.validate_on)
    }
    values["validate_on"] = choice(
        _("Validate on"), sides, base.validate_on, "validate_on", help=words.validate_on_help()
    )
    test = values["validate_on"] == "test"
    start = None if base.stop_at is None else 100 * base.stop_at
    enough = st.number_input(
        _("Enough at a validation accuracy of … %"),
        1.0,
        100.0,
        start,
        step=1.0,
        key=form_fields.key("stop_at"),
        help=_("Empty: all steps are done."),
        placeholder=_("none"),
        disabled=test,
        **form_fields.LAYOUT,
    )
    patience = st.number_input(
        _("Give up after … validations without a better one"),
        1,
        int(form_fields.bound("patience").offered),
        base.patience,
        key=form_fields.key("patience"),
        placeholder=_("none"),
        disabled=test,
        **form_fields.LAYOUT,
    )
    values["stop_at"] = None if enough is None or test else enough / 100
    values["patience"] = None if test else patience
    if test:
        st.caption(words.validate_on_test())


def device(form: Form) -> None:
    """Device and precision, stop conditions, the film and a logger."""
    values, base, here = form.values, form.base, devices_here()
    gpu = any(name.startswith("cuda") for name in here)
    left, right = st.columns(2)
    with left:
        values["device"] = select(
            _("Device"), ["auto", *here], base.device, "device", help=_("auto takes a GPU if there is one.")
        )
        precisions = [name for name in PRECISIONS if gpu or name not in ("fp16", "tf32")]
        values["precision"] = select(
            _("Precision"),
            precisions,
            base.precision,
            "precision",
            help=_("auto: bf16 on a GPU that has it, fp32 elsewhere."),
        )
        values["compile"] = values["deterministic"] = "off"
        if gpu:
            on = st.toggle(
                _("Compile the model"),
                base.compile == "on",
                key=form_fields.key("compile"),
                help=_("The first steps take minutes, the others less."),
            )
            values["compile"] = "on" if on else "off"
            same = st.toggle(
                _("Same result every time"),
                base.deterministic == "on",
                key=form_fields.key("deterministic"),
                help=words.deterministic_help(),
            )
            values["deterministic"] = "on" if same else "off"
        values["log"] = select(_("Also log to"), list(LOGS), base.log, "log")
    with right:
        _ending(form)
        values["film"] = st.slider(
            _("Pictures in the film"),
            0,
            MOST_FILM,
            base.film,
            key=form_fields.key("film"),
            help=_("So many held-out pictures are explained at every validation; 0 for none."),
            **form_fields.LAYOUT,
        )
