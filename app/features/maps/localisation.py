"""The furniture of "do they mark the object?": maps with the object's box and their own, and figures beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from app.base import component_values, errors, session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.features.maps import localisation_words as words
from app.services import findings, ground_truth
from app.services.gallery import Picture
from app.services.ground_truth import GroundTruth
from app.ui import colours, panels
from mvfa_core import csv_files
from mvfa_core.data.sets import DataError
from mvfa_core.explain import Explanation
from mvfa_core.metrics import measure_picture
from mvfa_core.metrics.methods import BEST_BOX, maps_of

Figures = Mapping[str, Mapping[str, Any]]
IN_PLACE = ("pointing", "energy", "energy_mask", "pixel_ap", "iou")
AGAIN = ("deletion", "insertion", "road")
LOWER_IS_BETTER = "deletion"


def known(picture: Picture) -> GroundTruth | None:
    """Where the object is, with a way to say it where it is not drawn; a bad file is answered in a sentence."""
    if drawn := ground_truth.drawn(picture):
        return drawn
    with st.popover(_("Say where the object is")):
        st.file_uploader(
            _("Boxes of this picture, as CSV or VOC XML"),
            ["csv", "xml"],
            key=session.BOXES_FILE,
            on_change=_keep,
            args=(picture,),
        )
        if message := session.take(session.MESSAGE("boxes")):
            st.error(wording.plain(message))
        st.caption(
            _(
                "A CSV has a line for every box under a header file,x0,y0,x1,y1 in px; the line is found by the "
                "picture's name. It stays in this session."
            )
        )
    if found := ground_truth.given(picture):
        st.button(_("Forget these boxes"), on_click=session.drop, args=(session.BOXES,))
        return found
    try:
        return findings.truth_on_disk(picture)
    except DataError as error:
        st.warning(wording.plain(errors.message(error)))
        return None


def _keep(picture: Picture) -> None:
    file = component_values.file(session.get(session.BOXES_FILE))
    if file is None:
        return
    try:
        ground_truth.keep(picture, file.name, file.getvalue())
    except ValueError as error:
        session.put(session.MESSAGE("boxes"), errors.message(error))


def show(model: str, picture: Picture, explanation: Explanation, known: GroundTruth, recipe: dict) -> None:
    """Maps and boxes on one board, then all figures in one table."""
    best = findings.best_rectangle(model, picture, explanation.target)
    figures = measure_picture(explanation, known.truth, best_box_4=np.array(best.box))
    st.markdown(_intro(explanation, known, picture))
    panels.show_board(
        session.MARKED, "marked", picture.digest, explanation, board(explanation, known, figures), recipe, scale="own"
    )
    _show_figures(model, picture, explanation, known, figures, recipe)


@errors.part
def _show_figures(
    model: str, picture: Picture, explanation: Explanation, known: GroundTruth, figures: Figures, recipe: dict
) -> None:
    """The table, and the button for what takes longer: only this part of the page waits for it."""
    place = st.empty()
    with place.container():
        _table(explanation, known, figures, {}, recipe)
    if again := _again(model, picture, explanation):
        with place.container():
            _table(explanation, known, figures, again, recipe)
    st.caption(
        _(
            "Centre is a bump in the middle that knows no model: a map should beat it. One picture proves little; the "
            "command measure has the same figures for whole sets, with intervals. Marking the object is not the same "
            "as deciding by it."
        )
    )


def _sources() -> dict[str, str]:
    return {
        "drawn": _("Drawn, so the box and every pixel of the object are known exactly."),
        "file": _("The box is from {name}."),
    }


def _intro(explanation: Explanation, known: GroundTruth, picture: Picture) -> str:
    said = _sources()[known.source].format(name=wording.plain(known.file))
    target, truth = explanation.classes[explanation.target], picture.truth
    if truth is None or truth == target:
        return said
    other_class = _("The maps explain **{target}**, while the object here is a **{truth}**.")
    return (
        f"{said} {other_class.format(target=wording.plain(class_name(target)), truth=wording.plain(class_name(truth)))}"
    )


# --- the board ---


def _methods() -> dict[str, str]:
    return {
        "CAM": _("CAM"),
        "Grad-CAM": _("Grad-CAM"),
        "AdaCAM": _("AdaCAM"),
        "contribution": _("Contribution"),
        "centre": _("Centre baseline"),
        "best box": _("Best rectangle"),
    }


def board(explanation: Explanation, known: GroundTruth, figures: Figures) -> list[dict]:
    """Every map with the object's box and its own, and the best rectangle."""
    name = class_name(explanation.classes[explanation.target])
    symbols = {
        "CAM": f"G_c, {name}",
        "Grad-CAM": f"∂/∂F, {name}",
        "AdaCAM": "A = Σ f_i G_i",
        "contribution": _("M_c, Σ + bias = logit"),
    }
    drawn = []
    for method, map_HW in maps_of(explanation).items():
        if method not in symbols:
            continue
        panel = panels.one_map(
            f"marked-{method}",
            _methods()[method],
            symbols[method],
            map_HW,
            _("White: the object's box. Blue: around its largest part above half of its range."),
        )
        if method == "contribution":
            panel |= {"own": True}
        drawn.append(
            panel | {"boxes": _boxes(explanation, known, figures[method], _("box of the map")), "single": True}
        )
    boxes = _boxes(explanation, known, figures[BEST_BOX], _("best rectangle"))
    best_title = _("Best rectangle")
    best = {
        "id": "marked-best",
        "kind": "boxes",
        "single": True,
        "title": _("Best rectangle"),
        "symbol": _("arg max over all rectangles"),
        "caption": _("White: the object's box. Blue: the rectangle with most evidence for the class, which is ours."),
        "boxes": boxes,
        "key": [{"text": box["name"], "colour": box["colour"], "shape": "box"} for box in boxes],
        "rest": boxes[0]["label"],
        "alt": f"{best_title}: {boxes[0]['label']}",
    }
    return [*drawn, best]


