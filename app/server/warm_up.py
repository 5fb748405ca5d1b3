"""What the server does before the first visitor comes: import everything, and explain one picture."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

import app.features
import app.services
import app.ui
import mvfa_core.figures
from app.features.lesson import lesson
from app.services import explanations, gallery, models, pictures

ROOMS = (app.features, app.ui, app.services, mvfa_core.figures)


def warm_up() -> None:
    """Import every module that a page may need and run the default model on the default picture.

    What is imported later is imported while a visitor waits, and lies outside of what `gc.freeze` takes out of the
    garbage collector's sight.
    """
    import pytorch_grad_cam  # noqa: F401  the library loads it with the first map that needs it

    for room in ROOMS:
        import_all(room)
    for name in gallery.ids():  # whoever presses one of them waits for the network alone
        picture = pictures.specimen(name)
        pictures.thumbnail(picture)
        pictures.shown(picture)
    for name in models.bundled_ids()[:1]:
        explanations.explanation(name, pictures.specimen(gallery.DEFAULT), None, None, None)
    lesson.scale_data()


def import_all(package: ModuleType) -> None:
    """Import every module of a package, those of its packages too."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
