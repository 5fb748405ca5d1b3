"""What the server does before the first visitor comes: import everything, and explain one picture."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

import app.features
import app.services
import app.ui
import mvfa_core.figures
from app.base import settings
from app.base.settings import Start
from app.features.lesson import lesson
from app.services import explanations, gallery, models, pictures
from mvfa_core.names import visible

ROOMS = (app.features, app.ui, app.services, mvfa_core.figures)


def warm_up() -> None:
    """Import every module that a page may need and run the default model on the default picture.

    What is imported later is imported while a visitor waits, and lies outside of what `gc.freeze` takes out of the
    garbage collector's sight.

    Raises:
        ValueError: `MVFA_START` names a model or a picture that does not come with the project.
    """
    import pytorch_grad_cam  # noqa: F401  the library loads it with the first map that needs it

    for room in ROOMS:
        import_all(room)
    for name in gallery.ids():  # whoever presses one of them waits for the network alone
        picture = pictures.specimen(name)
        pictures.thumbnail(picture)
        pictures.shown(picture)
    start = known(settings.start())
    if models.bundled_ids():
        explanations.explanation(start.model, pictures.specimen(start.picture), None, None, None)
    lesson.scale_data()


def known(start: Start) -> Start:
    """The same start; `ValueError` for a model or a picture that does not come with the project."""
    for what, name, names in (("model", start.model, models.bundled_ids()), ("picture", start.picture, gallery.ids())):
        if names and name not in names:
            raise ValueError(f"MVFA_START: no {what} {visible(name)!r:.80} comes along; expected {', '.join(names)}")
    return start


def import_all(package: ModuleType) -> None:
    """Import every module of a package, those of its packages too."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