def _boxes(explanation: Explanation, known: GroundTruth, record: Mapping[str, Any], name: str) -> list[dict]:
    """The box of a map and those of the object, in px of the picture that is shown."""
    share = wording.share(record["iou"])
    label = _("{name}: overlap with the object's box {share}").format(name=name, share=share)
    mine = _box(
        record["box_px"], colours.FOUND, name, share, _("{name}, overlap {share}").format(name=name, share=share), label
    )
    scale = [explanation.size_px[i % 2] / known.truth.size_px[i % 2] for i in range(4)]
    said = (colours.TRUTH, _("the object"), "", _("the object"), _("the object"))
    corners = [[a * b for a, b in zip(box, scale, strict=True)] for box in known.truth.boxes_N4.tolist()]
    own = [_box(px, *said) for px in corners]
    return [{**box, "rank": rank} for rank, box in enumerate([mine, *own], start=1)]


def _box(px: list[float], colour: str, name: str, value: str, tag: str, label: str) -> dict:
    box = {"px": [round(value, 3) for value in px], "size": 0, "confidence": 0.0, "colour": colour}
    return box | {"name": name, "value": value, "tag": tag, "label": label}


# --- asking the model again ---


def _again_step() -> dict[str, str]:
    return {"deletion": _("Deletion and insertion, {name}"), "road": _("ROAD, {name}")}


def _again(model: str, picture: Picture, explanation: Explanation) -> dict[str, dict[str, float]]:
    """Deletion, insertion and ROAD of every map if they were asked for; method -> figure -> value."""
    asked = (model, picture.digest, explanation.target, explanation.k, explanation.sizes)
    if session.get(session.MEASURED) != asked:
        st.button(
            _("Occlusion test"),
            help=_(
                "Deletion, insertion and ROAD run the network on about forty altered copies of the picture for every "
                "map. With compact this takes seconds, with VGG16 on a CPU minutes."
            ),
            on_click=session.put,
            args=(session.MEASURED, asked),
        )
        return {}
    steps = [(what, method) for method in maps_of(explanation) for what in ("deletion", "road")]
    figures: dict[str, dict[str, float]] = {method: {} for method in maps_of(explanation)}
    bar = st.progress(0.0)
    for done, (what, method) in enumerate(steps):
        bar.progress(done / len(steps), _again_step()[what].format(name=_methods()[method]))
        figures[method] |= findings.faithful(model, picture, explanation, method, what)
    bar.empty()
    return figures


