"""The only caches: pictures, models, what a backbone made of a picture, and explanations of that.

All of it is shared by all sessions as it is, read-only. Every cache is keyed by names and digests and bounded by bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app import belongings, dataset_pictures, gallery, jobs, wording
from app.belongings import OWN_PREFIX
from app.gallery import Specimen
from app.narrowed import fitted
from app.shelf import kept
from mvfa_core.atlas import ClassAtlas, class_atlas
from mvfa_core.cells import CellStory, cell_story
from mvfa_core.checkpoints import CheckpointError, bundled, load_model, read_card
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.explain import Encoding, Explanation, encode, explain_encoding
from mvfa_core.other_maps import other_map

RUN_PREFIX = "runs/"


@dataclass(frozen=True)
class Facts:
    """What the controls must know of a model: its class names, whether it has views, and its own K and L_R.

    `cells` is H*W for the pictures it is given, the most anchors there can be. `known` is how many classes it has,
    `classes` those that are looked at: all of them, or the likeliest of the picture.
    """

    classes: tuple[str, ...]
    pooling: str
    k: int
    sizes: tuple[int, ...]
    cells: int
    known: int
    card: dict[str, Any]


# --- pictures ---


def specimen(picture_id: str) -> Specimen:
    """A picture of the gallery or of a data set; `KeyError` if there is none of that name for this visitor."""
    if dataset_pictures.is_address(picture_id):
        dataset_pictures.expect_seen(picture_id)
    return _specimen(picture_id)


@kept("pictures", megabytes=128)
def _specimen(picture_id: str) -> Specimen:
    if dataset_pictures.is_address(picture_id):
        return dataset_pictures.specimen(picture_id)
    return gallery.specimen(picture_id)


def is_picture(picture_id: str) -> bool:
    """Whether there is a picture of that name."""
    try:
        return bool(specimen(picture_id))
    except KeyError:
        return False


@kept("shown pictures", megabytes=32)
def _shown(digest: str, _picture: Any) -> str:
    return gallery.data_url(_picture)


def shown(one: Specimen) -> str:
    """A picture as the boards show it, a data URL."""
    return _shown(one.digest, one.picture)


@kept("thumbnails", megabytes=8)
def _thumbnail(digest: str, _picture: Any) -> str:
    return gallery.thumbnail(_picture)


def thumbnail(one: Specimen) -> str:
    """A picture as the gallery strip shows it, a data URL."""
    return _thumbnail(one.digest, one.picture)


# --- models ---


def model_ids() -> list[str]:
    """All models on offer by name: those that come with the project, this session's uploads, then the runs."""
    own = [OWN_PREFIX + name for name in belongings.models()]
    trained = [RUN_PREFIX + run.id for run in jobs.with_model()]
    return [*_bundled(), *own, *trained]


def is_bundled(model_id: str) -> bool:
    """Whether a model came with the project."""
    return model_id in _bundled_files()


def model_file(model_id: str) -> Path:
    """The file of a model's weights. Raises `CheckpointError` where it is gone."""
    try:
        return _there(model_id)
    except KeyError:
        raise CheckpointError(wording.GONE.format(name=model_id)) from None


def card(model_id: str) -> dict[str, Any]:
    """What a model says of itself."""
    return _card(*_key(model_id))


def learned(model_id: str) -> str:
    """The data set that a model says it was trained on, "" if it says nothing."""
    try:
        return str(card(model_id).get("data", ""))
    except (ValueError, OSError):  # the page says what is wrong with it
        return ""


def held_out(data: str) -> list[str]:
    """A few held-out pictures of a set of the catalogue by their address, if it is on this machine."""
    return dataset_pictures.few(data) if data in CATALOGUE else []


@cache
def _bundled_files() -> dict[str, Path]:
    # They come with the project: every rerun asks several times, and looking through the folder takes milliseconds.
    return bundled()


def _bundled() -> list[str]:
    """The models that come with the project: the drawn set's first, as it is the one whose pictures come along."""
    return sorted(_bundled_files(), key=lambda name: (not name.startswith("compact_"), "gap" in name, name))


def _there(model_id: str) -> Path:
    if model_id.startswith(OWN_PREFIX):
        return belongings.models()[model_id.removeprefix(OWN_PREFIX)].file
    if model_id.startswith(RUN_PREFIX):
        for run in jobs.with_model():
            path = run.model_path()
            if path and RUN_PREFIX + run.id == model_id:
                return path
    return _bundled_files()[model_id]


@kept("models", megabytes=512)
def _model(file: str, stamp_ns: int) -> Any:
    return jobs.prepare(load_model, Path(file))  # in turn: a file of 20 MB takes several times that


@kept("cards", megabytes=8)
def _card(file: str, stamp_ns: int) -> dict[str, Any]:
    return read_card(Path(file))


def _key(model_id: str) -> tuple[str, int]:
    file = model_file(model_id)
    try:  # a run saves again and again under one name: its time of writing tells the versions apart
        return str(file), file.stat().st_mtime_ns
    except FileNotFoundError:
        raise CheckpointError(wording.GONE.format(name=model_id)) from None


