"""The desk of the app: figures are made of the models, pictures and runs that the app offers, through its caches. It
opens no path: a request may have come from a stranger's file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app.base import session
from app.features.figures import words
from app.services import dataset_pictures, explanations, gallery, models, pictures, quota, training_runs
from app.services.cache import cached, weigh
from app.services.gallery import Picture
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.explain import Explanation
from mvfa_core.figures import FigureSpec, Made, ModelSource, PictureSource, make
from mvfa_core.figures.desk import GALLERY, UPLOAD, CurveSource, curve_of_model, curve_of_run, name_of, sha256_of
from mvfa_core.folders import data_root
from mvfa_core.images import PictureError, Reading
from mvfa_core.training.attention_history import read_history
from mvfa_core.training.runs import Run, RunError

UPLOADED = "upload-"


class AppSources:
    """Answers a figure from what the app offers. See `mvfa_core.figures.desk.FigureSources`."""

    def __init__(self, own: dict[str, Picture]) -> None:
        self.own = own

    def model(self, where: str) -> ModelSource:
        """One of the models on offer."""
        if where not in models.model_ids():
            raise CheckpointError(f"model: there is none called {where} here")
        card, file = models.card(where), models.model_file(where)
        name = where.removeprefix(models.RUN_PREFIX) if where.startswith(models.RUN_PREFIX) else name_of(file)
        return ModelSource(where, name, digest(where), tuple(card["classes"]), card)

    def picture(self, where: str) -> PictureSource:
        """A picture of the gallery or of a data set, or one that the visitor brought."""
        one = self.specimen(where)
        origin = UPLOAD if where in self.own else GALLERY
        if dataset_pictures.is_address(where):
            origin = SYNTHETIC if where.startswith(SYNTHETIC) else where.split("/")[1].partition(".")[0]
        return PictureSource(where, origin, one.picture, one.truth)

    def specimen(self, where: str) -> Picture:
        """The same, as the caches of the app know it."""
        if where in self.own:
            return self.own[where]
        try:
            return pictures.specimen(where)
        except KeyError as error:
            raise PictureError(f"There is no picture {where} here.") from error

    def explanation(
        self, model: str, picture: str, target: int | None, k: int | None, sizes: tuple[int, ...] | None
    ) -> Explanation:
        """What the model makes of the picture; `target` counts all classes of the model."""
        one = self.specimen(picture)
        facts = explanations.model_info(model, one)
        if target is not None and len(facts.classes) < facts.known:
            name = models.model(*models.version(model)).classes[target]
            if name not in facts.classes:
                raise CheckpointError(words.not_likely(name, len(facts.classes), facts.known))
            target = facts.classes.index(name)
        return explanations.explanation(model, one, target, k, sizes)

    def run(self, where: str) -> Run:
        """A run by its name."""
        for run in training_runs.listed():
            if run.id == where:
                return run
        raise RunError(f"run: there is none called {where} here")

    def curve(self, where: str) -> CurveSource:
        """The validations of a run; of a bundled model, if no run is called that."""
        if where in curves_of_models() and all(run.id != where for run in training_runs.listed()):
            return curve_of_model(self.model(where))
        return curve_of_run(where, self.run(where))


def desk() -> AppSources:
    """This visitor's desk."""
    return AppSources(session.get(session.FIGURE_OWN, {}))


def is_picture(where: str) -> bool:
    """Whether there is a picture of that name for this visitor."""
    return where in session.get(session.FIGURE_OWN, {}) or pictures.is_picture(where)


def digest(model: str) -> str:
    """SHA-256 of a model's file."""
    file = models.model_file(model)
    return _digest(str(file), file.stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=64)
def _digest(file: str, stamp_ns: int) -> str:
    return sha256_of(Path(file))


def data_sets() -> list[str]:
    """The sets whose pictures have an address here."""
    return [SYNTHETIC, *(name for name in CATALOGUE if (data_root() / name).is_dir())]


def offered(kind: str) -> list[str]:
    """What a figure of that kind can be made of: runs, newest first, and for learning curves bundled models, too."""
    return list(dict.fromkeys((*runs_with(kind), *(curves_of_models() if kind == "fig6" else ()))))


def runs_with(kind: str) -> list[str]:
    """The runs that a figure of that kind can be made of, newest first."""
    told: Callable[[Run], Any] = read_history if kind == "filmstrip" else (lambda run: run.validations())
    return [run.id for run in training_runs.listed() if _tells(run, told)]


@st.cache_data(show_spinner=False)
def curves_of_models() -> list[str]:
    """The bundled models whose cards hold a curve, GAP before its MFA twin."""
    cards = {name: models.card(name) for name in models.model_ids() if models.is_bundled(name)}
    return sorted((name for name, card in cards.items() if card.get("curve")), key=lambda name: _kinship(cards[name]))


def _kinship(card: dict[str, Any]) -> tuple[str, ...]:
    return card["model"]["backbone"], card["data"], card["model"]["pooling"]


def _tells(run: Run, told: Callable[[Run], Any]) -> bool:
    try:
        run.recipe()
        return bool(told(run))
    except (RunError, OSError, KeyError):
        return False


def figure(request: FigureSpec) -> Made:
    """The figure. May raise `ValueError` with a sentence for the visitor."""
    return _figure(request, desk())


def _stamps(request: FigureSpec) -> tuple[int, ...]:
    """Of everything that may change under the same name."""
    stamps = []
    for model in request.models:
        if model in models.model_ids():
            stamps.append(models.model_file(model).stat().st_mtime_ns)
    for run in training_runs.listed() if request.runs else ():
        if run.id in request.runs:
            files = (run.path / name for name in ("metrics.jsonl", "film.jsonl"))
            stamps += [file.stat().st_mtime_ns for file in files if file.exists()]
    return tuple(stamps)


def _figure_key(request: FigureSpec, sources: AppSources) -> tuple[object, ...]:
    return repr(request), _stamps(request), tuple(sorted(sources.own))


@cached("figures", megabytes=128, key=_figure_key)
def _figure(request: FigureSpec, sources: AppSources) -> Made:
    return make(request, sources)


@cached("files of figures", megabytes=64, key=lambda data, text, kind, dpi, made: (data, text, kind, dpi))
def written(data: str, text: str, kind: str, dpi: int | None, made: Made) -> bytes:
    """The figure as a file; `data` and `text`, digest and request, are its key."""
    return made.as_bytes(kind, dpi)


def keep(reading: Reading) -> str:
    """A picture the visitor brought; the name it has on this desk. May raise `QuotaError`."""
    name = UPLOADED + gallery.from_reading("", reading).digest
    own = session.get(session.FIGURE_OWN, {})
    if name not in own:
        quota.expect_room(weigh(reading.picture))
        session.put(session.FIGURE_OWN, {**own, name: gallery.from_reading(name, reading)})
        quota.note_pictures()
    return name


def forget() -> None:
    """Remove the pictures that the visitor brought."""
    session.drop(session.FIGURE_OWN)
    quota.note_pictures()