# --- the table ---


def _names() -> dict[str, str]:
    return {
        "pointing": _("Pointing game"),
        "energy": _("Energy in box"),
        "energy_mask": _("Energy on object"),
        "pixel_ap": _("Pixels ranked (AP)"),
        "iou": _("Overlap of boxes (IoU)"),
        "deletion": _("Deletion, lower is better"),
        "insertion": _("Insertion"),
        "road": _("ROAD"),
    }


def _table(explanation: Explanation, known: GroundTruth, figures: Figures, again: Figures, recipe: dict) -> None:
    methods = list(figures)
    rows = {name: [figures[method].get(name) for method in methods] for name in IN_PLACE}
    rows |= {name: [again.get(method, {}).get(name) for method in methods] for name in AGAIN if again}
    rows = {name: values for name, values in rows.items() if any(value is not None for value in values)}
    said = _sentences(explanation, known)
    columns: dict[str, list[str]] = {_("Metric"): [f"**{_names()[name]}**" for name in rows]}
    for place, method in enumerate(methods):
        columns[_methods()[method]] = [_shown(name, values, place) for name, values in rows.items()]
    columns[_("What it says")] = [said[name] for name in rows]
    st.table(columns, hide_index=True)
    st.download_button(
        _("Figures (CSV)"),
        _csv(rows, methods, recipe),
        f"{'-'.join(('figures', recipe['picture'], recipe['model'])).replace('/', '-')}.csv",
        "text/csv",
        on_click="ignore",
        key=session.FIGURES(len(rows)),
    )


def _shown(name: str, values: list[float | None], place: int) -> str:
    """A number, the best of its row in bold."""
    numbers = [value for value in values if value is not None]
    best: Callable[..., float] = min if name == LOWER_IS_BETTER else max
    text, value = words.figure(name, values[place]), values[place]
    leads = value is not None and name != "pointing" and value == best(numbers)
    return f"**{text}**" if leads else text


def _sentences_words() -> dict[str, str]:
    return {
        "pointing": _("The centre of its largest cell lies in the object's box."),
        "energy": _("Share of its positive part in the object's box. Without any preference: {box}."),
        "energy_mask": _("Share of its positive part on the object's own pixels. Without any preference: {mask}."),
        "pixel_ap": _("How far it ranks the object's pixels before all others. Without any preference: {mask}."),
        "iou": _("Overlap of the object's box with the box around its largest part above half of its range."),
        "deletion": _("Mean confidence in {name} while cells are greyed out, its largest first."),
        "insertion": _("Mean confidence in {name} while cells of a blurred picture are made sharp, its largest first."),
        "road": _("Confidence without its least important pixels, less that without its most important, halved."),
    }


def _sentences(explanation: Explanation, known: GroundTruth) -> dict[str, str]:
    mask = known.truth.mask_coverage(explanation.grid)
    fill = {
        "box": wording.share(float(known.truth.coverage(explanation.grid).mean())),
        "mask": "" if mask is None else wording.share(float(mask.mean())),
        "name": wording.plain(class_name(explanation.classes[explanation.target])),
    }
    return {name: sentence.format(**fill) for name, sentence in _sentences_words().items()}


def _csv(rows: Mapping[str, list[float | None]], methods: list[str], recipe: dict) -> str:
    lines = ([name, *(None if one is None else f"{one:.6g}" for one in values)] for name, values in rows.items())
    return csv_files.table(["figure", *methods], lines, recipe["text"])
