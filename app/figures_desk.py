"""The desk of the app: figures are made of the models, pictures and runs that the app offers, through its caches. It
opens no path: a request may have come from a stranger's file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app import dataset_pictures, gallery, jobs, loaders, quota, state
from app import wording_figures as words
from app.gallery import Specimen
from app.shelf import kept, weigh
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC, data_root
from mvfa_core.explain import Explanation
from mvfa_core.figures import Made, ModelSource, PictureSource, Request, make
from mvfa_core.figures.desk import GALLERY, UPLOAD, CurveSource, curve_of_model, curve_of_run, name_of, sha256_of
from mvfa_core.images import PictureError, Reading
from mvfa_core.training.film import read_film
from mvfa_core.training.runs import Run, RunError

UPLOADED = "upload-"


class AppDesk:
    """Answers a figure from what the app offers. See `mvfa_core.figures.desk.Desk`."""

    def __init__(self, own: dict[str, Specimen]) -> None:
        self.own = own

    def model(self, where: str) -> ModelSource:
        """One of the models on offer."""
        if where not in loaders.model_ids():
            raise CheckpointError(f"model: there is none called {where} here")
        card, file = loaders.card(where), loaders.model_file(where)
        name = where.removeprefix(loaders.RUN_PREFIX) if where.startswith(loaders.RUN_PREFIX) else name_of(file)
        return ModelSource(where, name, digest(where), tuple(card["classes"]), card)

    def picture(self, where: str) -> PictureSource:
        """A picture of the gallery or of a data set, or one that the visitor brought."""
        one = self.specimen(where)
        origin = UPLOAD if where in self.own else GALLERY
        if dataset_pictures.is_address(where):
            origin = SYNTHETIC if where.startswith(SYNTHETIC) else where.split("/")[1].partition(".")[0]
        return PictureSource(where, origin, one.picture, one.truth)

    def specimen(self, where: str) -> Specimen:
        """The same, as the caches of the app know it."""
        if where in self.own:
            return self.own[where]
        try:
            return loaders.specimen(where)
        except KeyError as error:
            raise PictureError(f"There is no picture {where} here.") from error

    def explanation(
        self, model: str, picture: str, target: int | None, k: int | None, sizes: tuple[int, ...] | None
    ) -> Explanation:
        """What the model makes of the picture; `target` counts all classes of the model."""
        one = self.specimen(picture)
        facts = loaders.facts(model, one)
        if target is not None and len(facts.classes) < facts.known:
            name = loaders.model(*loaders.version(model)).classes[target]
            if name not in facts.classes:
                raise CheckpointError(words.not_likely(name, len(facts.classes), facts.known))
            target = facts.classes.index(name)
        return loaders.explanation(model, one, target, k, sizes)

    def run(self, where: str) -> Run:
        """A run by its name."""
        for run in jobs.listed():
            if run.id == where:
                return run
        raise RunError(f"run: there is none called {where} here")

    def curve(self, where: str) -> CurveSource:
        """The validations of a run; of a bundled model, if no run is called that."""
        if where in curves_of_models() and all(run.id != where for run in jobs.listed()):
            return curve_of_model(self.model(where))
        return curve_of_run(where, self.run(where))


def desk() -> AppDesk:
    """This visitor's desk."""
    return AppDesk(state.get(state.FIGURE_OWN, {}))


def is_picture(where: str) -> bool:
    """Whether there is a picture of that name for this visitor."""
    return where in state.get(state.FIGURE_OWN, {}) or loaders.is_picture(where)


def digest(model: str) -> str:
    """SHA-256 of a model's file."""
    file = loaders.model_file(model)
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
    told: Callable[[Run], Any] = read_film if kind == "filmstrip" else (lambda run: run.validations())
    return [run.id for run in jobs.listed() if _tells(run, told)]


@st.cache_data(show_spinner=False)
def curves_of_models() -> list[str]:
    """The bundled models whose cards hold a curve, GAP before its MFA twin."""
    cards = {name: loaders.card(name) for name in loaders.model_ids() if loaders.is_bundled(name)}
    return sorted((name for name, card in cards.items() if card.get("curve")), key=lambda name: _kinship(cards[name]))


def _kinship(card: dict[str, Any]) -> tuple[str, ...]:
    return card["model"]["backbone"], card["data"], card["model"]["pooling"]


def _tells(run: Run, told: Callable[[Run], Any]) -> bool:
    try:
        run.recipe()
        return bool(told(run))
    except (RunError, OSError, KeyError):
        return False


def figure(request: Request) -> Made:
    """The figure. May raise `ValueError` with a sentence for the visitor."""
    one = desk()
    return _figure(repr(request), _stamps(request), tuple(sorted(one.own)), request, one)


def _stamps(request: Request) -> tuple[int, ...]:
    """Of everything that may change under the same name."""
    found = []
    for model in request.models:
        if model in loaders.model_ids():
            found.append(loaders.model_file(model).stat().st_mtime_ns)
    for run in jobs.listed() if request.runs else ():
        if run.id in request.runs:
            files = (run.path / name for name in ("metrics.jsonl", "film.jsonl"))
            found += [file.stat().st_mtime_ns for file in files if file.exists()]
    return tuple(found)


@kept("figures", megabytes=128)
def _figure(text: str, stamps: tuple[int, ...], own: tuple[str, ...], _request: Request, _desk: AppDesk) -> Made:
    return make(_request, _desk)


@kept("files of figures", megabytes=64)
def written(data: str, text: str, kind: str, dpi: int | None, _made: Made) -> bytes:
    """The figure as a file; `data` and `text`, digest and request, are its key."""
    return _made.as_bytes(kind, dpi)


def keep(reading: Reading) -> str:
    """A picture the visitor brought; the name it has on this desk. May raise `QuotaError`."""
    name = UPLOADED + gallery.from_reading("", reading).digest
    own = state.get(state.FIGURE_OWN, {})
    if name not in own:
        quota.expect_room(weigh(reading.picture))
        state.put(state.FIGURE_OWN, {**own, name: gallery.from_reading(name, reading)})
        quota.note_pictures()
    return name


def forget() -> None:
    """Remove the pictures that the visitor brought."""
    state.drop(state.FIGURE_OWN)
    quota.note_pictures()
