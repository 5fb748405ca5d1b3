"""The form that sets a run up: a preset fills it in, every field can be changed, the command line says the same.

The common path is one row: preset, pictures, steps. All other fields wait one level deeper, in the order of the method.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.base import session
from app.base.i18n import _
from app.features.training import form_fields, method_form, pictures_form, training_form
from app.features.training import set_up_words as words
from app.features.training.form_fields import Form
from app.services import training_runs
from mvfa_core.training.recipes import RECIPES, Recipe

WIDTHS = (3, 4, 2)
TABS: dict[str, Callable[[Form], None]] = {
    "data": pictures_form.show_more,
    "model": method_form.model,
    "views": method_form.views,
    "training": training_form.training,
    "device": training_form.device,
}
"""The groups of fields, under the names by which a field's declaration means them; the command comes after them."""


def fill(recipe: Recipe) -> None:
    """Let the form show that recipe, of a run to be done again say. In a callback, or before the form is made."""
    form_fields.fill(recipe)
    session.drop(session.SET_UP_BEFORE)
    session.put(session.SET_UP_FROM, words.from_run(recipe.pooling, recipe.backbone, recipe.data))


def recipe_form(go: Callable[[Recipe | None], None]) -> None:
    """The fields. Between the first row and the others `go` shows what can be done with the recipe that all of them
    describe: None, with the reason on the screen, while it cannot be carried out."""
    preset, pictures, steps = st.columns(WIDTHS, vertical_alignment="top")
    with preset:
        preset_name = _preset()
        form = Form(form_fields.base(preset_name), {"preset": preset_name})
    with pictures:
        pictures_form.choose(form)
    with steps:
        form.values["steps"] = form_fields.whole(_("Steps"), form.base.steps, "steps")
    st.caption(_about(form))
    pictures_form.show_own(form)
    onward = st.container()
    with st.expander(_("All settings"), icon=":material/tune:"):
        _settings(form)
    recipe = form.recipe()
    with onward:
        if recipe is None:
            st.caption(words.cannot(form.problems))
        go(recipe)


def _preset() -> str:
    return form_fields.choice(
        _("Preset"),
        {"quick": _("Quick"), "paper": _("Paper"), "photos": _("Photos"), "bundled": _("Bundled")},
        "quick",
        "preset",
        on_change=_preset_chosen,
    )


def _preset_chosen() -> None:
    form_fields.fill(RECIPES[session.get(form_fields.key("preset"))](), data=False)
    session.drop(session.SET_UP_BEFORE)
    session.drop(session.SET_UP_FROM)


def _presets() -> dict[str, str]:
    return {
        "quick": _("Quick: the small backbone learns visibly on drawn shapes in a few minutes on two CPU cores."),
        "paper": _(
            "Paper: the settings of its Section 3.1, VGG16 with K = 50. Made for a GPU and a day, not for a laptop."
        ),
        "photos": _(
            "Photos: MobileNet24 on photographs in an hour or two without a GPU. Our schedule, not the paper's."
        ),
        "bundled": _("Bundled: how compact_mfa and compact_gap were trained; as quick, four times as long."),
    }


def _about(form: Form) -> str:
    """What the preset is, or which run filled the form in, in a line."""
    return session.get(session.SET_UP_FROM) or _presets()[form.values["preset"]]


def _settings(form: Form) -> None:
    *groups, command = st.tabs(
        (_("Data"), _("Model"), _("Views"), _("Training"), _("Hardware & stopping"), _("Command"))
    )
    for group, (tab, show) in zip(groups, TABS.items(), strict=True):
        with group:
            show(form)
            form_fields.further(form, tab)
    with command:
        recipe = form.recipe() if not form.problems else None
        if recipe:
            st.code(recipe.command(f"{training_runs.runs_folder()}/NAME"), language=None, wrap_lines=True)
    with st.container(horizontal=True):
        st.button(
            _("Back to the preset"), key="form_reset", icon=":material/restart_alt:", type="tertiary", on_click=_reset
        )
        if session.get(session.SET_UP_BEFORE):
            st.button(_("Undo"), key="form_undo", icon=":material/undo:", type="tertiary", on_click=_undo)


def _reset() -> None:
    session.put(session.SET_UP_BEFORE, form_fields.snapshot())
    session.drop(session.SET_UP_FROM)
    form_fields.fill(RECIPES[session.get(form_fields.key("preset"), "quick")](), data=False)


def _undo() -> None:
    form_fields.restore(session.take(session.SET_UP_BEFORE) or {})
