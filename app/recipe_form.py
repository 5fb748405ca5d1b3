"""The form that sets a run up: a preset fills it in, every field can be changed, the command line says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from app import state, wording
from app import wording_train as words
from app.controls import SIZES
from mvfa_core.backbones import BACKBONES
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC, data_root
from mvfa_core.training.recipes import RECIPES, Recipe

DEVICES = ("auto", "cpu", "cuda", "mps")
PRESET_FIELDS = ("backbone", "k", "sizes", "steps", "batch", "lr", "val_every", "local")


def _key(name: str) -> str:
    return state.SET_UP(name)


def recipe_form() -> Recipe | None:
    """The recipe that the form describes; None, with the reason on the screen, while it cannot be carried out."""
    preset = _choice(words.PRESET, list(words.PRESETS), "quick", "preset")
    if state.get(state.PRESET_SEEN, preset) != preset:
        # The fields start again from the preset's values.
        for name in PRESET_FIELDS:
            state.drop(_key(name))
    state.put(state.PRESET_SEEN, preset)
    st.caption(words.PRESETS[preset])
    base = RECIPES[preset]()
    data = _data()
    backbone = _backbone(base)
    base = replace(base, backbone=backbone, k=min(base.k, _cells(backbone)))
    base = replace(base, pooling=_choice(words.POOLING, ["mfa", "gap"], base.pooling, "pooling", words.POOLING_HELP))
    if base.pooling == "mfa":
        base = replace(base, k=_anchors(base), sizes=_sizes(base))
    base = replace(base, steps=_whole(words.STEPS, base.steps, "steps", 1_000_000))
    with st.expander(words.MORE):
        base = _more(base)
    return replace(base, data=data) if data else None


def _cells(backbone: str) -> int:
    entry = BACKBONES[backbone]
    return (entry.side // entry.stride) ** 2


def _choice(label: str, options: list[str], default: str, name: str, note: str | None = None) -> str:
    shown = {"mfa": "MFA", "gap": "GAP"}
    return st.segmented_control(
        label,
        options,
        default=default,
        required=True,
        format_func=lambda option: shown.get(option, option),
        key=_key(name),
        help=note,
        width="stretch",
        persist_state="session",
    )


def _whole(label: str, default: int, name: str, most: int, least: int = 1) -> int:
    return st.number_input(label, least, most, default, key=_key(name), persist_state="session")


def _data() -> str | None:
    """A data set's name or a folder; None while the folder is not there."""
    there = [name for name in CATALOGUE if name != SYNTHETIC and (data_root() / name).is_dir()]
    options = [SYNTHETIC, *there, words.DATA_FOLDER]
    chosen = st.selectbox(words.DATA, options, key=_key("data"), help=words.DATA_HELP, persist_state="session")
    if chosen != words.DATA_FOLDER:
        return chosen
    path = st.text_input(words.DATA_PATH, key=_key("path"), help=words.DATA_PATH_HELP, persist_state="session").strip()
    folder = Path(path).expanduser()
    if path and folder.is_dir():
        return str(folder)
    st.caption(words.DATA_PATH_MISSING if path else words.DATA_PATH_NEEDED)
    return None


def _backbone(base: Recipe) -> str:
    notes = "  \n".join(f"{name}: {wording.plain(entry.note)}" for name, entry in BACKBONES.items())
    place = list(BACKBONES).index(base.backbone)
    return st.selectbox(
        words.BACKBONE, list(BACKBONES), place, key=_key("backbone"), help=notes, persist_state="session"
    )


def _anchors(base: Recipe) -> int:
    cells = _cells(base.backbone)
    state.forget_unless(_key("k"), range(1, cells + 1))
    return st.slider(wording.K, 1, cells, base.k, key=_key("k"), help=wording.K_HELP, persist_state="session")


def _sizes(base: Recipe) -> tuple[int, ...]:
    chosen = st.pills(
        wording.SIZES,
        SIZES,
        selection_mode="multi",
        default=list(base.sizes),
        key=_key("sizes"),
        help=wording.SIZES_HELP,
        persist_state="session",
    )
    if not chosen:
        st.caption(words.SIZES_NONE)
    return tuple(sorted(chosen)) or base.sizes


def _more(base: Recipe) -> Recipe:
    batch = _whole(words.BATCH, base.batch, "batch", 1024)
    seed = _whole(words.SEED, base.seed, "seed", 2**31 - 1, least=0)
    device = st.selectbox(words.DEVICE, DEVICES, key=_key("device"), help=words.DEVICE_HELP, persist_state="session")
    lr = st.number_input(
        words.LR, 1e-6, 1.0, base.lr, step=1e-4, format="%.6f", key=_key("lr"), persist_state="session"
    )
    val_every = _whole(words.VAL_EVERY, base.val_every, "val_every", 100_000)
    local = _choice(words.LOCAL, ["sum", "mean"], base.local, "local", words.LOCAL_HELP)
    return replace(base, batch=batch, seed=seed, device=device, lr=lr, val_every=val_every, local=local)
