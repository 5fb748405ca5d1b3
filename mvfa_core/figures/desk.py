"""Where models, pictures and runs of a figure come from. `FigureSources` is what a figure asks; `FileSources` answers
from this computer's files. The app has sources of its own, which open no path that they were told."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from mvfa_core.checkpoints import WEIGHTS, CheckpointError, bundled, load_model, read_card
from mvfa_core.checks import is_whole
from mvfa_core.data import gallery
from mvfa_core.devices import Place, use_device
from mvfa_core.evaluation import addresses
from mvfa_core.explain import Encoding, encode, explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.folders import runs_root
from mvfa_core.images import PictureError, pixel_digest, read_picture
from mvfa_core.inference import settle
from mvfa_core.model import Classifier
from mvfa_core.pictures import Note
from mvfa_core.training.event_log import GAP
from mvfa_core.training.runs import Run, RunError

GALLERY, FILE, UPLOAD = "gallery", "file", "upload"


@dataclass(frozen=True, eq=False)
class ModelSource:
    """A model as a figure names it. digest: SHA-256 of its file. card: what it says of itself."""

    where: str
    name: str
    digest: str
    classes: tuple[str, ...]
    card: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """What it was built from."""
        return self.card["model"]


@dataclass(frozen=True, eq=False)
class PictureSource:
    """A picture as a figure names it. origin: "gallery", "file", "upload" or a data set's name. truth: its class where
    known; a file's folder may or may not be one."""

    where: str
    origin: str
    picture: Image.Image
    truth: str | None = None
    file_px: tuple[int, int] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the picture in its file, which may be larger than what was kept of it."""
        return self.file_px or self.picture.size

    @property
    def digest(self) -> str:
        """Of its pixels."""
        return pixel_digest(self.picture)


@dataclass(frozen=True)
class CurveSource:
    """The validations of a run, or of a model whose card holds them. points: (step, accuracy as a share), in order.
    told: what a figure's recipe notes about where they are from."""

    where: str
    name: str
    data: str
    pooling: str
    points: tuple[tuple[int, float], ...]
    told: dict[str, Any]


class FigureSources(Protocol):
    """Hands out what a figure is made of. Every method raises `ValueError` with a sentence for what is not there."""

    def model(self, where: str) -> ModelSource:
        """A model by what the request calls it."""

    def picture(self, where: str) -> PictureSource:
        """A picture by what the request calls it."""

    def explanation(
        self, model: str, picture: str, target: int | None, k: int | None, sizes: tuple[int, ...] | None
    ) -> Explanation:
        """What the model makes of the picture."""

    def run(self, where: str) -> Run:
        """A run by what the request calls it."""

    def curve(self, where: str) -> CurveSource:
        """The validations of a run, or of a model, by what the request calls it."""


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, as `sha256sum` prints it."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def curve_of_run(where: str, run: Run) -> CurveSource:
    """The validations of a run so far; NaN where what was noted is no finite number.

    Raises:
        RunError: there is none yet that is a number, or no run that can be read.
    """
    recipe = run.recipe()
    told = [event for event in run.events()[0] if event["event"] in ("validation", GAP)]
    points = tuple((event["step"], event["accuracy"]) for event in told)
    if all(math.isnan(accuracy) for _, accuracy in points):
        raise RunError(f"{run.id}: no validation in this run yet")
    return CurveSource(where, run.id, recipe.data, recipe.pooling, points, {"recipe": recipe.to_json()})


def curve_of_model(model: ModelSource) -> CurveSource:
    """The validations on a model's card.

    Raises:
        CheckpointError: there are none, or they are no curve.
    """
    told = model.card.get("curve")
    points = told if isinstance(told, list) else []
    if not points or not all(map(_is_point, points)):
        raise CheckpointError(f"{model.name}: its card holds no learning curve; name the run it was trained in")
    curve = tuple((step, accuracy) for step, accuracy in points)
    data = str(model.card.get("data", ""))
    return CurveSource(model.where, model.name, data, str(model.config.get("pooling")), curve, {"digest": model.digest})


def _is_point(point: Any) -> bool:
    if not isinstance(point, list) or len(point) != 2:
        return False
    step, accuracy = point
    return is_whole(step, 0, 2**53) and isinstance(accuracy, int | float) and 0 <= accuracy <= 1


class FileSources:
    """Models, pictures and runs by path; bundled models by name, pictures of the gallery and data sets by address.
    What was opened once stays open."""

    def __init__(self) -> None:
        self._models: dict[str, Classifier] = {}
        self._encodings: dict[tuple[str, str], Encoding] = {}
        self.model = cache(self._model)  # type: ignore[method-assign]
        self.picture = cache(self._picture)  # type: ignore[method-assign]

    def model(self, where: str) -> ModelSource:
        """A model by what the request calls it."""
        return self._model(where)

    def picture(self, where: str) -> PictureSource:
        """A picture by what the request calls it."""
        return self._picture(where)

    def explanation(
        self, model: str, picture: str, target: int | None, k: int | None, sizes: tuple[int, ...] | None
    ) -> Explanation:
        """What the model makes of the picture; the backbone sees it once."""
        if model not in self._models:
            self._models[model] = settle(load_model(weights_of(model)), use_device())
        network, key = self._models[model], (model, picture)
        source = self.picture(picture)
        if key not in self._encodings:
            self._encodings[key] = encode(network, source.picture, source.size_px)
        return explain_encoding(network, self._encodings[key], target=target, k=k, sizes=sizes)

    def places(self) -> list[Place]:
        """Where the models that were asked are computed."""
        return [model.place for model in self._models.values()]

    def run(self, where: str) -> Run:
        """A run folder, or the name of one below the runs folder."""
        path = Path(where)
        return Run(path if path.is_dir() else runs_root() / where)

    def curve(self, where: str) -> CurveSource:
        """The validations of a run; of a model, if no run is called that."""
        run = self.run(where)
        is_model = not run.path.is_dir() and (where in bundled() or Path(where).is_file())
        return curve_of_model(self.model(where)) if is_model else curve_of_run(where, run)

    def _model(self, where: str) -> ModelSource:
        file = weights_of(where)
        card = read_card(file)
        return ModelSource(where, name_of(file), sha256_of(file), tuple(card["classes"]), card)

    def _picture(self, where: str) -> PictureSource:
        return opened(where)


def weights_of(where: str) -> Path:
    """The file of a model: a bundled one by name, a run folder or its name, or a file."""
    if where in bundled():
        return bundled()[where]
    path = Path(where)
    for below in (runs_root() / where, runs_root() / path.name):  # the app says runs/NAME wherever its folder is
        if not path.exists() and (below / WEIGHTS).is_file():
            path = below
    return path / WEIGHTS if path.is_dir() else path


def name_of(file: Path) -> str:
    """What people call a model: its run's name, or its file's."""
    return file.resolve().parent.name if file.name == WEIGHTS else file.stem


def opened(where: str) -> PictureSource:
    """A picture by its address or path.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    if where in gallery.ids():
        picture, truth, _ = gallery.picture(where)
        return PictureSource(where, GALLERY, picture, truth)
    if addresses.is_address(where):
        try:
            side, place = addresses.find(where)
            picture, truth, _ = side.open(place)
        except KeyError as error:
            raise PictureError(f"There is no picture {where} here.") from error
        return PictureSource(where, Path(side.data).name, picture, truth)
    path = Path(where)
    reading = read_picture(path)
    return PictureSource(where, FILE, reading.picture, path.resolve().parent.name, reading.size_px, reading.notes)