def version(model_id: str) -> tuple[str, int]:
    """A model's file and when it was written: the key of everything that is made with it."""
    return _key(model_id)


def model(file: str, stamp_ns: int) -> Any:
    """The model of that version."""
    return _model(file, stamp_ns)


def model_for(version: tuple[str, int], digest: str, encoding: Encoding) -> Any:
    """The model of that version as it is asked about one picture; see `narrowed.fitted`."""
    return fitted(_model(*version), version, digest, encoding)


@kept("features", megabytes=192)
def _encoding(file: str, stamp_ns: int, digest: str, _one: Any) -> Encoding:
    return jobs.infer(encode, _model(file, stamp_ns), _one.picture, _one.size_px)


def encoding(model_id: str, one: Specimen) -> Encoding:
    """A picture after a model's backbone: the only call of a backbone in this app."""
    return _encoding(*_key(model_id), one.digest, one)


def facts(model_id: str, one: Specimen) -> Facts:
    """What the controls must know of a model. May raise `ValueError` with a sentence for the visitor."""
    key = _key(model_id)
    whole, found = _model(*key), encoding(model_id, one)
    model = fitted(whole, key, one.digest, found)
    rows, columns = found.F_BDHW.shape[-2:]
    views = model.config["pooling"] == "mfa"
    k, sizes = (model.config["k"], tuple(model.config["sizes"])) if views else (1, (1,))
    return Facts(model.classes, model.config["pooling"], k, sizes, rows * columns, len(whole.classes), _card(*key))


@kept("explanations", megabytes=64)
def _explanation(
    file: str,
    stamp_ns: int,
    digest: str,
    target: int | None,
    k: int | None,
    sizes: tuple[int, ...] | None,
    _one: Any,
) -> Explanation:
    found = _encoding(file, stamp_ns, digest, _one)
    return jobs.infer(
        explain_encoding, model_for((file, stamp_ns), digest, found), found, target=target, k=k, sizes=sizes
    )


def explanation(
    model_id: str, one: Specimen, target: int | None, k: int | None, sizes: tuple[int, ...] | None
) -> Explanation:
    """Everything about a picture. May raise `ValueError` with a sentence for the visitor."""
    return _explanation(*_key(model_id), one.digest, target, k, sizes, one)


@kept("cells", megabytes=32)
def _cell(
    file: str, stamp_ns: int, digest: str, cell: tuple[int, int], sizes: tuple[int, ...] | None, _one: Any
) -> CellStory:
    found = _encoding(file, stamp_ns, digest, _one)
    return jobs.infer(cell_story, model_for((file, stamp_ns), digest, found), found, cell, sizes=sizes)


def cell(model_id: str, one: Specimen, place: tuple[int, int], sizes: tuple[int, ...] | None) -> CellStory:
    """Everything about one cell (x, y) of a picture. May raise `ValueError` with a sentence for the visitor."""
    return _cell(*_key(model_id), one.digest, place, sizes, one)


@kept("atlases", megabytes=64)
def _atlas(file: str, stamp_ns: int, digest: str, temperatures: tuple[float, ...], _one: Any) -> ClassAtlas:
    found = _encoding(file, stamp_ns, digest, _one)
    return jobs.infer(class_atlas, model_for((file, stamp_ns), digest, found), found, temperatures)


def atlas(model_id: str, one: Specimen, temperatures: tuple[float, ...]) -> ClassAtlas:
    """All class maps of a picture, and the dial at those temperatures."""
    return _atlas(*_key(model_id), one.digest, temperatures, one)


@kept("other maps", megabytes=16)
def _other_map(
    file: str,
    stamp_ns: int,
    digest: str,
    method: str,
    target: int,
    k: int | None,
    sizes: tuple[int, ...] | None,
    _one: Any,
) -> Any:
    found = _encoding(file, stamp_ns, digest, _one)
    return jobs.infer(other_map, model_for((file, stamp_ns), digest, found), found, method, target, k=k, sizes=sizes)


def other(model_id: str, one: Specimen, method: str, target: int, k: int | None, sizes: tuple[int, ...] | None) -> Any:
    """The map (H, W) of another method of `OTHER_MAPS`."""
    return _other_map(*_key(model_id), one.digest, method, target, k, sizes, one)


def warm_up() -> None:
    """Import what is heavy and run the default model on the default picture, before the first visitor comes."""
    import pytorch_grad_cam  # noqa: F401  the library loads it with the first map that needs it

    from app import (  # noqa: F401
        anchors,
        charts,
        compare,
        controls,
        dataset,
        firm,
        maps,
        measuring,
        panels,
        region,
        seen,
        views,
        walk,
    )

    for name in gallery.ids():  # whoever presses one of them waits for the network alone
        thumbnail(specimen(name))
        shown(specimen(name))
    names = _bundled()
    if names:
        explanation(names[0], specimen(gallery.DEFAULT), None, None, None)
    walk.scale_data()
