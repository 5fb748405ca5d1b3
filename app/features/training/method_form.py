"""The groups of the set-up form behind the first row, in the order of the method: model, views, training, device."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from app.base import errors, i18n, session
from app.base.settings import shared
from app.base.wording import wording
from app.base.wording import wording_set_up as words
from app.features.training import form_fields
from app.features.training.form_fields import Form, choice, number, select, whole
from app.services import allowed_paths
from app.ui.controls import SIZES
from mvfa_core.backbones import BACKBONES, TIMM, Backbone, find_backbone
from mvfa_core.model import POOLINGS
from mvfa_core.training.bounds import BOUNDS, MOST_FILM
from mvfa_core.training.measured import devices_here
from mvfa_core.training.recipes import LOGS, PRECISIONS

OTHER = "timm"


# --- model ---


def model(form: Form) -> None:
    """Backbone, weights, ending and head."""
    left, right = st.columns(2)
    with left:
        form.values["pooling"] = choice(
            words.POOLING, {name: name.upper() for name in POOLINGS}, form.base.pooling, "pooling",
            help=words.POOLING_HELP,
        )  # fmt: skip
        _backbone(form)
    with right:
        _weights(form)
        _head(form)


def _backbone(form: Form) -> None:
    known = form.base.backbone in BACKBONES
    notes = "  \n".join(f"{name}: {wording.plain(i18n.library(entry.note))}" for name, entry in BACKBONES.items())
    shown = {**{name: name for name in BACKBONES}, OTHER: words.BACKBONE_TIMM}
    start = form.base.backbone if known else OTHER
    chosen = select(words.BACKBONE, list(shown), start, "backbone", format_func=shown.__getitem__, help=notes)
    if chosen == OTHER:
        asked = form.base.backbone.removeprefix(TIMM) if not known else ""
        name = st.text_input(
            words.TIMM, asked, key=form_fields.key("timm"), help=words.TIMM_HELP, **form_fields.LAYOUT
        ).strip()
        if not name:
            form.problem(words.TIMM_NEEDED)
            return
        chosen = TIMM + name.removeprefix(TIMM)
    form.values["backbone"] = chosen
    entry, reason = backbone(chosen)
    if entry is None:
        form.problem(reason)
    else:
        st.caption(words.grid(entry[0], entry[1], entry[2]))


@st.cache_data(show_spinner=False, max_entries=64)
def backbone(name: str) -> tuple[tuple[int, int, int] | None, str]:
    """Channels, side and stride of a backbone, or None and the reason why it cannot be used."""
    try:
        entry: Backbone = find_backbone(name)
    except ValueError as error:
        return None, errors.message(error)
    return (entry.channels, entry.side, entry.stride), ""


def _weights(form: Form) -> None:
    asked = form.base.weights
    start = "none" if asked is None else asked if asked == "imagenet" else "file"
    if form.values.get("backbone") == "compact":
        form.values["weights"] = None
        fresh = words.WEIGHTS_SHOWN["none"]
        st.segmented_control(words.WEIGHTS, [fresh], default=fresh, disabled=True, key=form_fields.key("fresh"))
        st.caption(words.WEIGHTS_NONE)
        return
    shown = dict(words.WEIGHTS_SHOWN)
    if shared() and not allowed_paths.weights():
        shown.pop("file")
    kind = choice(words.WEIGHTS, shown, start if start in shown else "none", "weights")
    if kind != "file":
        form.values["weights"] = None if kind == "none" else kind
        if kind == "imagenet":
            st.caption(words.WEIGHTS_IMAGENET)
        return
    if shared():
        offered = allowed_paths.weights()
        form.values["weights"] = select(
            words.WEIGHTS_FILE, offered, str(asked), "weights_offered", format_func=lambda file: Path(file).name
        )
        return
    named = asked if start == "file" and asked else ""
    given = st.text_input(
        words.WEIGHTS_FILE,
        named,
        key=form_fields.key("weights_file"),
        help=words.WEIGHTS_FILE_HELP,
        **form_fields.LAYOUT,
    ).strip()
    file = Path(given).expanduser()
    form.values["weights"] = str(file)
    if not given:
        form.problem(words.WEIGHTS_FILE_NEEDED)
    elif not file.is_file():
        form.problem(words.WEIGHTS_FILE_MISSING)
    elif file.suffix.lower() not in allowed_paths.WEIGHT_FILES:
        form.problem(words.WEIGHTS_FILE_KIND)


def _head(form: Form) -> None:
    head = choice(words.HEAD, words.HEAD_SHOWN, form.base.head, "head", help=words.HEAD_HELP)
    form.values["head"] = head
    if head == "mlp":
        start = ", ".join(map(str, form.base.hidden))
        told = st.text_input(
            words.HIDDEN, start, key=form_fields.key("hidden"), help=words.HIDDEN_HELP, **form_fields.LAYOUT
        )
        parts = re.split(r"[,\s]+", told.strip())
        widths = [int(part) for part in parts if re.fullmatch(r"\d{1,4}", part)]
        form.values["hidden"] = tuple(widths)
        if len(widths) != len(parts) or not all(
            BOUNDS["hidden"].within(width, BOUNDS["hidden"].offered) for width in widths
        ):
            form.problem(words.HIDDEN_WRONG)
    if head == "prototype":
        form.values["prototype_weight"] = number(
            words.PROTOTYPE_WEIGHT, form.base.prototype_weight, "prototype_weight", step=0.001
        )


# --- views ---


def views(form: Form) -> None:
    """K, L_R, where the anchors are, and the two losses."""
    if form.values["pooling"] == "gap":
        st.caption(words.VIEWS_NONE)
        return
    left, right = st.columns(2)
    with left:
        _anchors(form)
        _sizes(form)
        if form.values["sizes"]:
            st.caption(words.views(form.values["k"], form.values["sizes"]))
    with right:
        form.values["anchors"] = select(
            words.ANCHORS, list(words.ANCHORS_SHOWN), form.base.anchors, "anchors",
            format_func=words.ANCHORS_SHOWN.__getitem__, help=words.ANCHORS_HELP,
        )  # fmt: skip
        form.values["local"] = choice(words.LOCAL, words.LOCAL_SHOWN, form.base.local, "local", help=words.LOCAL_HELP)
        on = st.toggle(
            words.GLOBAL_LOSS, form.base.global_loss == "on", key=form_fields.key("global_loss"),
            help=words.GLOBAL_LOSS_HELP, persist_state="session",
        )  # fmt: skip
        form.values["global_loss"] = "on" if on else "off"


def _cells(entry: tuple[int, int, int] | None) -> int:
    return (entry[1] // entry[2]) ** 2 if entry else 196


def _anchors(form: Form) -> None:
    entry, _ = backbone(form.values.get("backbone", form.base.backbone))
    cells = _cells(entry)
    asked = session.get(form_fields.key("k"), form.base.k)
    if asked > cells:
        session.put(form_fields.key("k"), cells)
    form.values["k"] = st.slider(
        wording.K,
        1,
        cells,
        min(form.base.k, cells),
        key=form_fields.key("k"),
        help=wording.K_HELP,
        **form_fields.LAYOUT,
    )
    if asked > cells:
        st.caption(words.K_LESS.format(asked=asked, cells=cells))


def _sizes(form: Form) -> None:
    chosen = st.pills(
        wording.SIZES,
        sorted({*SIZES, *form.base.sizes}),
        selection_mode="multi",
        default=list(form.base.sizes),
        key=form_fields.key("sizes"),
        help=wording.SIZES_HELP,
        persist_state="session",
    )
    form.values["sizes"] = tuple(sorted(chosen))
    if not chosen:
        form.problem(words.SIZES_NONE)


# --- training ---


def training(form: Form) -> None:
    """Augmentation, batches, the optimiser and its schedule, and when to validate."""
    values, base = form.values, form.base
    left, middle, right = st.columns(3)
    with left:
        values["augment"] = choice(words.AUGMENT, words.AUGMENT_SHOWN, base.augment, "augment")
        values["mix"] = choice(words.MIX, words.MIX_SHOWN, base.mix, "mix")
        values["seed"] = whole(words.SEED, base.seed, "seed")
    with middle:
        values["optimizer"] = choice(words.OPTIMIZER, words.OPTIMIZER_SHOWN, base.optimizer, "optimizer")
        values["schedule"] = choice(words.SCHEDULE, words.SCHEDULE_SHOWN, base.schedule, "schedule")
        values["lr"] = number(words.LR, base.lr, "lr", least=1e-6, step=1e-4)
        values["weight_decay"] = number(words.WEIGHT_DECAY, base.weight_decay, "weight_decay", step=0.001)
    with right:
        values["batch"] = whole(words.BATCH, base.batch, "batch")
        train_n = form.train_n
        if train_n and values["batch"] > train_n:
            st.caption(words.BATCH_LESS.format(train=train_n))
        values["val_every"] = whole(words.VAL_EVERY, base.val_every, "val_every")
        if values["val_every"] > values["steps"]:
            st.caption(words.VAL_LATE)


# --- where and until when ---


def _ending(form: Form) -> None:
    """Which side is watched, and when that is enough; the test side ends no run."""
    values, base = form.values, form.base
    sides = {
        side: title for side, title in words.VALIDATE_ON_SHOWN.items() if side in ("val", "test", base.validate_on)
    }
    values["validate_on"] = choice(
        words.VALIDATE_ON, sides, base.validate_on, "validate_on", help=words.VALIDATE_ON_HELP
    )
    test = values["validate_on"] == "test"
    start = None if base.stop_at is None else 100 * base.stop_at
    enough = st.number_input(
        words.STOP_AT, 1.0, 100.0, start, step=1.0, key=form_fields.key("stop_at"), help=words.STOP_AT_HELP,
        placeholder=words.NO_LIMIT, disabled=test, **form_fields.LAYOUT,
    )  # fmt: skip
    patience = st.number_input(
        words.PATIENCE, 1, int(BOUNDS["patience"].offered), base.patience, key=form_fields.key("patience"),
        placeholder=words.NO_LIMIT, disabled=test, **form_fields.LAYOUT,
    )  # fmt: skip
    values["stop_at"] = None if enough is None or test else enough / 100
    values["patience"] = None if test else patience
    if test:
        st.caption(words.VALIDATE_ON_TEST)


def device(form: Form) -> None:
    """Device and precision, stop conditions, the film and a logger."""
    values, base, here = form.values, form.base, devices_here()
    gpu = any(name.startswith("cuda") for name in here)
    left, right = st.columns(2)
    with left:
        values["device"] = select(words.DEVICE, ["auto", *here], base.device, "device", help=words.DEVICE_HELP)
        precisions = [name for name in PRECISIONS if gpu or name not in ("fp16", "tf32")]
        values["precision"] = select(
            words.PRECISION, precisions, base.precision, "precision", help=words.PRECISION_HELP
        )
        values["compile"] = values["deterministic"] = "off"
        if gpu:
            on = st.toggle(words.COMPILE, base.compile == "on", key=form_fields.key("compile"), help=words.COMPILE_HELP)
            values["compile"] = "on" if on else "off"
            same = st.toggle(
                words.DETERMINISTIC, base.deterministic == "on", key=form_fields.key("deterministic"),
                help=words.DETERMINISTIC_HELP,
            )  # fmt: skip
            values["deterministic"] = "on" if same else "off"
        values["log"] = select(words.LOG, list(LOGS), base.log, "log")
    with right:
        _ending(form)
        values["film"] = st.slider(
            words.FILM, 0, MOST_FILM, base.film, key=form_fields.key("film"), help=words.FILM_HELP, **form_fields.LAYOUT
        )
