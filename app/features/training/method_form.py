"""The groups of the set-up form behind the first row, in the order of the method: model, views, training, device."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.settings import shared
from app.base.wording import wording
from app.features.training import form_fields
from app.features.training import set_up_words as words
from app.features.training.form_fields import Form, choice, number, select
from app.services import allowed_paths
from app.ui.controls import SIZES
from mvfa_core.backbones import BACKBONES, TIMM, Backbone, find_backbone
from mvfa_core.model import POOLINGS

OTHER = "timm"


# --- model ---


def model(form: Form) -> None:
    """Backbone, weights, ending and head."""
    left, right = st.columns(2)
    with left:
        form.values["pooling"] = choice(
            _("Pooling"),
            {name: name.upper() for name in POOLINGS},
            form.base.pooling,
            "pooling",
            help=_("MFA lets many regions vote; GAP averages the whole map once."),
        )
        _backbone(form)
    with right:
        _weights(form)
        _head(form)


def _backbone(form: Form) -> None:
    known = form.base.backbone in BACKBONES
    notes = "  \n".join(f"{name}: {wording.plain(_(entry.note))}" for name, entry in BACKBONES.items())
    shown = {**{name: name for name in BACKBONES}, OTHER: _("another one of timm")}
    start = form.base.backbone if known else OTHER
    chosen = select(_("Backbone"), list(shown), start, "backbone", format_func=shown.__getitem__, help=notes)
    if chosen == OTHER:
        asked = form.base.backbone.removeprefix(TIMM) if not known else ""
        name = st.text_input(
            _("Name in timm"), asked, key=form_fields.key("timm"), help=words.timm_help(), **form_fields.LAYOUT
        ).strip()
        if not name:
            form.problem(_("Name the timm model first."))
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
        fresh = words.weights_shown()["none"]
        st.segmented_control(
            _("Weights to start from"), [fresh], default=fresh, disabled=True, key=form_fields.key("fresh")
        )
        st.caption(_("Nobody has pretrained the compact backbone: it starts fresh."))
        return
    shown = dict(words.weights_shown())
    if shared() and not allowed_paths.weights():
        shown.pop("file")
    kind = choice(_("Weights to start from"), shown, start if start in shown else "none", "weights")
    if kind != "file":
        form.values["weights"] = None if kind == "none" else kind
        if kind == "imagenet":
            st.caption(_("Downloaded once, when the run starts; only the backbone's are used."))
        return
    if shared():
        offered = allowed_paths.weights()
        form.values["weights"] = select(
            _("Weights file"), offered, str(asked), "weights_offered", format_func=lambda file: Path(file).name
        )
        return
    named = asked if start == "file" and asked else ""
    given = st.text_input(
        _("Weights file"),
        named,
        key=form_fields.key("weights_file"),
        help=_("A .safetensors or .pth state dict on the computer that runs this app."),
        **form_fields.LAYOUT,
    ).strip()
    file = Path(given).expanduser()
    form.values["weights"] = str(file)
    if not given:
        form.problem(_("Name the file first."))
    elif not file.is_file():
        form.problem(_("There is no such file on the computer that runs this app."))
    elif file.suffix.lower() not in allowed_paths.WEIGHT_FILES:
        form.problem(_("Expected a file that ends in .safetensors, .pth or .pt."))


def _head(form: Form) -> None:
    head = choice(
        _("Head"),
        {"linear": _("Linear"), "mlp": _("MLP"), "prototype": _("Prototype")},
        form.base.head,
        "head",
        help=_("Linear scores, hidden layers between, or one prototype for every class."),
    )
    form.values["head"] = head
    if head == "mlp":
        start = ", ".join(map(str, form.base.hidden))
        told = st.text_input(
            _("Hidden widths"),
            start,
            key=form_fields.key("hidden"),
            help=_("One number for every hidden layer, 256 or 512, 128 say."),
            **form_fields.LAYOUT,
        )
        parts = re.split(r"[,\s]+", told.strip())
        widths = [int(part) for part in parts if re.fullmatch(r"\d{1,4}", part)]
        form.values["hidden"] = tuple(widths)
        limits = form_fields.bound("hidden")
        if len(widths) != len(parts) or not all(limits.within(width, limits.offered) for width in widths):
            form.problem(_("Expected whole numbers from 1 to 8192 with commas between, 512, 128 say."))
    if head == "prototype":
        form.values["prototype_weight"] = number(
            _("Weight of the prototype loss"), form.base.prototype_weight, "prototype_weight", step=0.001
        )


# --- views ---


def views(form: Form) -> None:
    """K, L_R, where the anchors are, and the two losses."""
    if form.values["pooling"] == "gap":
        st.caption(_("GAP has no anchors and no regions: it averages the whole map once."))
        return
    left, right = st.columns(2)
    with left:
        _anchors(form)
        _sizes(form)
        if form.values["sizes"]:
            st.caption(words.views(form.values["k"], form.values["sizes"]))
    with right:
        form.values["anchors"] = select(
            _("Where the anchors are"),
            list(words.anchors_shown()),
            form.base.anchors,
            "anchors",
            format_func=words.anchors_shown().__getitem__,
            help=_("All but the first are there to see what the attention is worth."),
        )
        form.values["local"] = choice(
            _("Local loss"), {"sum": _("Sum"), "mean": _("Mean")}, form.base.local, "local", help=words.local_help()
        )
        on = st.toggle(
            _("Global loss"),
            form.base.global_loss == "on",
            key=form_fields.key("global_loss"),
            help=words.global_loss_help(),
            persist_state="session",
        )
        form.values["global_loss"] = "on" if on else "off"


def _cells(entry: tuple[int, int, int] | None) -> int:
    return (entry[1] // entry[2]) ** 2 if entry else 196


def _anchors(form: Form) -> None:
    entry, _unused = backbone(form.values.get("backbone", form.base.backbone))
    cells = _cells(entry)
    asked = session.get(form_fields.key("k"), form.base.k)
    if asked > cells:
        session.put(form_fields.key("k"), cells)
    form.values["k"] = st.slider(
        _("Anchors K"),
        1,
        cells,
        min(form.base.k, cells),
        key=form_fields.key("k"),
        help=_("The K highest cells of AdaCAM become anchors."),
        **form_fields.LAYOUT,
    )
    if asked > cells:
        st.caption(words.k_less().format(asked=asked, cells=cells))


def _sizes(form: Form) -> None:
    chosen = st.pills(
        _("Region sizes L_R, in cells"),
        sorted({*SIZES, *form.base.sizes}),
        selection_mode="multi",
        default=list(form.base.sizes),
        key=form_fields.key("sizes"),
        help=wording.sizes_help(),
        persist_state="session",
    )
    form.values["sizes"] = tuple(sorted(chosen))
    if not chosen:
        form.problem(_("At least one region size is needed."))
